#include "fuzz.hpp"
#include "protocol/s3/signature.hpp"
#include "protocol/s3/time.hpp"

namespace {

void require_refusal(const s3::Refusal& refusal) {
  fuzz::require(!refusal.message.empty(), "a refusal says what is wrong");
  fuzz::require(s3::status_of(refusal.code) >= 400, "a refusal is an error");
}

/// A signature made for any anonymous request is proven by its secret, and by no other.
void require_proof(const s3::Request& request, http::TimePoint now) {
  const s3::Credentials credentials{"AKIAIOSFODNN7EXAMPLE", "secret/+="};
  const std::string v2 = s3::presign_v2(request, credentials, now + std::chrono::seconds{60});
  const std::string v4 = s3::presign_v4(request, credentials, now, std::chrono::seconds{60});
  for (const std::string& target : {v2, v4}) {
    const s3::Request whole{request.method, target, request.fields, request.host_bucket};
    const auto found = s3::find_signature(whole);
    fuzz::require(found && *found, "what was signed is found");
    fuzz::require(s3::check(**found, whole, credentials.secret, now).has_value(),
                  "what was signed is proven");
    fuzz::require(!s3::check(**found, whole, "another secret", now).has_value(),
                  "another secret proves nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  const auto now = http::TimePoint{
      std::chrono::seconds{provider.ConsumeIntegralInRange<std::int64_t>(0, 4'102'444'800)}};
  const std::string bucket = provider.ConsumeRandomLengthString(8);
  http::Fields fields{{"Host", provider.ConsumeRandomLengthString(16)}};
  for (auto i = provider.ConsumeIntegralInRange(0, 4); i > 0; --i) {
    const char* const name = provider.PickValueInArray(
        {"Date", "x-amz-date", "x-amz-content-sha256", "Content-Type", "X-Amz-Meta-A"});
    fields.add(name, provider.ConsumeRandomLengthString(32));
  }
  if (provider.ConsumeBool()) fields.add("Authorization", provider.ConsumeRandomLengthString(200));
  const std::string target = "/" + provider.ConsumeRemainingBytesAsString();
  const s3::Request request{"PUT", target, fields, bucket};

  const auto found = s3::find_signature(request);
  if (!found) {
    require_refusal(found.error());
  } else if (!*found) {
    require_proof(request, now);
  } else {
    const auto proven = s3::check(**found, request, "secret", now);
    if (!proven) require_refusal(proven.error());
    fuzz::require(s3::string_to_sign(**found, request).starts_with("PUT\n") ||
                      s3::string_to_sign(**found, request).starts_with(s3::v4_algorithm),
                  "what is signed begins with the method or the algorithm");
  }
  if (const auto time = s3::parse_date_field(target)) {
    fuzz::require(s3::parse_basic(s3::format_basic(*time)) == *time, "parse(format(time)) == time");
  }
  return 0;
}
