#include "transport/proxy.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <utility>

#include "redact/secrets.hpp"
#include "transport/curl_failure.hpp"

namespace transport {
namespace {

std::optional<std::string> of_environment(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return std::nullopt;
}

/// An IPv4 or IPv6 address.
struct Address {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;  ///< in bytes: 4 or 16
};

std::optional<Address> address_of(const std::string& text) {
  Address address;
  for (const auto& [family, size] : {std::pair{AF_INET, 4U}, std::pair{AF_INET6, 16U}}) {
    if (inet_pton(family, text.c_str(), address.bytes.data()) != 1) continue;
    address.size = size;
    return address;
  }
  return std::nullopt;
}

/// "192.0.2.0/24", or an address by itself.
bool is_in(const Address& address, std::string_view network) {
  const auto slash = std::min(network.find('/'), network.size());
  const auto first = address_of(std::string(network.substr(0, slash)));
  if (!first || first->size != address.size) return false;
  std::size_t bits = 8 * first->size;
  if (slash < network.size()) {
    const auto* const end = network.data() + network.size();
    const auto [at, error] = std::from_chars(network.data() + slash + 1, end, bits);
    if (error != std::errc{} || at != end || bits > 8 * first->size) return false;
  }
  for (std::size_t i = 0; i < bits; ++i) {
    const auto mask = static_cast<unsigned char>(0x80U >> (i % 8));
    if (((address.bytes[i / 8] ^ first->bytes[i / 8]) & mask) != 0) return false;
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool leaves_out(std::string_view entry, std::string_view host,
                const std::optional<Address>& address) {
  if (address) {
    if (entry.starts_with('[') && entry.ends_with(']')) {
      entry = entry.substr(1, entry.size() - 2);
    }
    return is_in(*address, entry);
  }
  while (entry.starts_with('.')) entry.remove_prefix(1);
  while (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty()) return false;
  const std::string name = lower(entry);
  return host == name || (host.size() > name.size() && host.ends_with(name) &&
                          host[host.size() - name.size() - 1] == '.');
}

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

}  // namespace

std::optional<std::string> proxy_of_environment(std::string_view url) {
  if (!url.starts_with("https:")) return of_environment({"http_proxy", "all_proxy", "ALL_PROXY"});
  return of_environment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
}

std::string no_proxy_of_environment() {
  return of_environment({"no_proxy", "NO_PROXY"}).value_or("");
}

bool goes_direct(std::string_view no_proxy, const Url& url) {
  std::string_view host = url.host;
  while (host.ends_with('.')) host.remove_suffix(1);
  const auto address = address_of(std::string(host));
  constexpr std::string_view between = ", \t";
  while (!no_proxy.empty()) {
    const auto end = std::min(no_proxy.find_first_of(between), no_proxy.size());
    const auto entry = no_proxy.substr(0, end);
    if (entry == "*" || leaves_out(entry, host, address)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

std::string environment_proxy_for(std::string_view url) {
  auto proxy = proxy_of_environment(url);
  const auto parts = parse_url(url);
  if (!proxy || !parts || goes_direct("localhost,127.0.0.0/8,::1", *parts) ||
      goes_direct(no_proxy_of_environment(), *parts)) {
    return {};
  }
  return *std::move(proxy);
}

std::string proxy_for(std::string_view setting, std::string_view url) {
  return setting == from_environment ? environment_proxy_for(url) : std::string(setting);
}

namespace {
thread_local const ProxyOfThread* of_thread = nullptr;
}

ProxyOfThread::ProxyOfThread(std::string setting)
    : setting_(std::move(setting)), before_(of_thread) {
  of_thread = this;
}

ProxyOfThread::~ProxyOfThread() { of_thread = before_; }

std::string ProxyOfThread::proxy_for(std::string_view url) {
  return of_thread == nullptr ? std::string() : transport::proxy_for(of_thread->setting_, url);
}

Result<int> tunnel_through(const std::string& proxy, const Url& url, Milliseconds timeout) {
  init_curl();
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  const std::string shown = redact::shown_url(proxy);
  if (!easy) return ::failure(shown, "libcurl has no handle to give");
  const bool ipv6 = url.host.find(':') != std::string::npos;
  const auto through =
      fmt::format("http://{}{}{}:{}/", ipv6 ? "[" : "", url.host, ipv6 ? "]" : "", url.port);
  const auto set = [&](auto option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  set(CURLOPT_URL, through.c_str());
  set(CURLOPT_PROXY, proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max(timeout, Milliseconds{1}).count()));
  const CURLcode code = curl_easy_perform(easy.get());
  if (code != CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_HTTP_CONNECTCODE, &status);
    return ::failure(shown, status != 0 ? fmt::format("the proxy answers CONNECT {}:{} with {}",
                                                      url.host, url.port, status)
                                        : std::string("no connection through the proxy: ") +
                                              curl_easy_strerror(code));
  }
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket);
  // libcurl closes its own descriptor with the handle.
  const int own = socket == CURL_SOCKET_BAD ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return ::failure(shown, std::string("the tunnel is lost: ") + std::strerror(errno));
  return own;
}

}  // namespace transport
