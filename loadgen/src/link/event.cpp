#include "link/event.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace loadgen {

using transport::Cut;
using transport::Failure;
using transport::LoadOutcome;
using transport::LoadRequest;
using transport::LoadTime;

namespace {

/// The outcome of a request that is lost on purpose, in the words of the engine.
LoadOutcome lost_by(Cut::Kind kind, const char* why) {
  const bool silent = kind == Cut::Kind::silent;
  LoadOutcome outcome;
  outcome.failure = Failure{silent ? Failure::Kind::timeout : Failure::Kind::reset, why};
  return outcome;
}

/// As proxies and portals write it for people: a page, and the end of the connection.
LoadOutcome page_of(const Happening& one) {
  static const std::map<int, std::string> titles{{200, "Welcome: please log in"},
                                                 {302, "302 Found"},
                                                 {413, "413 Request Entity Too Large"},
                                                 {502, "502 Bad Gateway"},
                                                 {503, "503 Service Temporarily Unavailable"},
                                                 {504, "504 Gateway Time-out"},
                                                 {511, "511 Network Authentication Required"}};
  const auto known = titles.find(one.status);
  const std::string title = known == titles.end() ? std::to_string(one.status) : known->second;
  transport::LoadResponse response;
  response.status = one.status;
  response.headers.add("Content-Type", "text/html");
  response.headers.add("Connection", "close");
  if (one.portal && one.status == 302) {
    response.headers.add("Location", "http://portal.invalid/login");
  }
  response.body = "<html><head><title>" + title + "</title></head><body><h1>" + title +
                  "</h1></body></html>\r\n";
  LoadOutcome outcome;
  outcome.response = std::move(response);
  return outcome;
}

Milliseconds up_to(LoadTime until, LoadTime now) {
  return std::chrono::ceil<Milliseconds>(std::max(until - now, LoadTime::duration{0}));
}

}  // namespace

void EventLink::send(LoadRequest request, Done done) {
  const std::uint64_t id = state_->next++;
  const auto gone = std::make_shared<bool>(false);
  const auto sent = std::make_shared<Bytes>();
  if (request.source) {
    request.sender_gone = gone;
    request.source = [source = std::move(request.source), sent](Bytes at,
                                                                std::span<std::byte> into) {
      const std::size_t count = source(at, into);
      *sent = at + Bytes{count};
      return count;
    };
  }
  state_->outstanding.emplace(id, Outstanding{std::move(done), gone, sent});
  const LoadTime now_ = now();
  if (state_->away_until > now_) {
    after(up_to(state_->away_until, now_),
          [state = state_, &to = below(), id, request = std::move(request)]() mutable {
            pass(state, to, id, std::move(request));
          });
    return;
  }
  pass(state_, below(), id, std::move(request));
}

void EventLink::pass(const std::shared_ptr<State>& state, transport::LoadTransport& below,
                     std::uint64_t id, LoadRequest request) {
  if (!state->outstanding.contains(id)) return;
  const Happening* const one = state->happenings->at(below.now());
  if (one == nullptr) {
    below.send(std::move(request), [state, &below, id](LoadOutcome outcome) {
      answer(state, below, id, std::move(outcome));
    });
    return;
  }
  if (!one->is_outage()) {
    below.after(Milliseconds{0}, [state, &below, id, page = page_of(*one)]() mutable {
      answer(state, below, id, std::move(page));
    });
    return;
  }
  const Milliseconds left = up_to(one->end, below.now());
  if (left >= state->stall_timeout) {
    below.after(state->stall_timeout, [state, &below, id] {
      answer(state, below, id, lost_by(Cut::Kind::silent, "no answer (an outage on purpose)"));
    });
    return;
  }
  below.after(left, [state, &below, id, request = std::move(request)]() mutable {
    pass(state, below, id, std::move(request));
  });
}

void EventLink::answer(const std::shared_ptr<State>& state, transport::LoadTransport& loop,
                       std::uint64_t id, LoadOutcome outcome) {
  // An answer that was on its way when the line went down comes when it is up again.
  const auto silence = std::chrono::ceil<Milliseconds>(state->happenings->silence(loop.now()));
  if (outcome.response && silence.count() > 0) {
    if (silence >= state->stall_timeout) {
      const Bytes sent = outcome.sent;
      outcome = lost_by(Cut::Kind::silent, "no answer (an outage on purpose)");
      outcome.sent = sent;
    }
    loop.after(std::min(silence, state->stall_timeout),
               [state, &loop, id, outcome = std::move(outcome)]() mutable {
                 answer(state, loop, id, std::move(outcome));
               });
    return;
  }
  const auto found = state->outstanding.find(id);
  if (found == state->outstanding.end()) return;  // whoever asked is gone
  const Done done = std::move(found->second.done);
  state->outstanding.erase(found);
  done(std::move(outcome));
}

void EventLink::restart(Milliseconds away) {
  state_->away_until = std::max(state_->away_until, now() + away);
  const auto died = std::exchange(state_->outstanding, {});
  for (const auto& [id, one] : died) {
    *one.gone = true;
    LoadOutcome outcome = lost_by(Cut::Kind::reset, "the client's process ended (on purpose)");
    outcome.client_ended = true;
    outcome.sent = *one.sent;
    after(away,
          [done = one.done, outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  }
}

}  // namespace loadgen
