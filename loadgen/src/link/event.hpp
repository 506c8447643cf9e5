// Events of a scenario, as the client of one upload meets them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "link/happenings.hpp"
#include "link/link.hpp"

namespace loadgen {

/// One per upload, on top of all other links. In an outage requests wait for its end, or as long as
/// the client does, and answers are on their way until then; a proxy or a portal answers in the
/// place of the service; and the client's process may end. What was sent by it goes on when it
/// ends.
class EventLink final : public Link {
 public:
  /// `kept` is what `below` is, or needs: it lives until the last request is over, which may be
  /// later than this, as who sent it may be gone.
  EventLink(transport::LoadTransport& below, std::shared_ptr<const Happenings> happenings,
            Milliseconds stall_timeout, std::shared_ptr<const void> kept = nullptr)
      : Link(below),
        state_(std::make_shared<State>(
            State{std::move(happenings), stall_timeout, std::move(kept), {}, {}, 0})) {}

  void send(transport::LoadRequest request, Done done) override;

  /// The client's process ends: its connections are reset. Once `away` is over it begins again, and
  /// is told that (LoadOutcome::client_ended); until then it sends nothing.
  void restart(Milliseconds away);

 private:
  struct Outstanding {
    Done done;
    std::shared_ptr<bool> gone;
    std::shared_ptr<Bytes> sent;
  };
  struct State {
    std::shared_ptr<const Happenings> happenings;
    Milliseconds stall_timeout;
    std::shared_ptr<const void> kept;
    std::map<std::uint64_t, Outstanding> outstanding;
    transport::LoadTime away_until;
    std::uint64_t next;
  };
  static void pass(const std::shared_ptr<State>& state, transport::LoadTransport& below,
                   std::uint64_t id, transport::LoadRequest request);
  static void answer(const std::shared_ptr<State>& state, transport::LoadTransport& loop,
                     std::uint64_t id, transport::LoadOutcome outcome);

  std::shared_ptr<State> state_;
};

}  // namespace loadgen
