#include "http/conversation.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace mock {

namespace {

/// Read at most this much while a head is awaited, so that what has to be kept of a body whose
/// handler is not ready yet stays small.
constexpr std::size_t head_window = 16UL << 10U;
/// One slice of a body; the size of the buffer all connections share.
constexpr std::size_t body_slice = 256UL << 10U;

constexpr std::string_view continue_head = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Ending ending(SocketEnd end) {
  switch (end) {
    case SocketEnd::rst:
      return Ending::rst;
    case SocketEnd::stall:
      return Ending::stall;
    case SocketEnd::half_close:
      return Ending::half_close;
    case SocketEnd::zombie:
      return Ending::zombie;
    case SocketEnd::keep:
    case SocketEnd::fin:
      break;
  }
  return Ending::fin;
}

/// Stands in for a handler when a plan answers itself.
class Instead final : public Handler {
 public:
  Instead(Reply reply, bool after_body) : reply_(std::move(reply)), after_body_(after_body) {}
  void on_header(const Request& /*request*/, Exchange& exchange) override {
    exchange_ = &exchange;
    if (after_body_) return exchange.read_body();
    exchange.reply(std::move(reply_));
  }
  void on_bytes(std::span<const std::byte> /*bytes*/) override {}
  void on_end(BodyEnd /*end*/) override { exchange_->reply(std::move(reply_)); }

 private:
  Reply reply_;
  bool after_body_;
  Exchange* exchange_ = nullptr;
};

}  // namespace

struct Conversation::Turn {
  explicit Turn(Head head)
      : request(std::move(head.request)),
        body(std::move(head.body)),
        keep_alive(head.keep_alive),
        continue_due(head.expects_continue) {}

  // Destroyed from the last to the first: the handler may use the intercept's services.
  Request request;
  BodyDecoder body;
  std::unique_ptr<Intercept> intercept;
  std::unique_ptr<Handler> handler;

  bool keep_alive;
  bool continue_due;              // the client waits for 100 Continue
  bool body_wanted = false;       // the handler called read_body
  bool end_told = false;          // on_end was called
  bool cut_off = false;           // the body will never be complete: close after the reply
  bool answered = false;          // no further reply is taken
  Bytes received;                 // body bytes given to the handler
  std::optional<Bytes> asked_at;  // on_body was asked at this position
  std::optional<Reply> reply;

  // while it is written
  int status = 0;
  std::string out;
  std::size_t out_at = 0;
  Bytes sent;
  std::size_t slice = 0;
  Milliseconds gap{0};
  bool gap_due = false;
  bool drains = true;
  bool closes = false;
  SocketEnd end = SocketEnd::keep;
  ::http::Fields reply_fields;  // as sent, for the observer
};

Conversation::Conversation(Wire& wire, const ConversationSeams& seams, Peer peer)
    : wire_(wire), seams_(seams), peer_(std::move(peer)) {}

Conversation::~Conversation() = default;

void Conversation::begin() { arm(); }

std::size_t Conversation::wants() const {
  if (eof_ || held_ || next_) return 0;
  switch (phase_) {
    case Phase::head:
      return head_window;
    case Phase::exchange:
      return turn_->body_wanted && !turn_->end_told && !turn_->reply ? body_window() : 0;
    case Phase::reply:
      return turn_->drains ? body_window() : 0;
    case Phase::drain:
      return body_window();
    case Phase::over:
      break;
  }
  return 0;
}

std::size_t Conversation::body_window() const {
  const auto& body = turn_ ? turn_->body : leftover_;
  if (body.complete() || body.broken()) return 0;
  if (phase_ != Phase::exchange && dropped_ > seams_.limits.drain_bytes) return 0;
  const auto left = body.remaining();
  return left ? static_cast<std::size_t>(std::min<std::uint64_t>(body_slice, left->value))
              : body_slice;
}

void Conversation::feed(std::span<const std::byte> bytes) {
  progressed_ = true;
  run(bytes);
}

