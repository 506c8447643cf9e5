#include <limits>

#include "fuzz.hpp"
#include "protocol/base64.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/s3/post.hpp"

namespace {

void require_refusal(const s3::Refusal& refusal) {
  fuzz::require(!refusal.message.empty(), "a refusal says what is wrong");
  fuzz::require(s3::status_of(refusal.code) >= 400, "a refusal is an error");
}

/// The conditions of a policy that can be read survive being written. Its time is cut to whole
/// seconds, so the policies need not be equal.
void require_policy(std::string_view text, const s3::PostedForm& form, http::TimePoint now) {
  const auto policy = s3::parse_policy(text);
  if (!policy) {
    fuzz::require(policy.error().code == s3::Code::invalid_policy_document,
                  "what cannot be read is an InvalidPolicyDocument");
    return require_refusal(policy.error());
  }
  const auto again = s3::parse_policy(s3::write_policy(*policy));
  fuzz::require(again.has_value(), "what was written can be read");
  fuzz::require(again->conditions == policy->conditions, "and has the same conditions");
  const auto checked = s3::check(*policy, form, now);
  if (!checked) return require_refusal(checked.error());
  fuzz::require(s3::check(*again, form, now).has_value(), "and says the same of a form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  http::Form fields;
  for (auto i = provider.ConsumeIntegralInRange(0, 6); i > 0; --i) {
    const char* const name = provider.PickValueInArray(
        {"key", "policy", "signature", "AWSAccessKeyId", "x-amz-signature", "x-amz-credential",
         "x-amz-date", "x-amz-algorithm", "acl", "Content-Type", "success_action_redirect"});
    fields.emplace_back(name, provider.ConsumeRandomLengthString(40));
  }
  const std::string filename = provider.ConsumeRandomLengthString(20);
  const std::string text = provider.ConsumeRemainingBytesAsString();
  const http::TimePoint now{std::chrono::seconds{1'527'423'747}};

  const auto post = s3::read_post(fields);
  if (post) {
    fuzz::require(!s3::check(*post, "secret").has_value() || post->signature.has_value(),
                  "what is not signed is not proven");
  } else {
    require_refusal(post.error());
  }
  const std::string key = s3::key_for(post ? post->key : text, filename);
  const s3::PostedForm form{fields, "b", key};
  require_policy(text, form, now);
  require_policy(base64::encode(text), form, now);
  require_policy(
      base64::encode(R"({"expiration": "2030-01-01T00:00:00Z", "conditions": [)" + text + "]}"),
      form, now);
  const auto success = s3::success_of(fields, "b", key, "\"0f\"");
  fuzz::require(success.redirect.find_first_of("\r\n") == std::string::npos,
                "a redirect is one line");

  if (!json::is_utf8(text)) return 0;
  const s3::Policy policy{now,
                          {s3::equals(text, text), s3::starts_with(text, text),
                           s3::size_between(std::numeric_limits<std::int64_t>::min(), -1)}};
  fuzz::require(s3::parse_policy(s3::write_policy(policy)) == policy,
                "parse(write(policy)) == policy");
  return 0;
}
