// What PATCH, a creation with a body and the draft's requests share: a request that writes holds
// its upload, takes its body into it, and lets go of it with its reply.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "store/locks.hpp"
#include "tus/operation.hpp"
#include "tus/receiver.hpp"

namespace mock {

/// A derived class says in `start` what is written to, and in the hooks how it answers. Loop thread
/// only.
class Writer : public Operation {
 public:
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(BodyEnd how) override;
  [[nodiscard]] bool looks_at_bytes() const override {
    return !receiver_ || receiver_->looks_at_bytes();
  }

 protected:
  explicit Writer(const Context& context) : context_(context) {}

  // ---- hooks
  /// The reply to a body that was taken as a whole.
  virtual Reply acknowledgement() = 0;
  /// The reply when a newer request takes over. What came is stored already.
  virtual Reply taken_over() { return locked(context_.options); }
  /// More of the body is stored.
  virtual void advanced() {}
  /// The whole body came.
  virtual void came_whole();
  /// The receiver takes no more.
  virtual void on_refused(Reply reply) { end(std::move(reply)); }
  /// Sends the reply; this may be gone when it returns.
  virtual void respond(Reply&& reply) { send(context_, std::move(reply)); }

  // ---- for `start`
  /// Leaves the upload to its holder for now, and calls `start` again a little later. False when
  /// the holder's `grace` is over, or this request has waited long enough.
  [[nodiscard]] bool wait_for(Milliseconds grace);
  /// Takes the upload from whoever has it. False: it is not to be had.
  [[nodiscard]] bool hold(const std::string& id);
  /// Makes the receiver of the body for the upload that is held. It takes the arguments of
  /// `Receiver` behind the context. After that the body can be asked for.
  template <class... What>
  Receiver& receive(What&&... what) {
    return receiver_.emplace(context_, std::forward<What>(what)...);
  }

  /// Lets go of the upload.
  void let_go();
  /// The same, and replies; nothing may be touched after it.
  void end(Reply reply);
  [[nodiscard]] bool ended() const { return ended_; }
  /// Whether `receive` was called and the upload is still held.
  [[nodiscard]] bool receiving() const { return receiver_.has_value(); }
  /// Only while receiving.
  [[nodiscard]] Receiver& receiver() { return *receiver_; }

  const Context& context_;

 private:
  void on_revoked();

  std::unique_ptr<Timer> waiting_;
  Milliseconds waited_{0};
  std::unique_ptr<Lease> lease_;
  std::optional<Receiver> receiver_;
  bool ended_ = false;
};

}  // namespace mock
