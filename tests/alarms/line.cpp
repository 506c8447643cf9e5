#include "line.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <optional>
#include <string>

namespace alarms {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using relays::Socket;

/// What comes after such a silence counts as a new message, which begins with fine pieces again.
constexpr auto silence = 20ms;

constexpr std::array<Pace, 4> all{{
    {.name = "delay", .does = "each byte takes 200 ms, each way", .delay = 200ms},
    {.name = "slices",
     .does = "one byte at a time; of what is longer than 16 KiB, the rest by 1021 bytes",
     .fine = 1,
     .coarse = 1021,
     .fine_for = 16384},
    {.name = "dribble",
     .does = "24 bytes every 4 ms",
     .fine = 24,
     .coarse = 24,
     .gap = 4ms,
     .room = 1024,
     .buffer = 2304},
    {.name = "windows",
     .does = "windows of some KiB",
     .fine = 1024,
     .coarse = 1024,
     .room = 2048,
     .buffer = 2304},
}};

/// One direction of a connection.
class Direction {
 public:
  Direction(const Socket& from, const Socket& to, const Pace& pace)
      : from_(from), to_(to), pace_(pace) {}

  [[nodiscard]] bool over() const { return over_; }
  /// Whether this direction has ended by a reset. carry() then resets both sockets at once.
  [[nodiscard]] bool was_reset() const { return over_ && reset_; }
  /// The sender of this direction is gone; what it sent before still arrives.
  void lose() { reset_ = true; }

  [[nodiscard]] bool wants_in() const { return !ends_ && held_ < pace_.room; }
  [[nodiscard]] bool wants_out(Clock::time_point now) const {
    return !over_ && !pieces_.empty() && due() <= now;
  }
  /// When to look at it again although no socket has reported anything; nullopt: never.
  [[nodiscard]] std::optional<Clock::time_point> next(Clock::time_point now) const {
    if (over_ || wants_out(now)) return std::nullopt;
    if (!pieces_.empty()) return due();
    return ends_;
  }

  void take(Clock::time_point now) {
    std::array<char, 65536> bytes{};
    const auto most = std::min(bytes.size(), pace_.room - held_);
    const auto got = ::recv(from_.fd(), bytes.data(), most, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got > 0) {
      const auto size = static_cast<std::size_t>(got);
      if (pieces_.empty() && now - last_ > silence) passed_ = 0;
      pieces_.push_back({now + pace_.delay, {bytes.data(), size}});
      held_ += size;
      last_ = now;
    } else {
      ends_ = now + pace_.delay;
      reset_ = reset_ || got < 0;
    }
  }

  /// False when the reader is gone.
  bool give(Clock::time_point now) {
    // A bounded number of turns, because the other direction waits meanwhile.
    for (int turn = 0; turn < 512 && wants_out(now); ++turn) {
      auto& bytes = pieces_.front().bytes;
      const auto size =
          std::min(bytes.size() - at_, passed_ < pace_.fine_for ? pace_.fine : pace_.coarse);
      const auto sent = ::send(to_.fd(), bytes.data() + at_, size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return true;
      if (sent < 0) {
        over_ = true;
        return false;
      }
      at_ += static_cast<std::size_t>(sent);
      held_ -= static_cast<std::size_t>(sent);
      passed_ += static_cast<std::size_t>(sent);
      if (at_ == bytes.size()) {
        pieces_.pop_front();
        at_ = 0;
      }
      // A busy machine wakes us late; up to 200 ms of that are caught up, so that the pace is kept.
      if (pace_.gap > 0ms) open_ = std::max(open_, now - 200ms) + pace_.gap;
    }
    return true;
  }

  void end(Clock::time_point now) {
    if (over_ || !pieces_.empty() || !ends_ || *ends_ > now) return;
    over_ = true;
    if (!reset_) to_.end_sending();
  }

 private:
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  [[nodiscard]] Clock::time_point due() const { return std::max(pieces_.front().due, open_); }

  const Socket& from_;
  const Socket& to_;
  const Pace& pace_;
  std::deque<Piece> pieces_;
  std::size_t at_ = 0;      ///< how much of the first piece is sent
  std::size_t held_ = 0;    ///< bytes in pieces_
  std::size_t passed_ = 0;  ///< bytes since the last silence
  Clock::time_point last_, open_;
  std::optional<Clock::time_point> ends_;
  bool reset_ = false;
  bool over_ = false;
};

int until(const std::optional<Clock::time_point>& next, Clock::time_point now) {
  if (!next) return -1;
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*next - now).count()));
}

}  // namespace

std::span<const Pace> paces() { return all; }

const Pace* pace_named(std::string_view name) {
  const auto* found = std::ranges::find(all, name, &Pace::name);
  return found == all.end() ? nullptr : found;
}

void carry(Socket client, Socket server, const Pace& pace) {
  Direction there(client, server, pace), back(server, client, pace);
  while (!there.over() || !back.over()) {
    auto now = Clock::now();
    auto next = there.next(now);
    if (const auto other = back.next(now); other && (!next || *other < *next)) next = other;
    const auto events = [now](const Direction& in, const Direction& out) {
      return static_cast<short>((in.wants_in() ? POLLIN : 0) | (out.wants_out(now) ? POLLOUT : 0));
    };
    std::array<pollfd, 2> ready{pollfd{client.fd(), events(there, back), 0},
                                pollfd{server.fd(), events(back, there), 0}};
    // Leave out a socket that we want nothing of: once broken, it would wake us again and again.
    for (auto& one : ready) one.fd = one.events == 0 ? -1 : one.fd;
    if (::poll(ready.data(), ready.size(), until(next, now)) < 0) continue;
    now = Clock::now();
    constexpr short came = POLLIN | POLLHUP | POLLERR;
    if (there.wants_in() && (ready[0].revents & came) != 0) there.take(now);
    if (back.wants_in() && (ready[1].revents & came) != 0) back.take(now);
    // A peer that no longer reads has reset the connection, or will do so at the next byte.
    if (!there.give(now)) back.lose();
    if (!back.give(now)) there.lose();
    there.end(now);
    back.end(now);
    if (there.was_reset() || back.was_reset()) {
      // A reset drops what the kernel still holds. An answer in small pieces may be more packets
      // than TCP sends before the first is acknowledged, so wait until they have arrived.
      server.see_delivered();
      client.see_delivered();
      client.reset();
      server.reset();
      return;
    }
  }
}

}  // namespace alarms
