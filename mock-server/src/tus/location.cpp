#include "tus/location.hpp"

#include <algorithm>
#include <vector>

#include "http/http_options.hpp"
#include "protocol/http/form.hpp"
#include "store/store.hpp"

namespace mock {

namespace {

using ::http::trim_ows;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

/// uri-host [":" port] in the characters of RFC 3986 section 3.2.2, without user information.
bool is_authority(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~:[]%").find(c) != std::string_view::npos;
  });
}

struct Origin {
  std::string scheme;
  std::string authority;
};

/// The first hop's host and proto of a Forwarded field (RFC 7239 section 4).
void read_forwarded(std::string_view value, Origin& origin) {
  value = value.substr(0, value.find(','));
  while (!value.empty()) {
    const auto semicolon = value.find(';');
    const auto pair = trim_ows(value.substr(0, semicolon));
    value = semicolon == std::string_view::npos ? "" : value.substr(semicolon + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = lower(trim_ows(pair.substr(0, equals)));
    auto text = trim_ows(pair.substr(equals + 1));
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text = text.substr(1, text.size() - 2);
    }
    if (name == "host" && is_authority(text)) origin.authority = text;
    if (name == "proto" && (lower(text) == "http" || lower(text) == "https")) {
      origin.scheme = lower(text);
    }
  }
}

/// The text behind `key`, up to the next of `ends`. The field is searched, not parsed.
std::string_view text_behind(std::string_view value, std::string_view key, std::string_view ends) {
  const auto at = value.find(key);
  if (at == std::string_view::npos) return {};
  value.remove_prefix(at + key.size());
  if (value.starts_with('"')) value.remove_prefix(1);
  return value.substr(0, value.find_first_of(ends));
}

/// HttpOptions::forwarded_verbatim: lists are not taken apart, and nothing is folded or checked but
/// the scheme.
void read_verbatim(const Request& request, Origin& origin) {
  const auto& fields = request.fields;
  const auto take_scheme = [&](std::string_view scheme) {
    if (scheme == "http" || scheme == "https") origin.scheme = scheme;
  };
  if (const auto host = fields.find("X-Forwarded-Host").value_or(""); !host.empty())
    origin.authority = host;
  take_scheme(fields.find("X-Forwarded-Proto").value_or(""));
  const auto forwarded = fields.find("Forwarded").value_or("");
  if (const auto host = text_behind(forwarded, "host=", ";\""); !host.empty())
    origin.authority = host;
  const auto scheme = text_behind(forwarded, "proto=", {});
  take_scheme(scheme.substr(0, scheme.starts_with("https") ? 5 : 4));
  const std::string_view port = origin.scheme == "https" ? ":443" : ":80";
  if (origin.authority.ends_with(port))
    origin.authority.resize(origin.authority.size() - port.size());
}

Origin find_origin(const Request& request, bool trust_forwarded) {
  Origin origin{request.tls ? "https" : "http", request.local_authority};
  if (const auto host = request.fields.find("Host"); host && is_authority(trim_ows(*host))) {
    origin.authority = trim_ows(*host);
  }
  if (!trust_forwarded) return origin;
  if (request.http->forwarded_verbatim) {
    read_verbatim(request, origin);
    return origin;
  }
  const auto first = [&](std::string_view name) {
    const auto value = request.fields.find(name).value_or("");
    return trim_ows(value.substr(0, value.find(',')));
  };
  if (const auto host = first("X-Forwarded-Host"); is_authority(host)) origin.authority = host;
  if (const auto proto = lower(first("X-Forwarded-Proto")); proto == "http" || proto == "https") {
    origin.scheme = proto;
  }
  if (const auto forwarded = request.fields.find("Forwarded")) read_forwarded(*forwarded, origin);
  return origin;
}

/// Authority in lower case and without the scheme's default port.
std::string normal(std::string_view authority, std::string_view scheme) {
  auto text = lower(authority);
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (text.ends_with(port)) text.resize(text.size() - port.size());
  return text;
}

/// RFC 3986 section 5.2.4, for a path that starts with '/'.
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
    if (last) break;
    path.remove_prefix(slash + 1);
  }
  std::string result;
  for (const auto segment : segments) result.append("/").append(segment);
  return result;
}

}  // namespace

std::string origin_of(const Request& request, bool trust_forwarded) {
  const auto origin = find_origin(request, trust_forwarded);
  return origin.scheme + "://" + origin.authority;
}

std::string location_of(const Request& request, const RouteMatch& match, bool trust_forwarded,
                        std::string_view id) {
  return origin_of(request, trust_forwarded) + request.mount + match.base + "/" + std::string(id);
}

std::optional<std::string> part_id(std::string_view url, const Request& request,
                                   const RouteMatch& match, bool trust_forwarded) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto origin = find_origin(request, trust_forwarded);
  auto scheme = origin.scheme;
  bool has_authority = url.starts_with("//");
  if (const auto colon = url.find("://"); colon != std::string_view::npos) {
    scheme = lower(url.substr(0, colon));
    if (scheme != "http" && scheme != "https") return std::nullopt;
    url.remove_prefix(colon + 1);
    has_authority = true;
  }
  std::string path;
  if (has_authority) {
    url.remove_prefix(2);
    const auto slash = url.find('/');
    const auto authority = normal(url.substr(0, slash), scheme);
    if (slash == std::string_view::npos) return std::nullopt;
    // Behind a proxy the client may know us by another name than the proxy does.
    if (authority != normal(origin.authority, origin.scheme) &&
        authority != normal(find_origin(request, false).authority, scheme) &&
        authority != normal(request.local_authority, scheme)) {
      return std::nullopt;
    }
    path = url.substr(slash);
  } else if (url.starts_with("/")) {
    path = url;
  } else {
    path = request.path.substr(0, request.path.rfind('/') + 1) + std::string(url);
  }
  if (path.empty() || path.front() != '/') return std::nullopt;
  path = remove_dot_segments(path);
  if (!request.mount.empty() && path.starts_with(request.mount + "/")) {
    path.erase(0, request.mount.size());
  }
  const auto slash = path.rfind('/');
  const auto base = std::string_view(path).substr(0, slash);
  // Both URL shapes name the same uploads.
  if (base != match.base && base != "/files" && base != "/upload") return std::nullopt;
  auto id = ::http::percent_decode(std::string_view(path).substr(slash + 1));
  if (!id || !is_upload_id(*id)) return std::nullopt;
  return id;
}

std::optional<std::string> part_id_behind_base(std::string_view url, const RouteMatch& match) {
  const auto base = match.base + "/";
  const auto at = url.find(base);
  if (at == std::string_view::npos) return std::nullopt;
  url.remove_prefix(at + base.size());
  while (url.starts_with('/')) url.remove_prefix(1);
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

}  // namespace mock
