#include "transport/knock.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "transport/curl_failure.hpp"
#include "transport/proxy.hpp"
#include "transport/tls_witness.hpp"
#include "transport/url.hpp"

namespace transport {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

/// If TLS failed, libcurl tells no address; the socket knows it until it is closed.
int on_close(void* self, curl_socket_t fd) {
  auto& seen = *static_cast<Knock*>(self);
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* const address = reinterpret_cast<sockaddr*>(&peer);
  if (::getpeername(fd, address, &size) == 0 &&
      ::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    seen.connected = true;
    seen.address = host.data();
    seen.port = static_cast<std::uint16_t>(std::strtoul(port.data(), nullptr, 10));
  }
  return ::close(fd);
}

}  // namespace

Knock knock(const std::string& url, const ClientOptions& options, Milliseconds timeout) {
  init_curl();
  Knock seen;
  std::shared_ptr<TlsWitness> witness;  // both outlive the handle
  std::unique_ptr<CURL, FreeEasy> handle(curl_easy_init());
  if (!handle) throw std::runtime_error("libcurl has no handle to give");
  CURL* const easy = handle.get();
  std::array<char, CURL_ERROR_SIZE> error{};
  const auto set = [easy](auto option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECT_ONLY, 1L);
  const std::string proxy = proxy_for(options.proxy, url);
  set(CURLOPT_PROXY, proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  if (!options.user_agent.empty()) set(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.tls.ca_file.empty()) set(CURLOPT_CAINFO, options.tls.ca_file.c_str());
  if (!options.tls.client_cert.empty()) set(CURLOPT_SSLCERT, options.tls.client_cert.c_str());
  set(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(timeout.count())));
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(timeout.count())));
  set(CURLOPT_ERRORBUFFER, error.data());
  witness_tls(easy, witness);
  set(CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  set(CURLOPT_CLOSESOCKETDATA, &seen);
  const CURLcode code = curl_easy_perform(easy);
  long proxy_status = 0, os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  handle.reset();  // closes

  seen.proxy_status = static_cast<int>(proxy_status);
  if (code != CURLE_OK) {
    Failure failure = curl_failure(code, os_error, error.data());
    if (witness) {
      const auto parts = parse_url(url);
      const std::string host = parts ? parts->host : url;
      seen.tls = witness->fault(failure, host);
      seen.connected = seen.connected || seen.tls != TlsFault::none;
      failure = witness->explain(std::move(failure), host);
    }
    if (failure.kind == Failure::Kind::connect && os_error != 0) {
      failure.message = std::strerror(static_cast<int>(os_error));
      if (!proxy.empty()) failure.kind = Failure::Kind::proxy;
    }
    seen.failure = std::move(failure);
  }
  seen.connected = seen.connected || code == CURLE_OK || proxy_status > 0;
  if (witness) seen.certificate = witness->certificate();
  return seen;
}

}  // namespace transport
