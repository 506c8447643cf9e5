#include "record/field_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "protocol/http/fields.hpp"

namespace mock {
namespace {

using Sizes = std::array<std::uint16_t, 2>;

constexpr std::string_view cut_off = "...";

}  // namespace

void FieldText::add(std::string_view name, std::string_view value, std::size_t limit) {
  name = name.substr(0, longest);
  const bool cut = value.size() > std::min(limit, longest);
  value = value.substr(0, std::min(limit, longest));
  const Sizes sizes{static_cast<std::uint16_t>(name.size()),
                    static_cast<std::uint16_t>(value.size() + (cut ? cut_off.size() : 0))};
  text_.append(reinterpret_cast<const char*>(sizes.data()), sizeof sizes);
  text_.append(name).append(value);
  if (cut) text_.append(cut_off);
}

std::vector<FieldText::Field> FieldText::all() const {
  std::vector<Field> fields;
  std::string_view rest = text_;
  while (!rest.empty()) {
    Sizes sizes{};
    std::memcpy(sizes.data(), rest.data(), sizeof sizes);
    rest.remove_prefix(sizeof sizes);
    fields.push_back({rest.substr(0, sizes[0]), rest.substr(sizes[0], sizes[1])});
    rest.remove_prefix(std::size_t{sizes[0]} + sizes[1]);
  }
  return fields;
}

std::vector<std::string_view> FieldText::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& field : all()) {
    if (::http::same_name(field.name, name)) values.push_back(field.value);
  }
  return values;
}

}  // namespace mock
