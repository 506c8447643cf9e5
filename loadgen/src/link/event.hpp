// Events of a scenario, as the client of one upload meets them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "link/happenings.hpp"
#include "link/link.hpp"

namespace loadgen {

/// One per upload, on top of all other links. In an outage, requests wait until it ends or the
/// client gives up, and answers arrive after it. A proxy or a portal answers in place of the
/// service. The client's process may end. Requests under way go on when the link is destroyed.
class EventLink final : public Link {
 public:
  /// `kept` is what `below` is, or needs. It is held until the last request is over, which may be
  /// after this link and whoever sent the request are gone.
  EventLink(transport::LoadTransport& below, std::shared_ptr<const Happenings> happenings,
            Milliseconds stall_timeout, std::shared_ptr<const void> kept = nullptr)
      : Link(below),
        state_(std::make_shared<State>(
            State{std::move(happenings), stall_timeout, std::move(kept), {}, {}, 0})) {}

  void send(transport::LoadRequest request, Done done) override;

  /// The client's process ends: its connections are reset. After `away` it begins again and is told
  /// so (LoadOutcome::client_ended); until then it sends nothing.
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
