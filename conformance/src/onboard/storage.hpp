// Files that go to a storage as a whole: after a break they are sent from the beginning.
#pragma once

#include <string>

#include "onboard/visit.hpp"
#include "onboard/walk.hpp"

namespace conformance::onboard {

/// Breaks `request` off in the middle of its body, and sends it again, whole, both times without
/// credentials. `people` run the service.
[[nodiscard]] Told cut_and_begin_again(Visit& visit, const transport::Request& request,
                                       const std::string& people);

/// A fault that only those who run the service can mend.
[[nodiscard]] Told at_service(std::string what, const std::string& people);
/// What came of a request that was not answered as it should have been; `of` names the request. Of
/// the answer only the status is told.
[[nodiscard]] Told not_taken(const transport::Exchange& seen, const std::string& of,
                             const std::string& people);

}  // namespace conformance::onboard
