#include "fuzz.hpp"
#include "protocol/http/dictionary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto members = http::parse_dictionary(fuzz::text_of(data, size));
  if (!members) {
    fuzz::require_line(members.error());
    return 0;
  }
  std::string again;
  for (const auto& member : *members) {
    if (!again.empty()) again += ", ";
    again += member.key + "=" + member.value;
  }
  fuzz::require(http::parse_dictionary(again) == *members, "what was read can be written");
  return 0;
}
