#include "ways.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "line.hpp"
#include "testkit/child_process.hpp"
#include "testkit/self_signed.hpp"
#include "testkit/temp_folder.hpp"

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

/// How nginx is told to stand before a server.
struct Gateway {
  std::string_view name;
  std::string_view directives;  ///< of the location
  bool tls = false;             ///< with HTTP/2 beside HTTP/1.1
};
constexpr std::array<Gateway, 4> gateways{{
    {"nginx-buffering", "proxy_http_version 1.1;", false},
    {"nginx-streaming", "proxy_http_version 1.1; proxy_request_buffering off;", false},
    // As it comes: upstream in HTTP/1.0, which has no chunks.
    {"nginx-http10", "", false},
    // A 104 it passes on as it is: only the server can name the scheme there.
    {"nginx-h2",
     "proxy_http_version 1.1; proxy_set_header X-Forwarded-Proto https;"
     " proxy_redirect http:// https://;",
     true},
}};
constexpr const char* nginx = "/usr/sbin/nginx";

/// A port of 127.0.0.1 that is ours, though who listens on it is another.
class Port {
 public:
  Port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (::bind(fd_, where, size) != 0 || ::getsockname(fd_, where, &size) != 0) {
      throw std::runtime_error("no port of 127.0.0.1 is free");
    }
    number_ = ntohs(address.sin_port);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { ::close(fd_); }
  [[nodiscard]] int number() const { return number_; }

 private:
  int fd_;
  int number_ = 0;
};

class Nginx : public Way {
 public:
  Nginx(const std::string& server, const Gateway& gateway)
      : tls_(gateway.tls),
        process_({nginx, "-p", folder_.path().string(), "-e", "error.log", "-c",
                  folder_.write("nginx.conf", configured(server, gateway))}),
        url_(fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", port_.number())) {
    for (int turn = 0; !answers(); ++turn) {
      if (turn == 400 || !process_.running()) throw std::runtime_error("nginx does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds{25});
    }
  }
  [[nodiscard]] const std::string& url() const override { return url_; }
  [[nodiscard]] std::vector<std::string> arguments() const override {
    if (!tls_) return {};
    return {"--ca-file", (folder_.path() / "cert.pem").string()};
  }

 private:
  std::string configured(const std::string& server, const Gateway& gateway) const {
    std::string listen = fmt::format("127.0.0.1:{} reuseport", port_.number());
    if (gateway.tls) {
      const auto made = testkit::self_signed();
      listen += fmt::format(" ssl http2; ssl_certificate {}; ssl_certificate_key {}",
                            folder_.write("cert.pem", made.cert_pem),
                            folder_.write("key.pem", made.key_pem));
    }
    // One process, which ends when it is killed; as root it would be another user, who could not
    // keep a body.
    return fmt::format(R"(daemon off; master_process off; error_log error.log; pid nginx.pid; {}
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen {};
    location / {{ proxy_pass http://{}; proxy_set_header Host $http_host; {} }}
  }}
}}
)",
                       ::geteuid() == 0 ? "user root;" : "", listen, server, gateway.directives);
  }

  [[nodiscard]] bool answers() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_.number()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected =
        ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
  }

  Port port_;
  testkit::TempFolder folder_;
  bool tls_;
  testkit::ChildProcess process_;
  std::string url_;
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
  return gateway_named(way) == nullptr || ::access(nginx, X_OK) == 0;
}

}  // namespace alarms
