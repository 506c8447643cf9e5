// Debian's nginx-light as a gateway before a server.
#pragma once

#include <string>
#include <string_view>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace programs {

/// Runs until it goes away. Not thread-safe.
class Nginx {
 public:
  enum class Speaks {
    http1,
    http2,           ///< and nothing else: prior knowledge
    http2_over_tls,  ///< or HTTP/1.1, by ALPN
  };
  /// Before "HOST:PORT"; `directives` are those of its location. Throws std::runtime_error where it
  /// does not start.
  Nginx(const std::string& server, Speaks speaks, std::string_view directives);
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  [[nodiscard]] static bool is_installed();
  /// Of its door, without a path.
  [[nodiscard]] const std::string& url() const { return url_; }
  /// What a client has to trust; empty without TLS.
  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }

 private:
  /// A port of 127.0.0.1 that is ours, though who listens on it is another (SO_REUSEPORT): nginx
  /// 1.22 dies of sockets that it inherits.
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
