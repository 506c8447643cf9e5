#include "nginx.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "testkit/self_signed.hpp"

namespace programs {
namespace {

constexpr const char* program = "/usr/sbin/nginx";

sockaddr_in of_loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Nginx::Port::Port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int yes = 1;
  auto address = of_loopback(0);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  if (::bind(fd_, where, size) != 0 || ::getsockname(fd_, where, &size) != 0) {
    throw std::runtime_error("no port of 127.0.0.1 is free");
  }
  number_ = ntohs(address.sin_port);
}

Nginx::Port::~Port() { ::close(fd_); }

bool Nginx::Port::answers() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = of_loopback(number_);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

Nginx::Nginx(const std::string& server, Speaks speaks, std::string_view directives)
    : process_({program, "-p", folder_.path().string(), "-e", "error.log", "-c",
                folder_.write("nginx.conf", configured(server, speaks, directives))}),
      url_(fmt::format("{}://127.0.0.1:{}", ca_file_.empty() ? "http" : "https", port_.number())) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!port_.answers()) {
    if (!process_.running() || std::chrono::steady_clock::now() > give_up) {
      throw std::runtime_error("nginx does not start: " + process_.err());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

bool Nginx::is_installed() { return ::access(program, X_OK) == 0; }

std::string Nginx::configured(const std::string& server, Speaks speaks,
                              std::string_view directives) {
  std::string listen = fmt::format("127.0.0.1:{} reuseport", port_.number());
  if (speaks != Speaks::http1) listen += " http2";
  if (speaks == Speaks::http2_over_tls) {
    const auto made = testkit::self_signed();
    ca_file_ = folder_.write("cert.pem", made.cert_pem);
    listen += fmt::format(" ssl; ssl_certificate {}; ssl_certificate_key {}", ca_file_,
                          folder_.write("key.pem", made.key_pem));
  }
  // One process, so that a kill ends all of it. "user root": nginx would otherwise become another
  // user, who could not write bodies to the folder.
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
                     ::geteuid() == 0 ? "user root;" : "", listen, server, directives);
}

}  // namespace programs
