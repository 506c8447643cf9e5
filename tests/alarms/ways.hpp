// What may stand between a client and a server without making the server wrong.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace alarms {

/// Something that stands before a server, and runs until it goes away.
class Way {
 public:
  Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;
  virtual ~Way() = default;
  /// Where clients connect, without a path.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// Further arguments of dex-conformance.
  [[nodiscard]] virtual std::vector<std::string> arguments() const { return {}; }
};

/// Names of slow lines (line.hpp), as "delay", and of gateways made with Debian's nginx-light, as
/// "nginx-buffering".
[[nodiscard]] const std::vector<std::string>& ways();
/// Puts `way` before the server at "HOST:PORT". Throws when there is no such way, or its program
/// does not start.
[[nodiscard]] std::unique_ptr<Way> stand_before(const std::string& server, const std::string& way);
/// Whether the program that it needs is installed.
[[nodiscard]] bool is_installed(const std::string& way);

}  // namespace alarms
