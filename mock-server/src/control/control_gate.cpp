// Who may use /_mock/.
#include <openssl/crypto.h>

#include <string>
#include <string_view>
#include <utility>

#include "control/call.hpp"
#include "control/control.hpp"
#include "protocol/digest.hpp"

namespace mock {
namespace {

std::unique_ptr<Handler> refuse(Reply reply) {
  return bodiless([reply = std::move(reply)](const Request&) { return reply; });
}

std::unique_ptr<Handler> not_found() { return refuse(text_reply(404, "404 page not found\n")); }

/// Takes a time that depends neither on where the two differ nor on the length of the secret.
bool same_secret(std::string_view a, std::string_view b) {
  const auto x = sha256_hex(a);
  const auto y = sha256_hex(b);
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    return authority.substr(1, bracket == std::string_view::npos ? bracket : bracket - 1);
  }
  return authority.substr(0, authority.find(':'));
}

}  // namespace

bool is_loopback_host(const std::string& host) {
  if (::http::same_name(host, "localhost") || host == "::1") return true;
  // Four numbers, so that 127.example.com is a name and no address.
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  for (const char c : host) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3 && host.back() != '.';
}

ControlGate::ControlGate(Application& next, Access access)
    : next_(next), access_(std::move(access)) {}

std::unique_ptr<Handler> ControlGate::handler_for(const Request& request, Intercept* intercept) {
  // By path, and not by route: a request that no lane admitted has no route.
  if (request.path != "/_mock" && !request.path.starts_with("/_mock/")) {
    return access_.serves == Access::Serves::only ? not_found()
                                                  : next_.handler_for(request, intercept);
  }
  if (auto refused = refusal(request)) return refused;
  return next_.handler_for(request, intercept);
}

std::unique_ptr<Handler> ControlGate::refusal(const Request& request) const {
  using control::reply_error;
  if (access_.serves == Access::Serves::closed) return not_found();
  if (!access_.token.empty()) {
    const auto field = request.fields.find("Authorization").value_or("");
    const auto space = field.find(' ');
    const bool bearer = request.fields.count("Authorization") == 1 &&
                        space != std::string_view::npos &&
                        ::http::same_name(field.substr(0, space), "Bearer");
    if (bearer && same_secret(::http::trim_ows(field.substr(space)), access_.token)) {
      return nullptr;
    }
    auto reply = reply_error(401, "the control token is missing or wrong",
                             "send Authorization: Bearer with the value of --control-token-env");
    reply.fields.add("WWW-Authenticate", "Bearer realm=\"dex-mock-server control\"");
    return refuse(std::move(reply));
  }
  const auto hosts = request.fields.all("Host");
  if (hosts.size() > 1 || (hosts.size() == 1 && hosts[0] != request.local_authority &&
                           !is_loopback_host(std::string(without_port(hosts[0]))))) {
    return refuse(reply_error(403, "the Host of this request is not this machine",
                              "ask for 127.0.0.1, [::1] or localhost, or set --control-token-env"));
  }
  return nullptr;
}

ControlGate::Access control_access(const std::string& host, const std::string& token) {
  using Serves = ControlGate::Access::Serves;
  return {is_loopback_host(host) || !token.empty() ? Serves::open : Serves::closed, token};
}

}  // namespace mock
