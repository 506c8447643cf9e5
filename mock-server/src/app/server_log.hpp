// What happens while the server runs, as lines in the log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/line_limit.hpp"
#include "app/log.hpp"
#include "http/handler.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"

namespace mock {

/// At level info a line for each rule that fired and for each request that was refused or failed
/// (4xx, 5xx, no reply, cut off); at level warning one for each Notice; no more of a kind than
/// LineLimit admits, then how many more there were. At level debug a line for every request, and
/// none is withheld. Targets are told without their query, which may hold a password (row
/// DEX-AUTH-020), and header values not at all; nothing that a client sends can begin a line of its
/// own or steer a terminal. `loop` outlives this. The loop's thread only, or before it runs.
class ServerLog final : public Observer {
 public:
  explicit ServerLog(Loop& loop) : loop_(loop) {}

  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t) override {}
  /// `upload` is empty where there is none, `lane` for the main one.
  void rule_fired(const std::string& rule, const std::string& upload, const std::string& lane);
  /// Takes notices from any thread; may outlive this, but not the loop.
  [[nodiscard]] Notify notices();
  /// Tells what was withheld and not told yet. For when the server stops.
  void finish();

 private:
  /// The lines of one level.
  struct Channel {
    LogLevel level;
    LineLimit limit = {};
  };

  void tell(const Notice& notice);
  void write(Channel& channel, const std::string& kind, const std::function<void()>& line);
  void tell_ended();
  void wake_later();

  Loop& loop_;
  Channel infos_{LogLevel::info};
  Channel warnings_{LogLevel::warning};
  std::unique_ptr<Timer> timer_;  ///< until what was withheld is told
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace mock
