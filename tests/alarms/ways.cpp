#include "ways.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "../nginx.hpp"
#include "line.hpp"
#include "testkit/child_process.hpp"

namespace alarms {
namespace {

class Line : public Way {
 public:
  Line(const std::string& server, const std::string& pace)
      : process_({DEX_SLOW_LINE, "--upstream", server, "--pace", pace}),
        url_(process_.wait_ready()) {}
  [[nodiscard]] const std::string& url() const override { return url_; }

 private:
  testkit::ChildProcess process_;
  std::string url_;
};

using Speaks = programs::Nginx::Speaks;

/// How nginx is configured as a gateway before a server.
struct Gateway {
  std::string_view name;
  std::string_view directives;  ///< in the block "location /"
  Speaks speaks = Speaks::http1;
};
constexpr std::array<Gateway, 4> gateways{{
    {"nginx-buffering", "proxy_http_version 1.1;"},
    {"nginx-streaming", "proxy_http_version 1.1; proxy_request_buffering off;"},
    // nginx's default: HTTP/1.0 upstream, which has no chunks.
    {"nginx-http10", ""},
    // nginx passes a 104 on unchanged, without proxy_redirect, so the server has to name the
    // scheme.
    {"nginx-h2",
     "proxy_http_version 1.1; proxy_set_header X-Forwarded-Proto https;"
     " proxy_redirect http:// https://;",
     Speaks::http2_over_tls},
}};
class Nginx : public Way {
 public:
  Nginx(const std::string& server, const Gateway& gateway)
      : nginx_(server, gateway.speaks, gateway.directives) {}
  [[nodiscard]] const std::string& url() const override { return nginx_.url(); }
  [[nodiscard]] std::vector<std::string> arguments() const override {
    if (nginx_.ca_file().empty()) return {};
    return {"--ca-file", nginx_.ca_file()};
  }

 private:
  programs::Nginx nginx_;
};

const Gateway* gateway_named(std::string_view name) {
  const auto* found = std::ranges::find(gateways, name, &Gateway::name);
  return found == gateways.end() ? nullptr : found;
}

}  // namespace

const std::vector<std::string>& ways() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> names;
    for (const auto& pace : paces()) names.emplace_back(pace.name);
    for (const auto& gateway : gateways) names.emplace_back(gateway.name);
    return names;
  }();
  return all;
}

std::unique_ptr<Way> stand_before(const std::string& server, const std::string& way) {
  if (const auto* gateway = gateway_named(way)) return std::make_unique<Nginx>(server, *gateway);
  if (pace_named(way) == nullptr) throw std::runtime_error("no such way: " + way);
  return std::make_unique<Line>(server, way);
}

bool is_installed(const std::string& way) {
  return gateway_named(way) == nullptr || programs::Nginx::is_installed();
}

}  // namespace alarms
