#include "store/store.hpp"

#include <algorithm>
#include <array>

namespace mock {

std::string_view kind_of(const Attributes* attributes) {
  constexpr std::string_view normal = "normal";
  return attributes != nullptr ? attributes->find("kind").value_or(normal) : normal;
}

std::string_view system_of(const Attributes* attributes) {
  return attributes != nullptr ? attributes->schema().system() : std::string_view{};
}

bool is_upload_id(std::string_view id) {
  constexpr std::size_t longest = 200;
  if (id.empty() || id.size() > longest) return false;
  static constexpr auto characters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view{"-_+0123456789"})
      table[static_cast<unsigned char>(c)] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
    return table;
  }();
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return characters[static_cast<unsigned char>(c)]; });
}

StoreResult<std::vector<std::string>> Store::list_after(std::string_view after, std::size_t most) {
  auto ids = list();
  if (!ids) return ids;
  std::sort(ids->begin(), ids->end());
  ids->erase(ids->begin(), std::upper_bound(ids->begin(), ids->end(), after));
  if (ids->size() > most) ids->resize(most);
  return ids;
}

StoreResult<std::string> digest_of(Reader& reader, DigestAlgorithm algorithm) {
  constexpr std::size_t slice = 256U << 10U;
  std::vector<std::byte> buffer(slice);
  Digest digest(algorithm);
  Bytes at;
  while (true) {
    auto n = reader.read(at, buffer);
    if (!n) return tl::unexpected(n.error());
    digest.update(std::span(buffer).first(*n));
    if (*n < slice) break;
    at += Bytes{*n};
  }
  return to_hex(digest.finish());
}

}  // namespace mock
