// One client's connection as HTTP sees it: heads in, handlers run, replies out, one after another.
// It knows no socket, so every order of events can be tested without one; the net room feeds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "http/head.hpp"
#include "http/http_options.hpp"
#include "http/intercept.hpp"
#include "http/limits.hpp"
#include "http/reply_writer.hpp"
#include "loop/loop.hpp"

namespace mock {

/// How the socket is to end.
enum class Ending {
  linger,  ///< send FIN, read and drop for a moment so that the reply is not lost to a reset, close
  close,   ///< close as it is: what the client still sends is answered with a reset
  fin,     ///< send FIN, drop what has arrived, close
  rst,     ///< SO_LINGER 0
  stall,   ///< keep open, silently, until the peer leaves
  half_close,  ///< send FIN, read and drop until the peer leaves
  zombie,      ///< read and drop until the peer leaves
};

/// `keep` becomes `fin`.
[[nodiscard]] Ending ending_of(SocketEnd end);

/// What a Conversation asks of its socket. None of these calls back into the Conversation.
class Wire {
 public:
  virtual ~Wire() = default;
  /// True when all of it went to the kernel at once; else Conversation::written follows.
  virtual bool send(std::string bytes) = 0;
  /// The Conversation is over and asks for nothing more.
  virtual void end(Ending how) = 0;
  /// Call Conversation::deadline_passed after `limit`; nullopt: never. Replaces the one before.
  virtual void patience(std::optional<Milliseconds> limit) = 0;
  /// Call Conversation::proceed soon, from the loop.
  virtual void wake() = 0;
};

/// What every conversation of one listener shares; all outlive it.
struct ConversationSeams {
  Loop& loop;
  Application& application;
  Interceptor* interceptor = nullptr;
  Observer* observer = nullptr;
  const Limits& limits;
  const HttpOptions& http = strict_http;
};

/// What is known of the connection, copied into each Request.
struct Peer {
  bool tls = false;
  std::string local_authority;
  std::string remote;
  std::uint64_t connection = 0;
  std::string lane = {};  ///< the listener's
};

/// Loop thread only. Not to be destroyed from within a handler.
class Conversation final : private Exchange {
 public:
  Conversation(Wire& wire, const ConversationSeams& seams, Peer peer);
  ~Conversation() override;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// Has to be called once before anything else.
  void begin();
  /// How many bytes may be fed now; 0: none. While a Content-Length body is read this never
  /// reaches beyond it, so no byte of it is ever copied.
  [[nodiscard]] std::size_t wants() const;
  /// Only the number of bytes that are fed next matters, not what is in them.
  [[nodiscard]] bool only_counts() const;
  /// What was read; at most `wants()`. The bytes are not needed after the call.
  void feed(std::span<const std::byte> bytes);
  /// The peer will send no more. It may still read (a half-closed connection).
  void end_of_input();
  /// All that was sent has gone to the kernel.
  void written();
  void deadline_passed();
  void proceed();
  /// The connection broke: nothing can be read or written.
  void lost();
  /// Ends after the exchange that is under way, or now if there is none.
  void shut_down();

  /// An exchange is under way.
  [[nodiscard]] bool busy() const { return turn_ != nullptr; }

 private:
  struct Turn;
  enum class Phase {
    head,      // waiting for, or gathering, a request head
    exchange,  // the handler has the request; no reply yet
    reply,     // the reply is being written
    drain,     // the reply is written, the rest of the body is dropped
    over,
  };

  // Exchange, for the handler
  void read_body() override;
  void interim(Reply reply) override;
  void reply(Reply reply) override;

  void run(std::span<const std::byte> bytes);
  void take_in(std::span<const std::byte> bytes);
  bool step();
  void fail(const std::exception_ptr& thrown);
  bool recover(const std::exception_ptr& thrown);
  template <class Call>
  void bounded(Call call);
  void consume(std::size_t bytes);
  void arm();
  /// Runs `next` after `delay`; meanwhile nothing else happens.
  void hold(Milliseconds delay, std::function<void()> next);

  bool take_head();
  void refuse(const Refusal& refusal, std::string_view read);
  void answer_refusal(const Refusal& refusal);
  void open_turn(Head&& head);
  void open(RequestPlan plan);
  void serve();

  bool advance_exchange();
  [[nodiscard]] bool at_stop() const;
  void set_alarm();
  void sound_alarm();
  void act(BodyPlan plan);
  void tell_end(BodyEnd end);
  [[nodiscard]] bool reads_body() const;
  [[nodiscard]] std::uint64_t slice_limit() const;
  void give(std::span<const std::byte> bytes);
  void give_kept();
  void end_gathering(bool whole);
  void await_inflow();
  void body_cut_off(BodyEnd end);
  void reword(Reply& reply) const;
  void send_interim(Reply interim);
  void send_ahead(const std::vector<Ahead>& ahead);
  void send_late_interims();
  template <class Call>
  void guarded(Call call);

  void start_reply();
  [[nodiscard]] bool must_close(const Reply& reply) const;
  [[nodiscard]] bool announces_close(const Reply& reply) const;
  void compose(Reply& reply, ReplyPlan& plan);
  bool advance_reply();
  void send_piece(std::size_t size);
  bool top_up(std::size_t wanted);
  void fetch(Bytes end);
  void conclude();
  void drop_unread();
  [[nodiscard]] std::size_t body_window() const;

  void finish_turn(bool aborted);
  void end(Ending how);

  Wire& wire_;
  ConversationSeams seams_;
  Peer peer_;
  TimePoint connected_;
  TimePoint idle_since_;
  std::uint64_t requests_ = 0;

  Phase phase_ = Phase::head;
  bool running_ = false;
  bool eof_ = false;
  bool shutting_down_ = false;
  bool writing_ = false;
  // Since the deadline was set:
  bool progressed_ = false;
  bool turned_ = false;    // there was a request, which may be answered already
  std::size_t burst_ = 0;  // bytes of a source sent since input or the loop called
  enum class Armed { none, idle, head, body } armed_ = Armed::none;

  std::string stash_;                 // input that could not be used yet
  std::span<const std::byte> input_;  // valid while running: the stash, or what was fed
  HeadScanner scanner_;
  std::unique_ptr<Turn> turn_;
  BodyDecoder leftover_;  // the unread body of the last turn
  Bytes dropped_;         // of `leftover_`, so far

  std::unique_ptr<Timer> held_;
  std::function<void()> next_;
};

}  // namespace mock
