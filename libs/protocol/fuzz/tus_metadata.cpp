#include "fuzz.hpp"
#include "protocol/tus/metadata.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Strictness = tus::MetadataStrictness;
  const std::string_view header = fuzz::text_of(data, size);

  const auto lenient = tus::parse_metadata(header, Strictness::lenient);
  fuzz::require(lenient.has_value(), "the lenient form takes everything");
  fuzz::require(
      tus::parse_metadata(tus::format_metadata(*lenient), Strictness::lenient) == *lenient,
      "parse(format(metadata)) == metadata");

  const auto strict = tus::parse_metadata(header, Strictness::strict);
  if (!strict) {
    fuzz::require_line(strict.error());
    return 0;
  }
  fuzz::require(*strict == *lenient, "both forms agree on what is correct");
  const std::string again = tus::format_metadata(*strict);
  fuzz::require(tus::parse_metadata(again, Strictness::strict) == *strict,
                "parse(format(metadata)) == metadata");
  // Only blanks after a comma may be lost.
  std::string expected;
  bool after_comma = true;
  for (const char c : header) {
    if (after_comma && (c == ' ' || c == '\t')) continue;
    expected += c;
    after_comma = c == ',';
  }
  fuzz::require(again == expected, "the bytes come back as they were sent");
  return 0;
}