void Conversation::end_of_input() {
  eof_ = true;
  run({});
}

void Conversation::written() {
  writing_ = false;
  run({});
}

void Conversation::proceed() { run({}); }

void Conversation::read_body() {
  if (!turn_ || turn_->body_wanted) return;
  turn_->body_wanted = true;
  if (!running_) wire_.wake();
}

void Conversation::reply(Reply reply) {
  if (!turn_ || turn_->answered) return;
  turn_->answered = true;
  turn_->reply = std::move(reply);
  // From outside, the handler is not to be destroyed inside the call in which it replies.
  if (!running_) wire_.wake();
}

void Conversation::run(std::span<const std::byte> bytes) {
  if (running_ || phase_ == Phase::over) return;
  const bool stashed = !stash_.empty();
  if (stashed) {
    stash_.append(chars(bytes));
    input_ = std::as_bytes(std::span(stash_.data(), stash_.size()));
  } else {
    input_ = bytes;
  }
  running_ = true;
  while (phase_ != Phase::over && !held_ && step()) {
  }
  running_ = false;
  if (input_.empty() || phase_ == Phase::over) {
    std::string().swap(stash_);  // an idle or stalled connection holds no buffer
  } else if (stashed) {
    stash_.erase(0, stash_.size() - input_.size());
  } else {
    stash_.assign(chars(input_));
  }
  input_ = {};
  arm();
}

bool Conversation::step() {
  if (next_) {
    const auto next = std::exchange(next_, nullptr);
    next();
    return true;
  }
  switch (phase_) {
    case Phase::head:
      return take_head();
    case Phase::exchange:
      return advance_exchange();
    case Phase::reply:
      return advance_reply();
    case Phase::drain:
      drop_unread();
      if (leftover_.complete()) {
        phase_ = Phase::head;
        return true;
      }
      if (leftover_.broken() || dropped_ > seams_.limits.drain_bytes || eof_ || shutting_down_) {
        end(Ending::linger);
      }
      return false;
    case Phase::over:
      break;
  }
  return false;
}

void Conversation::consume(std::size_t bytes) { input_ = input_.subspan(bytes); }

void Conversation::hold(Milliseconds delay, std::function<void()> next) {
  next_ = std::move(next);
  if (delay <= Milliseconds{0}) return;
  held_ = seams_.loop.after(delay, [this] {
    held_.reset();
    wire_.wake();
  });
}

void Conversation::arm() {
  if (phase_ == Phase::over) return;
  auto armed = Armed::none;
  auto limit = Milliseconds{0};
  if (held_) {
    // a plan's delay is not the client's fault
  } else if (phase_ == Phase::head) {
    armed = stash_.empty() ? Armed::idle : Armed::head;
    limit = stash_.empty() ? seams_.limits.idle_timeout : seams_.limits.header_timeout;
  } else if (wants() > 0) {
    armed = Armed::body;
    limit = seams_.limits.read_timeout;
  }
  if (armed == armed_ && !(armed == Armed::body && progressed_)) return;
  armed_ = armed;
  progressed_ = false;
  wire_.patience(armed == Armed::none ? std::nullopt : std::optional(limit));
}

void Conversation::deadline_passed() {
  armed_ = Armed::none;
  if (phase_ == Phase::over || held_) return;
  if (phase_ == Phase::head && !stash_.empty()) {
    next_ = [this] {
      input_ = {};
      refuse({408, "the request head did not come in time"});
    };
  } else if (phase_ == Phase::exchange && wants() > 0) {
    next_ = [this] { body_cut_off(BodyEnd::timed_out); };
  } else if (phase_ == Phase::reply) {
    turn_->drains = false;
    turn_->closes = true;
  } else if (phase_ != Phase::exchange) {
    return end(Ending::fin);
  }
  run({});
}

void Conversation::lost() {
  if (phase_ == Phase::over) return;
  if (phase_ == Phase::exchange && turn_->body_wanted && !turn_->end_told && !turn_->reply) {
    running_ = true;
    body_cut_off(BodyEnd::aborted);
    running_ = false;
  }
  end(Ending::close);
}

