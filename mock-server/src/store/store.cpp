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
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '+';
  });
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
