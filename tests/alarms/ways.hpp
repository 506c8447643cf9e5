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
  /// Of the door, without a path.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// What dex-conformance has to be told besides.
  [[nodiscard]] virtual std::vector<std::string> arguments() const { return {}; }
};

/// "delay", "nginx-buffering": slow lines (line.hpp), and Debian's nginx-light as a gateway.
[[nodiscard]] const std::vector<std::string>& ways();
/// Before "HOST:PORT". Throws for a name that is none, and where the program does not start.
[[nodiscard]] std::unique_ptr<Way> stand_before(const std::string& server, const std::string& way);
/// Whether there is the program that it needs.
[[nodiscard]] bool is_installed(const std::string& way);

}  // namespace alarms