void Conversation::shut_down() {
  shutting_down_ = true;
  if (phase_ == Phase::head) return end(Ending::fin);
  if (phase_ == Phase::drain) return end(Ending::linger);
}

// ---- the head

bool Conversation::take_head() {
  // RFC 9112 section 2.2: empty lines before a request-line are ignored.
  while (scanner_.pristine() && chars(input_).starts_with("\r\n")) consume(2);
  if (shutting_down_ || (input_.empty() && eof_)) {
    end(Ending::fin);
    return false;
  }
  if (input_.empty() || (chars(input_) == "\r" && !eof_)) return false;
  const auto length = scanner_.scan(chars(input_), seams_.limits);
  if (!length) {
    refuse(length.error());
    return true;
  }
  if (*length == 0) {
    if (eof_) end(Ending::fin);
    return false;
  }
  scanner_.reset();
  auto head = parse_head(chars(input_.first(*length)));
  consume(*length);
  if (!head) {
    refuse(head.error());
  } else {
    open_turn(std::move(*head));
  }
  return true;
}

void Conversation::refuse(const Refusal& refusal) {
  scanner_.reset();
  turn_ = std::make_unique<Turn>(Head{});
  turn_->request.received = seams_.loop.now();
  turn_->request.remote = peer_.remote;
  turn_->request.connection = peer_.connection;
  turn_->cut_off = true;
  turn_->answered = true;
  turn_->reply = text_reply(refusal.status, refusal.why + "\n");
  phase_ = Phase::exchange;
}

void Conversation::open_turn(Head head) {
  turn_ = std::make_unique<Turn>(std::move(head));
  phase_ = Phase::exchange;
  auto& request = turn_->request;
  request.tls = peer_.tls;
  request.local_authority = peer_.local_authority;
  request.remote = peer_.remote;
  request.connection = peer_.connection;
  request.lane = peer_.lane;
  request.received = seams_.loop.now();
  seams_.application.admit(request);
  RequestPlan plan;
  if (seams_.interceptor != nullptr) turn_->intercept = seams_.interceptor->begin(request);
  if (turn_->intercept) {
    const auto target = request.target;
    plan = turn_->intercept->on_request(request);
    // An edited target that is no target any more is a path nobody serves.
    if (request.target != target) {
      if (!split_target(request)) request.path = request.target;
      seams_.application.admit(request);
    }
  }
  const auto delay = plan.delay;
  hold(delay, [this, plan = std::move(plan)]() mutable { open(std::move(plan)); });
}

void Conversation::open(RequestPlan plan) {
  if (plan.end != SocketEnd::keep) return end(ending(plan.end));
  auto& turn = *turn_;
  guarded([&] {
    turn.handler =
        plan.instead ? std::make_unique<Instead>(std::move(*plan.instead), plan.instead_after_body)
                     : seams_.application.handler_for(turn.request, turn.intercept.get());
    if (turn.handler) {
      turn.handler->on_header(turn.request, *this);
    } else {
      reply(text_reply(404, "nothing is served here\n"));
    }
  });
}

/// The one place that turns an exception into a response.
template <class Call>
void Conversation::guarded(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    turn_->answered = true;
    turn_->cut_off = true;
    turn_->reply = text_reply(500, std::string("internal error: ") + error.what() + "\n");
  }
}

// ---- the body

bool Conversation::at_stop() const {
  if (!turn_->intercept || turn_->asked_at == turn_->received) return false;
  const auto stop = turn_->intercept->next_stop();
  return stop && *stop <= turn_->received;
}

