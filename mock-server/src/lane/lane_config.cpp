#include "lane/lane_config.hpp"

#include "profile/profile.hpp"
#include "tus/tus_handler.hpp"

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
  // Upload-Expires counts in seconds.
  if (config.expire_after && *config.expire_after < std::chrono::seconds{1}) {
    return failure("expire_after", "must be at least 1s");
  }
  if (config.secure && config.auth == AuthMode::none) {
    return failure("secure", "closes nothing as long as no token is demanded",
                   "add auth jwt or opaque");
  }
  return {};
}

TusOptions tus_options_of(const LaneConfig& config, const Profile& profile) {
  auto tus = tus_options(profile);
  if (config.expire_after) {
    tus.extensions.insert("expiration");
    tus.expire_after = config.expire_after;
  }
  complete_cors(tus);
  if (config.max_size) tus.max_size = config.max_size;
  tus.early_error = config.early_error;
  if (config.secure) {
    tus.trust_forwarded = false;   // DEX-SEC-004
    tus.cors_credentials = false;  // else any web site may use a visitor's session cookie
  }
  return tus;
}

HttpOptions http_options_of(const LaneConfig& config, const Profile& profile) {
  auto http = profile.http;
  if (config.secure) http.chunked_and_length = HttpOptions::ChunkedAndLength::refuse;
  if (config.chunked_and_length) http.chunked_and_length = *config.chunked_and_length;
  return http;
}

}  // namespace mock
