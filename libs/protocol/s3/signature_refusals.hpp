// The refusals that both versions of the signature share.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "protocol/http/date.hpp"
#include "protocol/s3/refusal.hpp"

namespace s3 {

/// How far the clocks of a signer and a store may be apart (AWS, RequestTimeTooSkewed).
inline constexpr std::chrono::minutes longest_skew{15};

/// SignatureDoesNotMatch with the text that the store would have signed, so that the client can
/// find the difference. Version 4 tells its canonical request as well.
[[nodiscard]] Refusal signature_mismatch(std::string_view access_key,
                                         std::string_view string_to_sign,
                                         std::string_view signature,
                                         std::string_view canonical_request = {});
/// RequestTimeTooSkewed; `sent` as it came.
[[nodiscard]] Refusal too_skewed(std::string_view sent, http::TimePoint now);
/// Whether `time` is further from `now` than the clocks may be apart.
[[nodiscard]] bool is_skewed(http::TimePoint time, http::TimePoint now);

}  // namespace s3
