// The body of a request: to its handler, past the positions at which something goes wrong.
#include <algorithm>
#include <utility>

#include "http/turn.hpp"

namespace mock {

namespace {

constexpr std::string_view continue_head = "HTTP/1.1 100 Continue\r\n\r\n";

Reply go_on() {
  Reply interim;
  interim.status = 100;
  return interim;
}

}  // namespace

bool Conversation::at_stop() const {
  if (!turn_->intercept || turn_->asked_at == turn_->received) return false;
  const auto stop = turn_->intercept->next_stop();
  return stop && *stop <= turn_->received;
}

/// Not answered, and more of the body is to come.
bool Conversation::reads_body() const {
  const auto& turn = *turn_;
  return turn.gathering || (turn.body_wanted && !turn.end_told && !turn.reply);
}

/// Up to the next position at which the intercept wants to be asked.
std::uint64_t Conversation::slice_limit() const {
  const auto& turn = *turn_;
  if (!turn.intercept || turn.gathering) return body_slice;
  const auto stop = turn.intercept->next_stop();
  if (!stop || *stop <= turn.received) return body_slice;
  return std::min<std::uint64_t>(body_slice, (*stop - turn.received).value);
}

void Conversation::give(std::span<const std::byte> bytes) {
  turn_->received += Bytes{bytes.size()};
  guarded([&] { turn_->handler->on_bytes(bytes); });
}

void Conversation::give_kept() {
  auto& turn = *turn_;
  const auto rest = std::as_bytes(std::span(turn.kept)).subspan(turn.kept_at);
  const auto piece = rest.first(std::min<std::size_t>(rest.size(), slice_limit()));
  turn.kept_at += piece.size();
  give(piece);
  if (turn.kept_at == turn.kept.size()) {
    std::string().swap(turn.kept);
    turn.kept_at = 0;
  }
}

/// `whole`: it is all here and short enough to be edited. Else the request stays as it is.
void Conversation::end_gathering(bool whole) {
  auto& turn = *turn_;
  turn.gathering = false;
  if (whole) {
    guarded([&] { turn.intercept->on_small_body(turn.request, turn.kept); });
    if (turn.answered) return;
    if (turn.request.content_length) {
      turn.request.content_length = Bytes{turn.kept.size()};
      turn.request.fields.set("Content-Length", std::to_string(turn.kept.size()));
    }
  }
  serve();
}

void Conversation::await_inflow() {
  auto& turn = *turn_;
  if (turn.inflow_timer || !reads_body() || turn.inflow->allowance() > 0) return;
  turn.inflow_timer = seams_.loop.after(turn.inflow->wait(), [this] {
    turn_->inflow->refill(seams_.loop.now());
    turn_->inflow_timer.reset();
    wire_.wake();
  });
}

bool Conversation::advance_exchange() {
  auto& turn = *turn_;
  if (turn.reply) {
    if (!turn.late_interims.empty()) return false;
    start_reply();
    return true;
  }
  if (!reads_body()) return false;
  if (std::exchange(turn.continue_due, false) &&
      ((input_.empty() && !eof_) || turn.request.http->continues_always)) {
    // RFC 9110 section 10.1.1: not needed when part of the body is here already. Written in full or
    // queued before the reply, so that nobody has to wait for it.
    if (turn.intercept) {
      send_interim(go_on());
    } else {
      wire_.send(std::string(continue_head));
    }
  }
  if (turn.alarm_due) {
    sound_alarm();
    return true;
  }
  if (!turn.gathering && at_stop()) {
    turn.asked_at = turn.received;
    auto plan = turn.intercept->on_body(turn.received);
    send_ahead(plan.ahead);
    const auto delay = plan.delay;
    hold(delay, [this, plan = std::move(plan)]() mutable { act(std::move(plan)); });
    return true;
  }
  if (!turn.gathering && turn.kept_at < turn.kept.size()) {
    give_kept();
    return true;
  }
  if (turn.body.complete()) {
    if (turn.gathering) {
      end_gathering(true);
      return true;
    }
    turn.request.trailers = turn.body.take_trailers();
    tell_end(BodyEnd::complete);
    return true;
  }
  auto limit = slice_limit();
  if (turn.inflow) limit = std::min(limit, turn.inflow->allowance());
  if (limit == 0) return false;
  const auto piece = turn.body.take(input_, limit);
  consume(piece.consumed);
  if (!piece.body.empty()) {
    if (turn.inflow) turn.inflow->spend(piece.body.size());
    if (!turn.gathering) {
      give(piece.body);
    } else {
      turn.kept.append(reinterpret_cast<const char*>(piece.body.data()), piece.body.size());
      if (turn.kept.size() > editable_body.value) end_gathering(false);
    }
    return true;
  }
  if (turn.body.broken() || (piece.consumed == 0 && eof_)) {
    turn.gathering ? end_gathering(false) : body_cut_off(BodyEnd::aborted);
    return true;
  }
  return piece.consumed > 0 || turn.body.complete();
}

/// The time counts from the head, whatever a plan did before the handler was made.
void Conversation::set_alarm() {
  auto& turn = *turn_;
  const auto at = turn.intercept->next_alarm();
  if (!at) return turn.alarm.reset();
  const auto left = turn.request.received + *at - seams_.loop.now();
  turn.alarm =
      seams_.loop.after(std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(left)), [this] {
        turn_->alarm_due = true;
        wire_.wake();
      });
}

