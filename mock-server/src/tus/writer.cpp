#include "tus/writer.hpp"

#include <algorithm>

namespace mock {
namespace {

/// How soon a holder that ends early is noticed.
constexpr Milliseconds look_again{50};
/// A client that got no answer by then may think that nobody is there.
constexpr Milliseconds longest_wait{5'000};

}  // namespace

void Writer::on_bytes(std::span<const std::byte> bytes) {
  if (ended_) return;
  if (auto taken = receiver_->take(bytes); !taken) return on_refused(std::move(taken.error()));
  lease_->progressed();
  advanced();
}

void Writer::on_end(BodyEnd how) {
  if (ended_) return;
  if (how == BodyEnd::complete) return came_whole();
  auto kept = receiver_->cut_short();
  end(kept ? cut_off(context_.options, how) : std::move(kept.error()));
}

void Writer::came_whole() {
  receiver_->complete([this](OrReply<void> done) {
    if (done) return end(acknowledgement());
    on_refused(std::move(done.error()));
  });
}

bool Writer::wait_for(Milliseconds grace) {
  if (grace == Milliseconds{0} || waited_ >= longest_wait) return false;
  const auto now = std::min(grace, look_again);
  waited_ += now;
  waiting_ = context_.services.loop.after(now, [this] {
    // Kept until the end of its own callback.
    const auto timer = std::move(waiting_);
    carry_on(context_, [this] { start(); });
  });
  return true;
}

bool Writer::hold(const std::string& id) {
  lease_ = context_.services.locks.acquire(id, [this] { on_revoked(); });
  return lease_ != nullptr;
}

void Writer::on_revoked() {
  if (ended_) return;
  auto kept = receiver_->cut_short();
  auto reply = kept ? taken_over() : std::move(kept.error());
  reply.close = true;
  end(std::move(reply));
}

void Writer::let_go() {
  receiver_.reset();
  lease_.reset();
}

void Writer::end(Reply reply) {
  ended_ = true;
  let_go();
  respond(std::move(reply));
}

}  // namespace mock
