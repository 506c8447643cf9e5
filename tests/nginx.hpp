// Debian's nginx-light as a gateway in front of a server.
#pragma once

#include <string>
#include <string_view>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace programs {

/// Runs as long as the object lives. Not thread-safe.
class Nginx {
 public:
  enum class Speaks {
    http1,
    http2,           ///< and nothing else: prior knowledge
    http2_over_tls,  ///< or HTTP/1.1, by ALPN
  };
  /// Stands before the server at "HOST:PORT"; `directives` go into the block "location /". Throws
  /// std::runtime_error when nginx does not start.
  Nginx(const std::string& server, Speaks speaks, std::string_view directives);
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  [[nodiscard]] static bool is_installed();
  /// Where clients connect, without a path.
  [[nodiscard]] const std::string& url() const { return url_; }
  /// The certificate that a client has to trust; empty without TLS.
  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }

 private:
  /// Reserves a port of 127.0.0.1 on which nginx then listens (SO_REUSEPORT). It cannot be handed
  /// over as a socket: nginx 1.22 dies of inherited sockets.
  class Port {
   public:
    Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;
    ~Port();
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool answers() const;

   private:
    int fd_;
    int number_ = 0;
  };
  std::string configured(const std::string& server, Speaks speaks, std::string_view directives);

  Port port_;
  testkit::TempFolder folder_;
  std::string ca_file_;
  testkit::ChildProcess process_;
  std::string url_;
};

}  // namespace programs