void Conversation::sound_alarm() {
  auto& turn = *turn_;
  // There has to be a handler that can be told of the end.
  if (turn.gathering) return end_gathering(false);
  turn.alarm_due = false;
  const auto lasted = seams_.loop.now() - turn.request.received;
  auto plan = turn.intercept->on_alarm(std::chrono::floor<Milliseconds>(lasted));
  set_alarm();
  const auto delay = plan.delay;
  hold(delay, [this, plan = std::move(plan)]() mutable { act(std::move(plan)); });
}

void Conversation::act(BodyPlan plan) {
  auto& turn = *turn_;
  if (plan.end == SocketEnd::keep && !plan.instead) return;
  turn.answered = true;  // whatever the handler says to this is dropped
  if (!turn.end_told) tell_end(BodyEnd::aborted);
  turn.reply.reset();
  if (!plan.instead) return end(ending_of(plan.end));
  seams_.application.add_cors(turn.request, *plan.instead);
  turn.reply = std::move(plan.instead);
  turn.end = plan.end;
}

void Conversation::tell_end(BodyEnd end) {
  turn_->end_told = true;
  guarded([&] { turn_->handler->on_end(end); });
}

/// Says of a chunked body what is wrong with it, where the profile has words for that.
void Conversation::reword(Reply& reply) const {
  const auto words = seams_.http.refusals.find(turn_->body.fault(eof_));
  if (words == seams_.http.refusals.end()) return;
  constexpr std::string_view line = "{line}";
  reply.status = words->second.status;
  reply.reason = words->second.reason;
  reply.body = words->second.body;
  if (const auto at = reply.body.find(line); at != std::string::npos)
    reply.body.replace(at, line.size(), turn_->body.faulty_line());
}

void Conversation::body_cut_off(BodyEnd end_of_body) {
  auto& turn = *turn_;
  turn.cut_off = true;
  if (turn.intercept) turn.intercept->on_abort();
  tell_end(end_of_body);
  if (turn.reply && turn.request.chunked) reword(*turn.reply);
  if (end_of_body == BodyEnd::timed_out || turn.reply) return;
  // Nobody answers this one any more.
  turn.answered = true;
  if (turn.body.broken()) {
    turn.reply = text_reply(400, "malformed chunked body\n");
  } else {
    end(Ending::close);
  }
}

}  // namespace mock
