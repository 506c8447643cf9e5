#include "protocol/tus/concat.hpp"

#include <algorithm>

#include "protocol/tus/headers.hpp"

namespace tus {
namespace {

constexpr std::string_view partial = "partial";
constexpr std::string_view final_prefix = "final;";

bool is_part(std::string_view part) {
  return !part.empty() && std::none_of(part.begin(), part.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
  });
}

}  // namespace

Result<Concat> parse_concat(std::string_view header) {
  const auto refuse = [](std::string what) {
    return failure(std::string(header::upload_concat), std::move(what),
                   "write \"partial\" or \"final;URL URL\"");
  };
  if (header == partial) return Concat{UploadKind::partial, {}};
  if (!header.starts_with(final_prefix)) {
    return refuse(quote(header) + " is neither partial nor final");
  }
  header.remove_prefix(final_prefix.size());
  Concat concat{UploadKind::final, {}};
  for (;;) {
    const std::size_t space = header.find(' ');
    const std::string_view part = header.substr(0, space);
    if (!is_part(part)) {
      return refuse(part.empty() ? "names an empty part" : quote(part) + " is not a URL");
    }
    concat.parts.emplace_back(part);
    if (space == std::string_view::npos) return concat;
    header.remove_prefix(space + 1);
  }
}

std::string format_concat(const Concat& concat) {
  if (concat.kind != UploadKind::final) return std::string(partial);
  std::string out(final_prefix);
  for (std::size_t i = 0; i < concat.parts.size(); ++i) {
    if (i > 0) out += ' ';
    out += concat.parts[i];
  }
  return out;
}

}  // namespace tus
