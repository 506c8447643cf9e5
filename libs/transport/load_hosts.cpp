#include "transport/load_hosts.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>

#include "transport/curl_failure.hpp"
#include "transport/url.hpp"

namespace transport {
namespace {

bool is_loopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return v6.sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

}  // namespace

Result<ResolvedHost> resolve(const std::string& url) {
  init_curl();
  const auto parts = parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  const std::string port = std::to_string(parts->port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(parts->host.c_str(), port.c_str(), &hints, &list);
  if (code != 0) {
    return failure(parts->host, fmt::format("no address for this host: {}", ::gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, ::freeaddrinfo);
  ResolvedHost host{parts->host, port, {}, true};
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    host.addresses.emplace_back(text.data());
    host.loopback = host.loopback && is_loopback(*a->ai_addr);
  }
  if (host.addresses.empty()) return failure(parts->host, "no address for this host");
  return host;
}

}  // namespace transport
