#include "upload/url.hpp"

#include <fmt/format.h>

#include <boost/url.hpp>

#include "redact/secrets.hpp"

namespace loadgen {
namespace {
namespace urls = boost::urls;

std::string text_of(const urls::url& url) {
  return std::string(url.buffer().data(), url.buffer().size());
}

Result<urls::url> parse(const std::string& text) {
  const auto view = urls::parse_uri(text);
  const auto good = [&] {
    if (!view || (view->scheme() != "http" && view->scheme() != "https")) return false;
    if (view->host().empty()) return false;
    // Boost 1.81 reads "h:x/" as the host "h" and the path "x/".
    const std::string path(view->encoded_path());
    if (!path.empty() && path.front() != '/') return false;
    const std::string port(view->port());
    return port.size() <= 5 && (port.empty() || std::stoul(port) <= 65535);
  };
  if (!good()) {
    return failure("",
                   fmt::format("{} is not an http or https URL", quote(redact::shown_url(text))),
                   "as in http://127.0.0.1:8080/files");
  }
  // Not quoted: the line goes into logs.
  if (view->has_userinfo()) {
    return failure("", "credentials do not belong into a URL", "give them by environment");
  }
  return urls::url(*view);
}

std::string origin(const urls::url& url) {
  std::string port(url.port());
  if (port.empty()) port = url.scheme() == "https" ? "443" : "80";
  return fmt::format("{}://{}:{}", std::string(url.scheme()), std::string(url.encoded_host()),
                     port);
}
}  // namespace

Result<std::string> origin_of(const std::string& url) {
  const auto parsed = parse(url);
  if (!parsed) return tl::unexpected(parsed.error());
  return origin(*parsed);
}

Result<std::string> resolve_reference(const std::string& base, const std::string& reference) {
  const auto parsed = parse(base);
  if (!parsed) return tl::unexpected(parsed.error());
  const auto relative = urls::parse_uri_reference(reference);
  urls::url result;
  if (!relative || !urls::resolve(*parsed, *relative, result)) {
    return failure("", fmt::format("{} is not a URL", quote(reference)));
  }
  const auto checked = parse(text_of(result));
  if (!checked) return tl::unexpected(checked.error());
  return text_of(*checked);
}

std::string last_segment(const std::string& url) {
  std::string_view path(url);
  path = path.substr(0, path.find_first_of("?#"));
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Result<std::string> info_url_of(const std::string& create_url) {
  const auto parsed = parse(create_url);
  if (!parsed) return tl::unexpected(parsed.error());
  std::string path(parsed->encoded_path());
  while (!path.empty() && path.back() == '/') path.pop_back();
  return origin(*parsed) + (path == "/upload" ? "/upload/info" : "/info");
}

std::vector<std::string> creation_urls_at(const std::string& url) {
  const auto parsed = parse(url);
  if (!parsed || parsed->has_query()) return {};
  const std::string path(parsed->encoded_path());
  if (!path.empty() && path != "/") return {};
  const std::string host = origin(*parsed);
  return {url, host + "/files", host + "/upload"};
}

}  // namespace loadgen