bool Conversation::advance_exchange() {
  auto& turn = *turn_;
  if (turn.reply) {
    start_reply();
    return true;
  }
  if (!turn.body_wanted || turn.end_told) return false;
  if (std::exchange(turn.continue_due, false) && input_.empty() && !eof_) {
    // RFC 9110 section 10.1.1: not needed when part of the body is here already. Written in full or
    // queued before the reply, so that nobody has to wait for it.
    wire_.send(std::string(continue_head));
  }
  if (at_stop()) {
    turn.asked_at = turn.received;
    auto plan = turn.intercept->on_body(turn.received);
    const auto delay = plan.delay;
    hold(delay, [this, plan = std::move(plan)]() mutable { act(std::move(plan)); });
    return true;
  }
  if (turn.body.complete()) {
    turn.request.trailers = turn.body.take_trailers();
    tell_end(BodyEnd::complete);
    return true;
  }
  std::uint64_t limit = body_slice;
  if (turn.intercept) {
    const auto stop = turn.intercept->next_stop();
    if (stop && *stop > turn.received) limit = std::min(limit, (*stop - turn.received).value);
  }
  const auto piece = turn.body.take(input_, limit);
  consume(piece.consumed);
  if (!piece.body.empty()) {
    turn.received += Bytes{piece.body.size()};
    guarded([&] { turn.handler->on_bytes(piece.body); });
    return true;
  }
  if (turn.body.broken() || (piece.consumed == 0 && eof_)) {
    body_cut_off(BodyEnd::aborted);
    return true;
  }
  return piece.consumed > 0 || turn.body.complete();
}

void Conversation::act(BodyPlan plan) {
  auto& turn = *turn_;
  if (plan.end == SocketEnd::keep && !plan.instead) return;
  turn.answered = true;  // whatever the handler says to this is dropped
  if (!turn.end_told) tell_end(BodyEnd::aborted);
  turn.reply.reset();
  if (!plan.instead) return end(ending(plan.end));
  turn.reply = std::move(plan.instead);
  turn.end = plan.end;
}

void Conversation::tell_end(BodyEnd end) {
  turn_->end_told = true;
  guarded([&] { turn_->handler->on_end(end); });
}

void Conversation::body_cut_off(BodyEnd end_of_body) {
  auto& turn = *turn_;
  turn.cut_off = true;
  if (turn.intercept) turn.intercept->on_abort();
  tell_end(end_of_body);
  if (end_of_body == BodyEnd::timed_out || turn.reply) return;
  // Nobody answers this one any more.
  turn.answered = true;
  if (turn.body.broken()) {
    turn.reply = text_reply(400, "malformed chunked body\n");
  } else {
    end(Ending::close);
  }
}

// ---- the reply

bool Conversation::must_close(const Reply& reply) const {
  const auto& turn = *turn_;
  if (reply.close || !turn.keep_alive || turn.cut_off || shutting_down_) return true;
  if (turn.body.complete()) return false;
  if (reply.unread_body == UnreadBody::close || turn.body.broken()) return true;
  // Nobody can tell whether the client will still send the body it was not asked for.
  if (turn.continue_due && input_.empty()) return true;
  const auto left = turn.body.remaining();
  return left && *left > seams_.limits.drain_bytes;
}

void Conversation::start_reply() {
  auto& turn = *turn_;
  phase_ = Phase::reply;
  auto reply = std::move(*turn.reply);
  turn.reply.reset();
  dropped_ = {};
  ReplyPlan plan;
  compose(reply, plan);
  turn.drains = reply.unread_body == UnreadBody::drain && !turn.cut_off && !turn.continue_due;
  turn.slice = static_cast<std::size_t>(plan.slice.value);
  turn.gap = plan.slice_gap;
  if (plan.end != SocketEnd::keep) turn.end = plan.end;
  hold(plan.delay, [] {});
}

