// What a client sends, and what it is told, as it sees it.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "link/link.hpp"
#include "stats/trace.hpp"

namespace loadgen {

/// One per upload, on top of all other links: changes nothing.
class TraceLink final : public Link {
 public:
  explicit TraceLink(transport::LoadTransport& below)
      : Link(below), state_(std::make_shared<State>()) {}

  void send(transport::LoadRequest request, Done done) override;

  /// The trace of an upload that sent `sent` bytes of its file, of which the server had `kept` in
  /// the end. Requests that are still under way are included.
  [[nodiscard]] Trace trace(Bytes sent, Bytes kept) const;

 private:
  /// Shared with requests under way, which may outlive the link.
  struct State {
    Trace trace;
    std::map<std::uint64_t, Attempt> under_way;
    std::uint64_t next = 0;
    Bytes end;  ///< where in the file the last bytes sent ended
    AttemptEnd how = AttemptEnd::answered;
    /// What was in vain, request by request: some of it may turn out to have arrived.
    std::vector<std::pair<AttemptEnd, Bytes>> in_vain;
  };
  std::shared_ptr<State> state_;
};

}  // namespace loadgen
