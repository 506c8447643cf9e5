// The reply to a request: composed, spoiled if so planned, written at its pace.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "http/turn.hpp"

namespace mock {

bool Conversation::must_close(const Reply& reply) const {
  const auto& turn = *turn_;
  if (reply.close || !turn.keep_alive || turn.cut_off || shutting_down_) return true;
  if (turn.body.complete()) return false;
  if (reply.unread_body == UnreadBody::close || turn.body.broken()) return true;
  // Nobody can tell whether the client will still send the body it was not asked for.
  if (turn.continue_due && input_.empty()) return true;
  const auto left = turn.body.remaining();
  return left && *left > std::min(seams_.limits.drain_bytes,
                                  turn.request.http->drain_bytes.value_or(*left));
}

/// Whether the reply says that the connection ends.
bool Conversation::announces_close(const Reply& reply) const {
  const auto& turn = *turn_;
  const bool silent =
      turn.cut_off && turn.request.content_length && !turn.request.http->announces_cut_off;
  return must_close(reply) && !silent;
}

void Conversation::start_reply() {
  auto& turn = *turn_;
  phase_ = Phase::reply;
  auto reply = std::move(*turn.reply);
  turn.reply.reset();
  turn.stored = std::move(reply.stored);
  dropped_ = {};
  ReplyPlan plan;
  compose(reply, plan);
  send_ahead(plan.ahead);
  turn.drains = reply.unread_body == UnreadBody::drain && !turn.cut_off && !turn.continue_due;
  turn.slice = static_cast<std::size_t>(plan.slice.value);
  turn.gap = plan.slice_gap;
  if (plan.end != SocketEnd::keep) turn.end = plan.end;
  const auto begin = [this, speed = plan.speed] {
    if (speed.bytes_per_second > 0) turn_->outflow.emplace(speed, seams_.loop.now());
  };
  if (plan.delay <= Milliseconds{0}) return begin();
  hold(plan.delay, begin);
}

void Conversation::compose(Reply& reply, ReplyPlan& plan) {
  auto& turn = *turn_;
  if (reply.fields.has_token("Connection", "close")) reply.close = true;
  Framing framing(turn.for_head, turn.request.minor_version, seams_.loop.now());
  if (turn.framed) {
    framing.apply(reply, announces_close(reply));
  } else {
    reply.fields.add("Connection", "close");
  }
  if (turn.intercept && !turn.plain) {
    plan = turn.intercept->on_reply(reply);
    framing.renew(reply, announces_close(reply));
  }
  turn.closes = must_close(reply) || reply.fields.has_token("Connection", "close");
  const bool has_body = carries_body(reply.status, turn.for_head);
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
  const auto shown = std::min(reply.length(), plan.truncate_body.value_or(reply.length()));
  if (reply.source) {
    turn.source = std::move(reply.source);
    turn.source_end = shown;
  } else {
    turn.out += std::string_view(reply.body).substr(0, static_cast<std::size_t>(shown.value));
  }
}

bool Conversation::advance_reply() {
  auto& turn = *turn_;
  drop_unread();
  if (writing_ || turn.fetch || !turn.late_interims.empty()) return false;
  if (turn.left() == 0) {
    conclude();
    return true;
  }
  if (std::exchange(turn.gap_due, false)) {
    hold(turn.gap, [] {});
    return true;
  }
  // To the end of the slice, as far as the speed allows.
  auto size = turn.left();
  if (turn.slice > 0) size = std::min(size, turn.slice - turn.sent.value % turn.slice);
  if (turn.outflow) {
    size = std::min(size, turn.outflow->refill(seams_.loop.now()));
    if (size == 0) {
      hold(turn.outflow->wait(), [] {});
      return true;
    }
  }
  if (turn.source) {
    size = std::min<std::uint64_t>(size, reply_slice);
    if (burst_ >= reply_burst) {
      wire_.wake();
      return false;
    }
    if (!top_up(static_cast<std::size_t>(size))) return false;
    burst_ += static_cast<std::size_t>(size);
  }
  if (turn.outflow) turn.outflow->spend(size);
  send_piece(static_cast<std::size_t>(size));
  turn.gap_due = turn.gap > Milliseconds{0} && turn.slice > 0 && turn.left() > 0 &&
                 turn.sent.value % turn.slice == 0;
  return true;
}

void Conversation::send_piece(std::size_t size) {
  auto& turn = *turn_;
  turn.sent += Bytes{size};
  if (size == turn.out.size()) {
    writing_ = !wire_.send(std::exchange(turn.out, {}));
    return;
  }
  auto piece = turn.out.substr(turn.out_at, size);
  turn.out_at += size;
  writing_ = !wire_.send(std::move(piece));
}

/// Has `wanted` bytes ready in `out`, or all that are left. False: a worker has to fetch them.
bool Conversation::top_up(std::size_t wanted) {
  auto& turn = *turn_;
  if (turn.cut) std::rethrow_exception(turn.cut);
  const auto rest = turn.out.size() - turn.out_at;
  if (rest >= wanted) return true;
  turn.out.erase(0, turn.out_at);
  turn.out_at = 0;
  const auto end = std::min(turn.source_end, turn.source_at + Bytes{reply_slice - rest});
  turn.out.resize(rest + static_cast<std::size_t>((end - turn.source_at).value));
  const auto read = turn.source->try_read(
      turn.source_at, std::as_writable_bytes(std::span(turn.out)).subspan(rest));
  if (!read) throw std::runtime_error(read.error().line());
  if (*read) {
    turn.source_at = end;
    return true;
  }
  turn.out.resize(rest);
  fetch(end);
  return false;
}

/// Reads on a worker, up to position `end` of the source, and goes on.
void Conversation::fetch(Bytes end) {
  struct Job {
    std::shared_ptr<BodySource> source;
    Bytes at;
    std::size_t size;
    std::string out;
    Result<void> read;
  };
  auto& turn = *turn_;
  auto job = std::make_shared<Job>();
  job->source = turn.source;
  job->at = turn.source_at;
  job->size = static_cast<std::size_t>((end - turn.source_at).value);
  job->out = std::move(turn.out);
  turn.fetch = std::make_shared<int>(0);
  seams_.loop.background(
      [job] {
        const auto rest = job->out.size();
        job->out.resize(rest + job->size);
        const auto into = std::as_writable_bytes(std::span(job->out)).subspan(rest);
        job->read = job->source->read(job->at, into);
      },
      [this, job, end, wanted = std::weak_ptr(turn.fetch)](std::exception_ptr thrown) {
        if (wanted.expired()) return;
        auto& waiting = *turn_;
        waiting.fetch.reset();
        if (!thrown && !job->read) {
          thrown = std::make_exception_ptr(std::runtime_error(job->read.error().line()));
        }
        waiting.cut = thrown;
        if (!thrown) {
          waiting.out = std::move(job->out);
          waiting.source_at = end;
        }
        wire_.wake();
      });
}

void Conversation::conclude() {
  auto& turn = *turn_;
  if (turn.end != SocketEnd::keep) return end(ending_of(turn.end));
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

}  // namespace mock
