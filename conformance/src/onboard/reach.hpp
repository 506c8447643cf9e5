// The first steps of every walk: name and address, proxy, certificate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "onboard/journey.hpp"
#include "transport/knock.hpp"

namespace conformance::onboard {

/// The first stage connects, once; the others tell what that showed.
[[nodiscard]] std::vector<Stage> reach_stages(const std::string& url,
                                              const transport::ClientOptions& client,
                                              const About& about);

// What one knock showed, by step; for tests.
[[nodiscard]] Told address_told(const transport::Knock& knock, const std::string& url,
                                const std::string& proxy);
[[nodiscard]] Told proxy_told(const transport::Knock& knock, const std::string& url,
                              const std::string& proxy);
[[nodiscard]] Told certificate_told(const transport::Knock& knock, const std::string& url,
                                    const About& about);

/// Whether the issuer of a certificate is a device that intercepts TLS connections on their way.
[[nodiscard]] bool is_interceptor(std::string_view issuer);

}  // namespace conformance::onboard
