#include <algorithm>

#include "fuzz.hpp"
#include "protocol/tus/discovery.hpp"

namespace {

std::string list_of(const auto& members) {
  std::string out;
  for (const auto& member : members) out += (out.empty() ? "" : ",") + std::string(member);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  http::Fields headers;
  while (provider.remaining_bytes() > 0) {
    headers.add(provider.PickValueInArray<const char*>(
                    {"Tus-Version", "tus-extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"}),
                provider.ConsumeRandomLengthString(64));
  }
  for (const auto& field : headers) {
    for (const auto member : http::split_list(field.value)) {
      fuzz::require(!member.empty() && http::trim_ows(member) == member, "members are trimmed");
    }
  }

  const auto found = tus::parse_discovery(headers);
  if (!found) {
    fuzz::require_line(found.error());
    fuzz::require(headers.has(found.error().where), "an error names a header that is there");
    return 0;
  }
  http::Fields written;
  if (!found->versions.empty()) written.add("Tus-Version", list_of(found->versions));
  if (!found->extensions.empty()) written.add("Tus-Extension", list_of(found->extensions));
  if (found->max_size) written.add("Tus-Max-Size", std::to_string(found->max_size->value));
  if (!found->checksum_algorithms.empty()) {
    written.add("Tus-Checksum-Algorithm", list_of(found->checksum_algorithms));
  }
  const auto again = tus::parse_discovery(written);
  fuzz::require(again && again->versions == found->versions &&
                    again->extensions == found->extensions && again->max_size == found->max_size &&
                    again->checksum_algorithms == found->checksum_algorithms,
                "what was found can be written and found again");
  fuzz::require(std::all_of(found->extensions.begin(), found->extensions.end(),
                            [&](const auto& name) { return found->offers(name); }),
                "every extension is offered");
  return 0;
}
