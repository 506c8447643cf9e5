#include "lane/lane_config.hpp"

#include "profile/profile.hpp"

namespace mock {

Result<void> check(const LaneConfig& config) {
  if (config.limits.header_timeout <= Milliseconds{0}) {
    return failure("header_timeout", "must be longer than zero");
  }
  if (config.limits.read_timeout <= Milliseconds{0}) {
    return failure("read_timeout", "must be longer than zero");
  }
  if (config.token_lifetime < std::chrono::seconds{1}) {
    return failure("token_lifetime", "must be at least 1s");
  }
  if (config.secure && config.auth == AuthMode::none) {
    return failure("secure", "closes nothing as long as no token is demanded",
                   "add auth jwt or opaque");
  }
  return {};
}

HttpOptions http_options_of(const LaneConfig& config, const Profile& profile) {
  auto http = profile.http;
  if (config.secure) http.chunked_and_length = HttpOptions::ChunkedAndLength::refuse;
  if (config.chunked_and_length) http.chunked_and_length = *config.chunked_and_length;
  return http;
}

}  // namespace mock
