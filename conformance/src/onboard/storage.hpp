// Files that go to a storage whole: what is cut begins again.
#pragma once

#include <string>

#include "onboard/visit.hpp"
#include "onboard/walk.hpp"

namespace conformance::onboard {

/// Breaks `request` off in the middle of its body, and sends it again, whole; nobody's credentials
/// go with it. `people` run the service.
[[nodiscard]] Told cut_and_begin_again(Visit& visit, const transport::Request& request,
                                       const std::string& people);

/// A fault that only those who run the service can mend.
[[nodiscard]] Told at_service(std::string what, const std::string& people);
/// Of a request that was not answered as it should have been: `of` is what it was. Of the answer
/// only its status is told.
[[nodiscard]] Told not_taken(const transport::Exchange& seen, const std::string& of,
                             const std::string& people);

}  // namespace conformance::onboard
