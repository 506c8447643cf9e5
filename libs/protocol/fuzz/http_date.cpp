#include "fuzz.hpp"
#include "protocol/http/date.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto time = http::parse_imf_fixdate(text)) {
    fuzz::require(http::format_imf_fixdate(*time) == text, "an IMF-fixdate has one spelling");
  }
  if (const auto time = http::parse_rfc3339(text)) {
    const std::string written = http::format_rfc3339(*time);
    // An offset at either end of the range may lead into a year that is refused.
    const bool inside = written >= "1678-01-01T00:00:00Z" && written < "2262";
    fuzz::require(!inside || http::parse_rfc3339(written) == time, "parse(format(time)) == time");
  }

  // Any instant can be written; those of the range can be read again.
  FuzzedDataProvider provider(data, size);
  const http::TimePoint any{std::chrono::nanoseconds{provider.ConsumeIntegral<std::int64_t>()}};
  const std::string written = http::format_rfc3339(any);
  const std::string fixdate = http::format_imf_fixdate(any);
  if (written >= "1678" && written < "2262") {
    fuzz::require(http::parse_rfc3339(written) == any, "parse(format(time)) == time");
    fuzz::require(http::parse_imf_fixdate(fixdate) == std::chrono::floor<std::chrono::seconds>(any),
                  "the same to the second");
  }
  return 0;
}
