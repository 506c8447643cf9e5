#include "protocol/base64.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::require(base64::decode(base64::encode(text)) == text, "decode(encode(x)) == x");
  fuzz::require(base64::decode_url(base64::encode_url(text)) == text, "the same for URLs");

  const auto strict = base64::decode(text);
  const auto loose = base64::decode(text, base64::TrailingBits::ignored);
  if (strict) {
    fuzz::require(base64::encode(*strict) == text, "strict text has one meaning");
    fuzz::require(loose == strict, "what is strict is also loose");
  }
  if (const auto bytes = base64::decode_url(text)) {
    fuzz::require(base64::encode_url(*bytes) == text, "the same for URLs");
  }
  return 0;
}
