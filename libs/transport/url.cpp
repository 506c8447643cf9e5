#include "transport/url.hpp"

#include <algorithm>
#include <boost/url.hpp>
#include <cctype>

namespace transport {

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    return failure(std::string(text), "not an absolute URL", "as in http://127.0.0.1:8080/files");
  }
  const boost::urls::url_view view = *parsed;
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
  url.host = view.host_address();
  std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::uint16_t standard = url.scheme == "https" ? 443 : 80;
  url.port = standard;
  if (view.has_port() && !view.port().empty()) {
    url.port = view.port_number();
    if (url.port == 0) return failure(std::string(text), "the port must be from 1 to 65535");
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
  const auto relative = boost::urls::parse_uri_reference(reference);
  if (!relative) return failure(quote(reference), "not a URL reference (RFC 3986 section 4.1)");
  boost::urls::url out;
  const auto resolved = boost::urls::resolve(*base_uri, *relative, out);
  if (resolved.has_error()) {
    return failure(quote(reference), "cannot be resolved against " + std::string(base));
  }
  out.remove_fragment();
  return std::string(out.buffer());
}

}  // namespace transport
