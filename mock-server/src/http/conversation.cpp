#include "http/conversation.hpp"

#include <algorithm>
#include <utility>

#include "http/turn.hpp"

namespace mock {

namespace {

/// Read at most this much while a head is awaited, so that what has to be kept of a body whose
/// handler is not ready yet stays small.
constexpr std::size_t head_window = 16UL << 10U;
std::string_view chars(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Of a path that is kept for the observer alone.
constexpr std::size_t longest_path = 4096;

/// What can be told of a request of which `read` was read.
RefusedHead refused_head(std::string_view read, std::string why) {
  RefusedHead refused{{}, {}, false, std::move(why)};
  while (read.starts_with("\r\n")) read.remove_prefix(2);
  const auto line = read.substr(0, std::min(read.find_first_of("\r\n"), read.size()));
  const auto blank = std::min(line.find(' '), line.size());
  if (!::http::is_token(line.substr(0, blank))) return refused;
  Request request;
  request.method = line.substr(0, blank);
  const auto rest = line.substr(std::min(blank + 1, line.size()));
  request.target = rest.substr(0, std::min(rest.find(' '), rest.size()));
  if (!split_target(request)) {
    request.path = request.target.substr(0, request.target.find('?'));
    request.query = request.target.substr(request.path.size());
  }
  refused.method = std::move(request.method);
  refused.path = request.path.substr(0, longest_path);
  refused.query = !request.query.empty();
  return refused;
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

Ending ending_of(SocketEnd end) {
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

Conversation::Conversation(Wire& wire, const ConversationSeams& seams, Peer peer)
    : wire_(wire),
      seams_(seams),
      peer_(std::move(peer)),
      connected_(seams.loop.now()),
      idle_since_(connected_) {}

Conversation::~Conversation() = default;

void Conversation::begin() { arm(); }

std::size_t Conversation::wants() const {
  if (eof_ || held_ || next_) return 0;
  switch (phase_) {
    case Phase::head:
      return head_window;
    case Phase::exchange:
      return reads_body() ? body_window() : 0;
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
  std::uint64_t window = body_slice;
  if (const auto left = body.remaining()) window = std::min(window, left->value);
  if (phase_ == Phase::exchange && turn_->inflow)
    window = std::min(window, turn_->inflow->allowance());
  return static_cast<std::size_t>(window);
}

/// A body by Content-Length goes to the handler as it is read; in a chunked one there is framing.
bool Conversation::only_counts() const {
  return phase_ == Phase::exchange && stash_.empty() && turn_->handler && !turn_->gathering &&
         turn_->body.remaining() && !turn_->handler->looks_at_bytes();
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

void Conversation::interim(Reply reply) {
  if (!turn_ || turn_->answered || turn_->request.minor_version < 1) return;
  send_interim(std::move(reply));
}

void Conversation::send_interim(Reply interim) {
  auto& turn = *turn_;
  InterimPlan plan;
  if (turn.intercept && !turn.plain) plan = turn.intercept->on_interim(interim);
  if (!plan.send) return;
  auto bytes = serialise_head(interim);
  if (plan.twice) bytes += bytes;
  if (plan.delay <= Milliseconds{0} && turn.late_interims.empty()) {
    wire_.send(std::move(bytes));
    return;
  }
  turn.late_interims.push_back({seams_.loop.now() + plan.delay, std::move(bytes)});
  send_late_interims();
}

/// They go behind those that wait already. HTTP/1.0 has none of them, but a rule may be wrong.
void Conversation::send_ahead(const std::vector<Ahead>& ahead) {
  if (ahead.empty()) return;
  auto due = seams_.loop.now();
  for (const auto& one : ahead) {
    due += one.gap;
    turn_->late_interims.push_back({due, serialise_head(one.reply)});
  }
  send_late_interims();
}

/// In their order, each when it is due; wakes the reply that waits for them.
void Conversation::send_late_interims() {
  auto& turn = *turn_;
  if (turn.interim_timer) return;
  const auto now = seams_.loop.now();
  while (!turn.late_interims.empty() && turn.late_interims.front().due <= now) {
    wire_.send(std::move(turn.late_interims.front().bytes));
    turn.late_interims.erase(turn.late_interims.begin());
  }
  if (turn.late_interims.empty()) return wire_.wake();
  const auto wait = std::chrono::ceil<Milliseconds>(turn.late_interims.front().due - now);
  turn.interim_timer = seams_.loop.after(wait, [this] {
    turn_->interim_timer.reset();
    send_late_interims();
  });
}

void Conversation::reply(Reply reply) {
  if (!turn_ || turn_->answered) return;
  turn_->answered = true;
  turn_->reply = std::move(reply);
  // From outside `run`: no handler may be destroyed inside the call in which it replies.
  if (!running_) wire_.wake();
}

/// An exception in `call` ends this conversation, and nothing else.
template <class Call>
void Conversation::bounded(Call call) {
  try {
    call();
  } catch (...) {
    const auto thrown = std::current_exception();
    turn_ ? report(seams_.loop, turn_->request, thrown)
          : seams_.loop.trouble("a connection", thrown);
    running_ = false;
    input_ = {};
    end(Ending::rst);
  }
}

void Conversation::run(std::span<const std::byte> bytes) {
  if (running_ || phase_ == Phase::over) return;
  bounded([&] { take_in(bytes); });
}

void Conversation::take_in(std::span<const std::byte> bytes) {
  const bool stashed = !stash_.empty();
  if (stashed) {
    stash_.append(chars(bytes));
    input_ = std::as_bytes(std::span(stash_.data(), stash_.size()));
  } else {
    input_ = bytes;
  }
  running_ = true;
  burst_ = 0;
  for (bool more = true; more && phase_ != Phase::over && !held_;) {
    try {
      more = step();
    } catch (...) {
      more = recover(std::current_exception());
    }
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

/// The request is over, whatever its handler still thinks of it.
void Conversation::fail(const std::exception_ptr& thrown) {
  turn_->answered = true;
  turn_->cut_off = true;
  turn_->reply = failed(seams_.loop, turn_->request, thrown);
}

/// For an exception that no handler threw. As long as nothing of a reply is written, an error reply
/// takes its place, which no plan may touch any more, and true is returned; else it throws again.
bool Conversation::recover(const std::exception_ptr& thrown) {
  if (!turn_ || turn_->plain || turn_->sent > Bytes{0}) std::rethrow_exception(thrown);
  held_.reset();
  next_ = nullptr;
  turn_->plain = true;
  turn_->gathering = false;
  turn_->outflow.reset();
  turn_->out.clear();
  turn_->out_at = 0;
  turn_->source.reset();
  turn_->source_at = turn_->source_end = {};
  turn_->fetch.reset();
  turn_->cut = nullptr;
  turn_->end = SocketEnd::keep;
  turn_->interim_timer.reset();
  turn_->late_interims.clear();
  fail(thrown);
  phase_ = Phase::exchange;
  return true;
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
  } else if (phase_ == Phase::exchange && turn_->inflow) {
    await_inflow();
  }
  const bool anew = turned_ || (armed == Armed::body && progressed_);
  if (armed == armed_ && !anew) return;
  armed_ = armed;
  progressed_ = turned_ = false;
  wire_.patience(armed == Armed::none ? std::nullopt : std::optional(limit));
}

void Conversation::deadline_passed() {
  armed_ = Armed::none;
  if (phase_ == Phase::over || held_) return;
  if (phase_ == Phase::head && !stash_.empty()) {
    next_ = [this] {
      const auto read = chars(std::exchange(input_, {}));
      refuse({408, "the request head did not come in time"}, read);
    };
  } else if (phase_ == Phase::exchange && wants() > 0) {
    next_ = [this] {
      if (turn_->gathering) return end_gathering(false);
      if (turn_->intercept) turn_->intercept->on_stall();
      body_cut_off(BodyEnd::timed_out);
    };
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
  bounded([this] {
    if (phase_ == Phase::exchange && reads_body()) {
      running_ = true;
      if (turn_->gathering) {
        // The handler gets what came, as if it had not been gathered.
        end_gathering(false);
        while (reads_body() && turn_->kept_at < turn_->kept.size()) give_kept();
      }
      if (reads_body()) body_cut_off(BodyEnd::aborted);
      running_ = false;
    }
  });
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
  while (scanner_.pristine() && chars(input_).starts_with("\r\n")) {
    if (seams_.http.refuses_empty_lines) {
      refuse({400, "there is an empty line before the request-line"}, chars(input_));
      return true;
    }
    consume(2);
  }
  if (shutting_down_ || (input_.empty() && eof_)) {
    end(Ending::fin);
    return false;
  }
  if (input_.empty() || (chars(input_) == "\r" && !eof_)) return false;
  const auto length = scanner_.scan(chars(input_), seams_.limits);
  if (!length) {
    refuse(length.error(), chars(input_));
    return true;
  }
  if (*length == 0) {
    if (eof_) end(Ending::fin);
    return false;
  }
  scanner_.reset();
  const auto read = chars(input_.first(*length));
  auto head = parse_head(read, seams_.http);
  consume(*length);
  if (!head) {
    refuse(head.error(), read);
  } else {
    open_turn(std::move(*head));
  }
  return true;
}

/// `read` begins with what was read of its head.
void Conversation::refuse(const Refusal& refusal, std::string_view read) {
  scanner_.reset();
  Head none;  // a temporary one is believed to be uninitialised by g++ 12 at -O3
  turn_ = std::make_unique<Turn>(std::move(none));
  turn_->request.received = seams_.loop.now();
  turn_->request.remote = peer_.remote;
  turn_->request.connection = peer_.connection;
  turn_->request.lane = peer_.lane;
  turn_->refused = std::make_unique<RefusedHead>(refused_head(read, refusal.why));
  phase_ = Phase::exchange;
  answer_refusal(refusal);
}

void Conversation::answer_refusal(const Refusal& refusal) {
  turn_->cut_off = true;
  turn_->answered = true;
  const auto words = seams_.http.refusals.find(refusal.kind);
  if (words == seams_.http.refusals.end()) {
    turn_->reply = text_reply(refusal.status, refusal.why + "\n");
    return;
  }
  const auto& own = words->second;
  turn_->framed = own.framed;
  turn_->reply = own.body.empty() ? Reply{} : text_reply(own.status, own.body);
  turn_->reply->status = own.status;
  turn_->reply->reason = own.reason;
}

void Conversation::open_turn(Head&& head) {
  turn_ = std::make_unique<Turn>(std::move(head));
  phase_ = Phase::exchange;
  turned_ = true;
  auto& request = turn_->request;
  request.tls = peer_.tls;
  request.local_authority = peer_.local_authority;
  request.remote = peer_.remote;
  request.connection = peer_.connection;
  request.nth = ++requests_;
  request.connected = connected_;
  request.idle_since = idle_since_;
  request.lane = peer_.lane;
  request.received = seams_.loop.now();
  seams_.application.admit(request);
  if (turn_->chunked_and_length &&
      request.http->chunked_and_length == HttpOptions::ChunkedAndLength::refuse) {
    const Refusal refusal{400, "Transfer-Encoding and Content-Length exclude each other"};
    turn_->refused = std::make_unique<RefusedHead>(
        RefusedHead{request.method, request.path, !request.query.empty(), refusal.why});
    return answer_refusal(refusal);
  }
  RequestPlan plan;
  if (seams_.interceptor != nullptr) turn_->intercept = seams_.interceptor->begin(request);
  if (turn_->intercept) {
    const auto target = request.target;
    plan = turn_->intercept->on_request(request);
    if (request.target == target) {
      request.path.insert(0, request.mount);
    } else if (!split_target(request)) {
      // An edited target that is no target any more is a path nobody serves.
      request.path = request.target;
    }
    seams_.application.admit(request);
  }
  send_ahead(plan.ahead);
  const auto delay = plan.delay;
  if (delay <= Milliseconds{0}) return open(std::move(plan));
  hold(delay, [this, plan = std::move(plan)]() mutable { open(std::move(plan)); });
}

void Conversation::open(RequestPlan plan) {
  if (plan.end != SocketEnd::keep) return end(ending_of(plan.end));
  auto& turn = *turn_;
  if (plan.receive.bytes_per_second > 0) turn.inflow.emplace(plan.receive, seams_.loop.now());
  if (plan.instead) {
    seams_.application.add_cors(turn.request, *plan.instead);
    turn.handler = std::make_unique<Instead>(std::move(*plan.instead), plan.instead_after_body);
    return turn.handler->on_header(turn.request, *this);
  }
  const auto& request = turn.request;
  if (turn.intercept && request.has_body()) set_alarm();
  turn.gathering = turn.intercept && request.has_body() && turn.intercept->edits_body() &&
                   request.content_length.value_or(Bytes{0}) <= editable_body;
  if (!turn.gathering) serve();
}

void Conversation::serve() {
  auto& turn = *turn_;
  guarded([&] {
    turn.handler = seams_.application.handler_for(turn.request, turn.intercept.get());
    if (turn.handler) {
      turn.handler->on_header(turn.request, *this);
    } else {
      reply(text_reply(404, "nothing is served here\n"));
    }
  });
}

// ---- ends

void Conversation::finish_turn(bool aborted) {
  const auto turn = std::move(turn_);
  if (!turn) return;
  idle_since_ = seams_.loop.now();
  if (seams_.observer == nullptr) return;
  try {
    seams_.observer->on_exchange(
        {turn->request, turn->status, turn->status != 0 ? &turn->reply_fields : nullptr,
         turn->intercept.get(), turn->received,
         std::chrono::duration_cast<std::chrono::microseconds>(idle_since_ -
                                                               turn->request.received),
         aborted, turn->sent, turn->refused.get(), turn->stored ? &*turn->stored : nullptr});
  } catch (...) {
    seams_.loop.trouble("the record of an exchange", std::current_exception());
  }
}

void Conversation::end(Ending how) {
  if (phase_ == Phase::over) return;
  // An exchange is complete when its reply is written to the end, whatever the socket does then.
  const bool aborted = turn_ && (phase_ != Phase::reply || writing_ || turn_->left() > 0);
  phase_ = Phase::over;
  held_.reset();
  next_ = nullptr;
  finish_turn(aborted);
  wire_.end(how);
}

}  // namespace mock
