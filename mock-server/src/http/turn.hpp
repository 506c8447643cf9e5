// One request and its reply in the making; for the http room only.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/conversation.hpp"
#include "http/throttle.hpp"

namespace mock {

/// One slice of a body; the size of the buffer all connections share.
inline constexpr std::size_t body_slice = 256UL << 10U;
/// How much of a reply that has a source is in memory; twice that when a plan slices it.
inline constexpr std::size_t reply_slice = 32UL << 10U;
/// How much of such a reply goes out before the other connections get their turn.
inline constexpr std::size_t reply_burst = 256UL << 10U;

struct Conversation::Turn {
  explicit Turn(Head&& head)
      : request(std::move(head.request)),
        for_head(request.method == "HEAD"),
        body(std::move(head.body)),
        chunked_and_length(head.chunked_and_length),
        keep_alive(head.keep_alive),
        continue_due(head.expects_continue) {}

  // Destroyed from the last to the first: the handler may use the intercept's services.
  Request request;
  bool for_head;  // the client said HEAD, whatever a plan makes of the method
  BodyDecoder body;
  std::unique_ptr<Intercept> intercept;
  std::unique_ptr<Handler> handler;

  // what a plan asked for
  std::optional<Throttle> inflow;       // of the body
  std::unique_ptr<Timer> inflow_timer;  // until more of it may be read
  std::unique_ptr<Timer> alarm;         // until the intercept wants to be asked
  bool alarm_due = false;
  bool gathering = false;  // the body is kept in `kept`; there is no handler yet
  std::string kept;        // body bytes that the handler gets before any others
  std::size_t kept_at = 0;
  std::optional<Throttle> outflow;  // of the reply
  struct LateInterim {
    TimePoint due;
    std::string bytes;
  };
  std::vector<LateInterim> late_interims;  // the reply waits for them
  std::unique_ptr<Timer> interim_timer;    // until the first of them is due

  bool chunked_and_length;
  bool keep_alive;
  bool continue_due;              // the client waits for 100 Continue
  bool body_wanted = false;       // the handler called read_body
  bool end_told = false;          // on_end was called
  bool framed = true;             // the reply gets Date and Content-Length
  bool cut_off = false;           // the body will never be complete: close after the reply
  bool answered = false;          // no further reply is taken
  Bytes received;                 // body bytes given to the handler
  std::optional<Bytes> asked_at;  // on_body was asked at this position
  std::optional<Reply> reply;

  // while it is written
  int status = 0;
  std::string out;
  std::size_t out_at = 0;
  std::shared_ptr<BodySource> source;  // of what follows `out`
  Bytes source_at;
  Bytes source_end;
  std::shared_ptr<void> fetch;  // a worker reads for it
  std::exception_ptr cut;       // the source failed
  Bytes sent;
  std::size_t slice = 0;
  Milliseconds gap{0};
  bool gap_due = false;
  bool drains = true;
  bool closes = false;
  SocketEnd end = SocketEnd::keep;
  bool plain = false;           // no plan touches the reply any more
  ::http::Fields reply_fields;  // as sent, for the observer
  std::optional<StoredRange> stored;
  std::unique_ptr<RefusedHead> refused;

  /// Bytes that are not handed to the connection yet.
  [[nodiscard]] std::uint64_t left() const {
    return out.size() - out_at + (source_end - source_at).value;
  }
};

/// Runs a call into the handler; what it throws becomes the reply (500 or 507).
template <class Call>
void Conversation::guarded(Call call) {
  try {
    call();
  } catch (...) {
    fail(std::current_exception());
  }
}

}  // namespace mock
