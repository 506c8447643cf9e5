#include "http/route.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "protocol/http/form.hpp"

namespace mock {

namespace {

constexpr std::string_view id_mark = "{id}";

/// One path segment, decoded.
std::optional<std::string> decode_id(std::string_view segment) {
  if (segment.empty() || segment.find('/') != std::string_view::npos) return std::nullopt;
  auto id = ::http::percent_decode(segment);
  if (!id || id->find('\0') != std::string::npos) return std::nullopt;
  return id;
}

/// All of it, decoded, without the slashes around it.
std::optional<std::string> decode_long_id(std::string_view rest) {
  auto id = ::http::percent_decode(rest);
  if (!id) return id;
  id->erase(0, std::min(id->find_first_not_of('/'), id->size()));
  id->erase(id->find_last_not_of('/') + 1);
  return id;
}

/// Whether `path` is an endpoint without its id: `prefix` ends in the slash before the id.
bool lacks_id(std::string_view path, std::string_view prefix) {
  return prefix.size() == path.size() + 1 && prefix.starts_with(path);
}

RouteMatch match_of(const RoutePattern& pattern, std::string id) {
  return {pattern.endpoint, std::move(id), std::string(pattern.base)};
}

}  // namespace

Result<void> RouteTable::add(std::span<const RoutePattern> patterns) {
  for (const auto& pattern : patterns) {
    auto text = pattern.path;
    auto* into = &fixed_;
    if (text.ends_with(id_mark)) {
      text.remove_suffix(id_mark.size());
      into = &ids_;
    } else if (text.ends_with('*')) {
      text.remove_suffix(1);
      into = &trees_;
    }
    if (auto added = add(*into, {text, &pattern}); !added) return added;
    const Route route = pattern.endpoint;
    if (std::ranges::count(routes_, route) == 0) routes_.push_back(route);
  }
  std::ranges::stable_sort(ids_, std::greater{}, [](const Entry& e) { return e.text.size(); });
  return {};
}

Result<void> RouteTable::add(std::vector<Entry>& into, const Entry& entry) {
  const auto other = std::ranges::find(into, entry.text, &Entry::text);
  if (other != into.end()) {
    return failure("route " + std::string(entry.pattern->path),
                   "leads to both " + std::string(other->pattern->endpoint.name) + " and " +
                       std::string(entry.pattern->endpoint.name),
                   "a lane's systems must not share a path");
  }
  into.push_back(entry);
  return {};
}

const RouteTable::Entry* RouteTable::fixed(std::string_view path) const {
  for (const auto& entry : fixed_) {
    if (path == entry.text) return &entry;
  }
  return nullptr;
}

RouteMatch RouteTable::match(std::string_view path, Ids ids) const {
  return ids == Ids::rest ? match_whole_ids(path) : match_segments(path);
}

RouteMatch RouteTable::match_segments(std::string_view path) const {
  if (const auto* entry = fixed(path)) return match_of(*entry->pattern, {});
  for (const auto& entry : trees_) {
    if (path.starts_with(entry.text)) return match_of(*entry.pattern, {});
  }
  for (const auto& entry : ids_) {
    if (lacks_id(path, entry.text)) return {};
    if (!path.starts_with(entry.text)) continue;
    auto id = decode_id(path.substr(entry.text.size()));
    return id ? match_of(*entry.pattern, *std::move(id)) : RouteMatch{};
  }
  return {};
}

/// Whether `path` belongs to another pattern: a fixed one, or a longer one with an id.
bool RouteTable::is_claimed(std::string_view path, const Entry& by_others_than) const {
  if (fixed(path) != nullptr) return true;
  return std::ranges::any_of(ids_, [&](const Entry& entry) {
    return entry.text.size() > by_others_than.text.size() &&
           (path.starts_with(entry.text) || lacks_id(path, entry.text));
  });
}

RouteMatch RouteTable::match_whole_ids(std::string_view path) const {
  for (const auto& entry : ids_) {
    if (entry.pattern->base.empty() || !path.starts_with(entry.text) || path == entry.text)
      continue;
    if (is_claimed(path, entry)) break;
    auto id = decode_long_id(path.substr(entry.text.size()));
    if (!id) return {};
    // Nothing but slashes: as the path without them.
    if (id->empty()) return match_segments(entry.pattern->base);
    return match_of(*entry.pattern, *std::move(id));
  }
  return match_segments(path);
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool ends_in_slash = path.ends_with('/');
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string clean;
  for (const auto segment : segments) clean.append("/").append(segment);
  if (clean.empty() || ends_in_slash) clean += '/';
  return clean;
}

}  // namespace mock
