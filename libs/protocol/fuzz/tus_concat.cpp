#include "fuzz.hpp"
#include "protocol/tus/concat.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header = fuzz::text_of(data, size);
  const auto concat = tus::parse_concat(header);
  if (!concat) {
    fuzz::require_line(concat.error());
    return 0;
  }
  fuzz::require(tus::format_concat(*concat) == header, "the bytes come back as they were sent");
  fuzz::require(concat->kind != tus::UploadKind::normal, "partial or final, never normal");
  fuzz::require((concat->kind == tus::UploadKind::final) == !concat->parts.empty(),
                "a final has parts, a partial has none");
  return 0;
}
