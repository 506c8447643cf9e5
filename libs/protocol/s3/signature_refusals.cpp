#include "protocol/s3/signature_refusals.hpp"

#include <algorithm>

#include "protocol/digest.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

/// "47 45 54"
std::string spaced_hex(std::string_view bytes) {
  const std::string hex = to_hex(bytes);
  std::string out;
  out.reserve(hex.size() * 3 / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) out += ' ';
    out.append(hex, i, 2);
  }
  return out;
}

}  // namespace

Refusal signature_mismatch(std::string_view access_key, std::string_view string_to_sign,
                           std::string_view signature, std::string_view canonical_request) {
  Refusal refusal{Code::signature_does_not_match,
                  "The request signature we calculated does not match the signature you provided. "
                  "Check your key and signing method.",
                  {{"AWSAccessKeyId", std::string(access_key)},
                   {"StringToSign", std::string(string_to_sign)},
                   {"SignatureProvided", std::string(signature)},
                   {"StringToSignBytes", spaced_hex(string_to_sign)}}};
  if (!canonical_request.empty()) {
    refusal.details.push_back({"CanonicalRequest", std::string(canonical_request)});
    refusal.details.push_back({"CanonicalRequestBytes", spaced_hex(canonical_request)});
  }
  return refusal;
}

Refusal too_skewed(std::string_view sent, http::TimePoint now) {
  const auto skew = std::chrono::milliseconds(longest_skew).count();
  return {Code::request_time_too_skewed,
          "The difference between the request time and the current time is too large.",
          {{"RequestTime", std::string(sent)},
           {"ServerTime", format_seconds(now)},
           {"MaxAllowedSkewMilliseconds", std::to_string(skew)}}};
}

bool is_skewed(http::TimePoint time, http::TimePoint now) {
  // In seconds: the difference of two times at the ends of the range overflows in nanoseconds.
  using std::chrono::seconds;
  const auto apart = std::chrono::floor<seconds>(time).time_since_epoch() -
                     std::chrono::floor<seconds>(now).time_since_epoch();
  return std::max(apart, -apart) > longest_skew;
}

}  // namespace s3