void Conversation::compose(Reply& reply, ReplyPlan& plan) {
  auto& turn = *turn_;
  const bool is_head = turn.request.method == "HEAD";
  if (reply.fields.has_token("Connection", "close")) reply.close = true;
  Framing framing(is_head, turn.request.minor_version, seams_.loop.now());
  framing.apply(reply, must_close(reply));
  if (turn.intercept) {
    plan = turn.intercept->on_reply(reply);
    framing.renew(reply, must_close(reply));
  }
  turn.closes = must_close(reply) || reply.fields.has_token("Connection", "close");
  const bool has_body = carries_body(reply.status, is_head);
  if (has_body && !reply.fields.has("Content-Length") && !reply.fields.has("Transfer-Encoding")) {
    turn.closes = true;  // RFC 9112 section 6.3: such a body ends with the connection
  }
  if (!plan.send) return;
  turn.status = reply.status;
  if (plan.raw) {
    turn.out = std::move(*plan.raw);
    return;
  }
  turn.out = serialise_head(reply);
  if (seams_.observer != nullptr) turn.reply_fields = std::move(reply.fields);
  if (plan.truncate_head && plan.truncate_head->value < turn.out.size()) {
    turn.out.resize(static_cast<std::size_t>(plan.truncate_head->value));
    return;
  }
  if (!has_body) return;
  const std::string_view body = reply.body;
  turn.out += plan.truncate_body ? body.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                      plan.truncate_body->value, body.size())))
                                 : body;
}

bool Conversation::advance_reply() {
  auto& turn = *turn_;
  drop_unread();
  if (writing_) return false;
  if (turn.out_at == turn.out.size()) {
    conclude();
    return true;
  }
  if (std::exchange(turn.gap_due, false)) {
    hold(turn.gap, [] {});
    return true;
  }
  if (turn.slice == 0) {
    turn.sent += Bytes{turn.out.size()};
    writing_ = !wire_.send(std::exchange(turn.out, {}));
    turn.out_at = 0;
    return true;
  }
  auto piece = turn.out.substr(turn.out_at, turn.slice);
  turn.out_at += piece.size();
  turn.sent += Bytes{piece.size()};
  turn.gap_due = turn.gap > Milliseconds{0} && turn.out_at < turn.out.size();
  writing_ = !wire_.send(std::move(piece));
  return true;
}

void Conversation::conclude() {
  auto& turn = *turn_;
  if (turn.end != SocketEnd::keep) return end(ending(turn.end));
  const bool unread = !turn.body.complete();
  if (turn.closes || turn.body.broken() || dropped_ > seams_.limits.drain_bytes) {
    return end(unread && !turn.drains && !turn.cut_off && !turn.continue_due ? Ending::close
                                                                             : Ending::linger);
  }
  leftover_ = std::move(turn.body);
  phase_ = leftover_.complete() ? Phase::head : Phase::drain;
  finish_turn(false);
}

void Conversation::drop_unread() {
  if (turn_ && !turn_->drains) return;
  auto& body = turn_ ? turn_->body : leftover_;
  while (!input_.empty() && !body.complete() && !body.broken() &&
         dropped_ <= seams_.limits.drain_bytes) {
    const auto piece = body.take(input_, body_slice);
    if (piece.consumed == 0) break;
    consume(piece.consumed);
    dropped_ += Bytes{piece.consumed};
  }
}

void Conversation::finish_turn(bool aborted) {
  const auto turn = std::move(turn_);
  if (!turn) return;
  if (seams_.observer == nullptr) return;
  seams_.observer->on_exchange({turn->request, turn->status,
                                turn->status != 0 ? &turn->reply_fields : nullptr,
                                turn->intercept.get(), turn->received,
                                std::chrono::duration_cast<std::chrono::microseconds>(
                                    seams_.loop.now() - turn->request.received),
                                aborted, turn->sent});
}

void Conversation::end(Ending how) {
  if (phase_ == Phase::over) return;
  // Complete is what was meant to be: a reply written to its end, whatever the socket does then.
  const bool aborted =
      turn_ && (phase_ != Phase::reply || writing_ || turn_->out_at != turn_->out.size());
  phase_ = Phase::over;
  held_.reset();
  next_ = nullptr;
  finish_turn(aborted);
  wire_.end(how);
}

}  // namespace mock
