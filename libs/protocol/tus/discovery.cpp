#include "protocol/tus/discovery.hpp"

#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"

namespace tus {
namespace {

/// The tokens of a list header; none when the header is absent. A header that is there names at
/// least one (protocol.md, Tus-Extension).
Result<std::vector<std::string>> tokens(const http::Fields& headers, std::string_view name) {
  std::vector<std::string> out;
  const auto value = headers.joined(name);
  if (!value) return out;
  for (const std::string_view member : http::split_list(*value)) {
    if (!http::is_token(member)) {
      return failure(std::string(name), quote(member) + " is not a name", "a comma list of names");
    }
    out.emplace_back(member);
  }
  if (out.empty()) return failure(std::string(name), "is empty", "leave the header out");
  return out;
}

bool is_version(std::string_view text) {
  int dots = 0;
  bool digit_before = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c != '.' || !digit_before)) return false;
    if (!digit) ++dots;
    digit_before = digit;
  }
  return digit_before && dots == 2;
}

Result<std::optional<Bytes>> max_size(const http::Fields& headers) {
  const std::string name(header::tus_max_size);
  const auto values = headers.all(name);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) return failure(name, "is there more than once");
  const std::string_view text = values.front();
  if (const auto value = parse_length_lenient(text)) return *value;
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return failure(name, quote(text) + " is not a non-negative integer");
  }
  return max_length;
}

}  // namespace

bool Discovery::offers(std::string_view extension) const {
  return extensions.contains(std::string(extension));
}

Result<Discovery> parse_discovery(const http::Fields& headers) {
  Discovery discovery;

  auto versions = tokens(headers, header::tus_version);
  if (!versions) return tl::unexpected(versions.error());
  for (const std::string& text : *versions) {
    if (!is_version(text)) {
      return failure(std::string(header::tus_version), quote(text) + " is not a version",
                     "as in 1.0.0");
    }
  }
  discovery.versions = std::move(*versions);

  auto extensions = tokens(headers, header::tus_extension);
  if (!extensions) return tl::unexpected(extensions.error());
  discovery.extensions = {extensions->begin(), extensions->end()};

  auto algorithms = tokens(headers, header::tus_checksum_algorithm);
  if (!algorithms) return tl::unexpected(algorithms.error());
  discovery.checksum_algorithms = std::move(*algorithms);

  auto limit = max_size(headers);
  if (!limit) return tl::unexpected(limit.error());
  discovery.max_size = *limit;
  return discovery;
}

}  // namespace tus
