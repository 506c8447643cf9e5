#include "fuzz.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/http/form.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string encoded = http::percent_encode(text);
  fuzz::require(http::percent_decode(encoded) == text, "percent_decode(percent_encode(x)) == x");
  fuzz::require(http::is_field_value(encoded), "what is encoded may be sent");
  if (const auto bytes = http::percent_decode(text)) {
    fuzz::require(http::percent_decode(http::percent_encode(*bytes)) == bytes, "as above");
  }
  if (const auto form = http::parse_form(text)) {
    fuzz::require(http::parse_form(http::format_form(*form)) == form,
                  "parse(format(form)) == form");
    for (const auto& [name, value] : *form) {
      fuzz::require(http::find(*form, name).has_value(), "every name is found");
    }
  }
  return 0;
}
