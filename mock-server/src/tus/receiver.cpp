#include "tus/receiver.hpp"

#include "protocol/tus/numbers.hpp"
#include "store/in_background.hpp"

namespace mock {

Receiver::Receiver(const Context& context, Upload upload, bool was_complete,
                   std::optional<Bytes> declared, std::optional<ChecksumCheck> check,
                   const NamedRefusal& too_long)
    : context_(context),
      upload_(std::move(upload)),
      start_(upload_.offset),
      was_complete_(was_complete),
      declared_(declared),
      limit_(declared.value_or(limit_of(upload_, context.options))),
      check_(std::move(check)),
      too_long_(too_long) {}

Receiver::~Receiver() { std::ignore = roll_back(); }

/// Stores the length that this request declared, if it did.
OrReply<void> Receiver::declare() {
  if (last_) declared_ = upload_.offset;
  if (!declared_) return {};
  auto& store = context_.services.store;
  // Looked up again: a final may have come to wait for it since.
  auto updated = store.find(upload_.id).and_then([&](Upload&& present) {
    present.length = declared_;
    return store.update(present);
  });
  if (!updated) return tl::unexpected(refusal(context_.options, updated.error()));
  upload_.length = declared_;
  return {};
}

OrReply<void> Receiver::take(std::span<const std::byte> bytes) {
  auto& services = context_.services;
  if (Bytes{bytes.size()} > room(upload_, limit_)) {
    if (context_.options.keeps_what_fits && !check_) return take_what_fits(bytes);
    // Which of the bytes are the right ones cannot be known, so none of this request is kept.
    pending_ = true;
    return refuse(refusal(context_.options, too_long_));
  }
  if (check_ && !pending_) {
    pending_ = true;
    if (auto staged = services.store.stage(upload_.id); !staged) {
      return refuse(refusal(context_.options, staged.error()));
    }
  }
  const auto before = upload_.offset;
  auto offset = services.store.append(upload_.id, before, bytes);
  if (offset && *offset > before) {
    upload_.offset = *offset;
    upload_.modified = services.loop.now();
    if (!check_) services.hooks.after_receive(upload_);
  }
  if (offset && *offset - before == Bytes{bytes.size()}) {
    if (check_) check_->update(bytes);
    return {};
  }
  return refuse(refusal(context_.options,
                        offset ? StoreError{StoreError::Kind::no_space, {}} : offset.error()));
}

/// Keeps the bytes up to the end of the upload, and refuses the others.
OrReply<void> Receiver::take_what_fits(std::span<const std::byte> bytes) {
  const auto fits = bytes.first(room(upload_, limit_).value);
  if (!fits.empty()) {
    if (auto taken = take(fits); !taken) return taken;
  }
  if (auto accepted = accept(); !accepted) return accepted;
  return tl::unexpected(refusal(context_.options, too_long_));
}

void Receiver::complete(std::function<void(OrReply<void>)> done) {
  if (check_) {
    auto right = check_->verify(context_.request, context_.options);
    return done(right ? accept() : refuse(std::move(right.error())));
  }
  auto late = trailing_checksum(context_.request, context_.options);
  pending_ = !late || *late;
  if (!late) return done(refuse(std::move(late.error())));
  if (*late) return verify(std::move(**late), std::move(done));
  done(accept());
}

OrReply<void> Receiver::cut_short() {
  verification_.reset();
  last_ = false;
  // What cannot be verified any more is not kept (protocol.md, Checksum; issue #172 is open).
  if (check_ || pending_) return roll_back();
  return accept();
}

/// The bytes, if any, are right.
OrReply<void> Receiver::accept() {
  auto& services = context_.services;
  if (check_ && pending_) {
    auto committed = services.store.commit(upload_.id);
    if (!committed) return refuse(refusal(context_.options, committed.error()));
    services.hooks.after_receive(upload_);
  }
  pending_ = false;
  // The bytes are right by now, and stay even if this fails.
  if (auto declared = declare(); !declared) return declared;
  if (!completed()) return {};
  return finish(services.hooks, upload_);
}

tl::unexpected<Reply> Receiver::refuse(Reply reply) {
  if (auto undone = roll_back(); !undone) return tl::unexpected(std::move(undone.error()));
  return tl::unexpected(std::move(reply));
}

OrReply<void> Receiver::take_back() {
  pending_ = true;
  return roll_back();
}

/// Takes back what this request stored and did not verify. The store remembers what it could not.
OrReply<void> Receiver::roll_back() {
  if (!std::exchange(pending_, false)) return {};
  upload_.offset = start_;
  auto undone = context_.services.store.roll_back(upload_.id, start_);
  if (!undone) return tl::unexpected(refusal(context_.options, undone.error()));
  return {};
}

/// Reads back what is stored.
void Receiver::verify(tus::Checksum expected, std::function<void(OrReply<void>)> done) {
  auto reader = context_.services.store.open(upload_.id);
  if (!reader) return done(refuse(refusal(context_.options, reader.error())));
  verification_ = std::make_shared<int>(0);
  in_background(
      context_.services.loop,
      [reader = std::move(*reader), from = start_, expected = std::move(expected)] {
        return matches(*reader, from, expected);
      },
      [this, done = std::move(done),
       alive = std::weak_ptr(verification_)](StoreResult<bool> matches) {
        if (alive.expired()) return;
        // `done` may end what this lambda is part of.
        const auto tell = done;
        carry_on(context_, [&] {
          if (!matches) return tell(refuse(refusal(context_.options, matches.error())));
          tell(*matches ? accept() : refuse(refusal(context_.options, refused::checksum_mismatch)));
        });
      });
}

Bytes limit_of(const Upload& upload, const TusOptions& options) {
  if (upload.length) return *upload.length;
  return options.max_size.value_or(tus::max_length);
}

Bytes room(const Upload& upload, Bytes limit) {
  return limit > upload.offset ? limit - upload.offset : Bytes{0};
}

}  // namespace mock
