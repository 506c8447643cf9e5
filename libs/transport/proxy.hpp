// By which proxy a server is reached.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "transport/url.hpp"

namespace transport {

/// What the environment names for `url`, with the variables of curl(1): http_proxy for http,
/// https_proxy or HTTPS_PROXY for https, all_proxy or ALL_PROXY for both. HTTP_PROXY is not read:
/// in CGI it is a header field of the request. nullopt: it names none. Not to be called while
/// another thread changes the environment.
[[nodiscard]] std::optional<std::string> proxy_of_environment(std::string_view url);
/// no_proxy, or else NO_PROXY.
[[nodiscard]] std::string no_proxy_of_environment();

/// Whether `no_proxy` leaves out the host of `url`, as curl(1) reads it: "*", or a list of names
/// (with all below them), addresses and networks (192.0.2.0/24), with commas or spaces.
[[nodiscard]] bool goes_direct(std::string_view no_proxy, const Url& url);

/// The environment's proxy for `url`; empty where it has none, where no_proxy leaves the host out,
/// and for hosts that are this machine (localhost, 127.0.0.0/8, ::1), which no proxy can reach.
[[nodiscard]] std::string environment_proxy_for(std::string_view url);

/// For ClientOptions::proxy, and for ProxyOfThread: the environment's, for each URL by itself
/// (environment_proxy_for).
inline constexpr std::string_view from_environment = "environment";
/// The proxy that `setting` has for `url`: it is a URL, from_environment, or empty (none).
[[nodiscard]] std::string proxy_for(std::string_view setting, std::string_view url);

/// The proxy setting for the raw connections that this thread opens while this object lives; after
/// it, the one before applies again. Without any they go directly. Like SlowLine, it is no
/// parameter of calls: the run has a proxy, not the code of a check.
class ProxyOfThread {
 public:
  explicit ProxyOfThread(std::string setting);
  ProxyOfThread(const ProxyOfThread&) = delete;
  ProxyOfThread& operator=(const ProxyOfThread&) = delete;
  ~ProxyOfThread();
  /// The one that this thread has now for `url`.
  [[nodiscard]] static std::string proxy_for(std::string_view url);

 private:
  std::string setting_;
  const ProxyOfThread* before_;
};

/// A connection through `proxy` (HTTP CONNECT, RFC 9110 section 9.3.6), made within `timeout`: a
/// non-blocking socket, which the caller owns. Credentials are those of the proxy's URL. The Error
/// shows neither them nor what the proxy says besides its status.
[[nodiscard]] Result<int> tunnel_through(const std::string& proxy, const Url& url,
                                         Milliseconds timeout);

}  // namespace transport
