#include "transport/url.hpp"

#include <algorithm>
#include <boost/url.hpp>
#include <cctype>
#include <charconv>

namespace transport {
namespace {

/// RFC 3986 section 5.2.4, for a path that begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t next = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, next);
    path.remove_prefix(next);
    const bool last = path.empty();
    if (segment == "/.") {
      if (last) out += '/';
    } else if (segment == "/..") {
      const std::size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash);
      if (last) out += '/';
    } else {
      out += segment;
    }
  }
  return out;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    return failure(std::string(text), "not an absolute URL", "as in http://127.0.0.1:8080/files");
  }
  const boost::urls::url_view& view = *parsed;
  Url url;
  url.scheme = view.scheme();
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (url.scheme != "http" && url.scheme != "https") {
    return failure(std::string(text), "the scheme must be http or https");
  }
  if (!view.has_authority() || view.encoded_host().empty()) {
    return failure(std::string(text), "the URL names no host");
  }
  if (view.has_userinfo()) {
    return failure("URL", "credentials do not belong into a URL", "give them by environment");
  }
  // Boost 1.81 reads "10.0.0.1.example.org/" as the host 10.0.0.1 and a path: raw connections would
  // go to a machine that nobody named.
  if (!view.encoded_path().empty() && view.encoded_path().front() != '/') {
    return failure(std::string(text),
                   "a host name that begins with an IPv4 address is not understood",
                   "name the host otherwise");
  }
  url.host = view.host_address();
  std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::uint16_t standard = url.scheme == "https" ? 443 : 80;
  url.port = standard;
  if (view.has_port() && !view.port().empty()) {
    const std::string_view digits = view.port();
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc{} || url.port == 0) {
      return failure(std::string(text), "the port must be from 1 to 65535");
    }
  }
  url.authority =
      view.host_type() == boost::urls::host_type::ipv6 ? "[" + url.host + "]" : url.host;
  if (url.port != standard) url.authority += ":" + std::to_string(url.port);
  url.path = view.encoded_path();
  if (url.path.empty()) url.path = "/";
  url.target = url.path;
  if (view.has_query()) url.target += "?" + std::string(view.encoded_query());
  return url;
}

Result<std::string> resolve_url(std::string_view base, std::string_view reference) {
  const auto base_uri = boost::urls::parse_uri(base);
  if (!base_uri) return failure(std::string(base), "not an absolute URL");
  const auto parsed = boost::urls::parse_uri_reference(reference);
  if (!parsed) return failure(quote(reference), "not a URL reference (RFC 3986 section 4.1)");
  // Boost.URL 1.81's own resolve() decodes %2F in the path, which changes what the URL names.
  reference = reference.substr(0, reference.find('#'));
  if (parsed->has_scheme()) return std::string(reference);
  const std::string scheme(base_uri->scheme());
  if (parsed->has_authority()) return scheme + ":" + std::string(reference);
  const std::string root = scheme + "://" + std::string(base_uri->encoded_authority());
  const std::string_view base_path = base_uri->encoded_path();
  const std::string_view path = parsed->encoded_path();
  const std::string query =
      parsed->has_query() ? "?" + std::string(parsed->encoded_query()) : std::string();
  if (path.empty()) {
    if (parsed->has_query() || !base_uri->has_query()) return root + std::string(base_path) + query;
    return root + std::string(base_path) + "?" + std::string(base_uri->encoded_query());
  }
  std::string merged(path);
  if (path.front() != '/') {
    const std::size_t slash = base_path.rfind('/');
    merged = (slash == std::string_view::npos ? "/" : std::string(base_path.substr(0, slash + 1))) +
             merged;
  }
  return root + without_dot_segments(merged) + query;
}

}  // namespace transport
