// What a tus server does by itself, after the requests that bring it about: uploads whose
// time has passed are removed, finals are joined when their last part came.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services.hpp"
#include "tus/hooks.hpp"
#include "tus/tus_handler.hpp"
#include "tus/waiting_finals.hpp"

namespace mock {

class Timer;

/// Loop thread only. What is under way ends with it.
class Upkeep {
 public:
  /// `services` has the hooks of the system behind; handlers get `hooks()` instead. Everything
  /// outlives this. Passes are made on `services.loop`, time is told by it.
  Upkeep(const TusServices& services, const TusOptions& options);
  ~Upkeep();

  /// Calls the hooks of the system behind, and notices when a part is finished.
  [[nodiscard]] Hooks& hooks();
  /// From now on makes a pass over all uploads now and then. The first one, at once, also joins
  /// finals that a kill kept from being joined. Does nothing when no offered extension needs it.
  void start();
  /// Begins a pass, from the loop; when one is under way, another follows it. It sweeps out the
  /// uploads that expired a minute ago or earlier: until then they answer 410 Gone, 404 afterwards.
  void sweep();
  /// No further pass.
  void stop();

 private:
  class PartsNoticed;
  enum class Join { begun, asked_for_again };

  void visit_some(const std::string& after);
  void visit(const std::string& id);
  void next_pass(Milliseconds delay);
  [[nodiscard]] bool still_waits(const std::string& final_id) const;
  void part_finished(const std::string& id);
  void join_some();
  void join_some_soon();
  std::size_t join_when_ready(const std::string& final_id);
  void join(const Upload& final_upload);
  void joined(const std::string& final_id);
  [[nodiscard]] Milliseconds between_passes() const;

  TusServices services_;
  const TusOptions& options_;
  std::unique_ptr<Hooks> hooks_;
  bool started_ = false;
  bool visiting_ = false;
  bool asked_again_ = false;  ///< a pass was asked for during one
  WaitingFinals waiting_;
  std::set<std::string> ready_;  ///< finals to be looked at: their parts may all be finished
  std::map<std::string, Join, std::less<>> joining_;  ///< by final
  std::unique_ptr<Timer> next_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace mock
