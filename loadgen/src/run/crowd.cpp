#include "run/crowd.hpp"

#include <algorithm>
#include <utility>

namespace loadgen {
Crowd::Crowd(const RunPlan& plan, Shared& shared, Progress& progress, transport::LoadEngine& engine,
             transport::LoadTransport& below, std::uint64_t first, std::uint64_t stride,
             Events events)
    : plan_(plan),
      shared_(shared),
      progress_(progress),
      engine_(engine),
      below_(below),
      events_(std::move(events)),
      calendar_(plan, shared.start, stride),
      idle_since_(shared.start) {
  for (const GroupPlan& group : plan.groups) {
    Company company;
    company.line = std::make_unique<Line>(below, group.settings->network);
    for (const Credentials& account : group.accounts) {
      company.authorizers.push_back(std::make_unique<Authorizer>(company.line->top(), account));
    }
    groups_.push_back(std::move(company));
  }
  for (std::size_t i = 0; i < plan.roster.streams().size(); ++i) {
    streams_.push_back(
        {std::make_unique<Schedule>(plan.roster.schedule(i, first, stride), shared.start)});
  }
  for (std::size_t i = 0; i < plan.scenario.events.size(); ++i) {
    const Event& event = plan.scenario.events[i];
    const bool moment = event.kind == Event::Kind::restart ||
                        event.kind == Event::Kind::tokens_forgotten ||
                        event.kind == Event::Kind::tokens_revoked;
    if (moment) engine_.at(shared.start + event.at, [this, i] { happen(i); });
  }
}

void Crowd::happen(std::size_t event) {
  const Event& of = plan_.scenario.events[event];
  if (of.kind != Event::Kind::restart) {
    lose_tokens(of, event);
    return;
  }
  for (const auto& [index, running] : uploads_) {
    if (calendar_.meets(event, running->partner->who)) running->events->restart(of.lasts);
  }
}

void Crowd::lose_tokens(const Event& event, std::size_t number) {
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    const auto& authorizers = groups_[group].authorizers;
    for (std::uint64_t account = 0; account < authorizers.size(); ++account) {
      if (!calendar_.meets_account(number, group, account)) continue;
      if (event.kind == Event::Kind::tokens_forgotten) {
        authorizers[account]->forget();
      } else if (const auto token = authorizers[account]->in_use()) {
        revoke(*token, event);
      }
    }
  }
}

void Crowd::revoke(const std::string& token, const Event& event) {
  below_.send(revocation_of(token, event.revocation_url, plan_.settings().url),
              [this](const transport::LoadOutcome& outcome) {
                if (outcome.response && outcome.response->status / 100 == 2) return;
                notes_.push_back("a token could not be revoked: " +
                                 (outcome.response ? std::to_string(outcome.response->status)
                                                   : outcome.failure->message));
              });
}

void Crowd::fill() {
  for (std::size_t i = 0; i < streams_.size(); ++i) fill(i);
  events_.idle();
}

void Crowd::fill(std::size_t stream) {
  Stream& of = streams_[stream];
  Schedule& schedule = *of.schedule;
  while (const auto due = schedule.take(engine_.now())) {
    const Who who = plan_.roster.who(stream, due->partner);
    const Bytes size = plan_.roster.size_of(who, 0);
    if (!may_begin(size)) {
      schedule.refuse(engine_.now());
      close();
      break;
    }
    start(stream, *due, who, size);
  }
  if (const auto due = schedule.next_due(engine_.now()); due && !of.due_timer) {
    of.due_timer = true;
    engine_.at(*due, [this, stream] {
      streams_[stream].due_timer = false;
      fill(stream);
      events_.idle();
    });
  }
}

bool Crowd::may_begin(Bytes size) {
  const auto& most = plan_.settings().max_bytes;
  const std::uint64_t begun = shared_.begun_bytes += size.value;
  return !most || begun <= most->value;
}

void Crowd::close() {
  closed_ = true;
  for (const Stream& stream : streams_) stream.schedule->close(engine_.now());
}

void Crowd::start(std::size_t stream, const Schedule::Start& start, const Who& who, Bytes size) {
  // Nothing was due until now, so there was no progress to make.
  if (!busy() && plan_.give_up && engine_.now() - idle_since_ > *plan_.give_up / 2) {
    shared_.pulse.beat(engine_.now());
  }
  raise(progress_.start_lag_max_us, engine_.now() - start.possible);
  const Group& group = plan_.scenario.groups[who.group];
  std::shared_ptr<const Happenings> happenings;
  std::unique_ptr<UplinkLink> uplink;
  if (calendar_.concerns(who.group) || calendar_.uplink(who.group)) {
    happenings = calendar_.of(who);
    uplink = std::make_unique<UplinkLink>(below_, calendar_.uplink(who.group), happenings);
  }
  const auto partner = std::make_shared<Partner>(who, std::move(uplink), below_,
                                                 group.settings.network, plan_.settings().seed);
  partner->happenings = std::move(happenings);
  partner->stream = stream;
  begin(partner, size, start.intended, start.possible);
  while (partner->next < std::min(group.parallel, who.files)) {
    const Bytes next = plan_.roster.size_of(who, partner->next);
    if (!may_begin(next)) {
      close();
      break;
    }
    begin(partner, next, start.intended, start.possible);
  }
}

void Crowd::begin(const std::shared_ptr<Partner>& partner, Bytes size, Time intended,
                  Time possible) {
  const Who& who = partner->who;
  const Group& group = plan_.scenario.groups[who.group];
  const GroupPlan& plan = plan_.groups[who.group];
  const std::uint64_t index = plan_.roster.upload(who, partner->next++);
  ++partner->going_on;
  const Network& network = group.settings.network;
  auto owned = std::make_unique<Running>(partner, network, plan_.settings().seed, index, size);
  Running& running = *owned;
  transport::LoadTransport* top = &running.line->top();
  if (partner->happenings) {
    running.events = std::make_unique<EventLink>(*top, partner->happenings, network.stall_timeout,
                                                 std::make_shared<Below>(partner, running.line));
    top = running.events.get();
  }
  if (plan_.told_in_full) {
    running.trace = std::make_unique<TraceLink>(*top);
    top = running.trace.get();
  }
  running.possible = possible;
  running.phase = plan_.roster.phase_at(intended - shared_.start);
  Upload::Events events;
  events.uploaded = [this, &running] {
    running.ended = engine_.now();
    --progress_.in_flight;
    --of_group(running).in_flight;
    sent(running.partner);
  };
  events.ended = [this, index] { ended(index); };
  events.acknowledged = [this, &running](Bytes more) {
    progress_.acknowledged_bytes += more.value;
    of_group(running).acknowledged_bytes += more.value;
  };
  running.upload =
      plan.client->upload({*top, authorizer(who.group, plan_.roster.account(who)), *plan.client},
                          index, size, intended, std::move(events));
  uploads_.emplace(index, std::move(owned));
  ++progress_.started;
  ++progress_.in_flight;
  ++of_group(running).started;
  ++of_group(running).in_flight;
  running.upload->start();
}

void Crowd::sent(const std::shared_ptr<Partner>& partner) {
  if (closed_ || partner->next >= partner->who.files) {
    done(*partner);
    return;
  }
  const Milliseconds think = plan_.roster.think(partner->who, partner->next);
  const Time intended = engine_.now() + think;
  ++thinking_;
  // Not at once: the client that calls has not ended yet.
  engine_.after(think, [this, partner, intended] {
    --thinking_;
    go_on(partner, intended);
    events_.idle();
  });
}

void Crowd::go_on(const std::shared_ptr<Partner>& partner, Time intended) {
  // Another of the files that are sent side by side may have taken the last one.
  if (closed_ || partner->next >= partner->who.files) {
    done(*partner);
    return;
  }
  const Bytes size = plan_.roster.size_of(partner->who, partner->next);
  if (!may_begin(size)) {
    close();
    done(*partner);
    return;
  }
  raise(progress_.start_lag_max_us, engine_.now() - intended);
  --partner->going_on;
  begin(partner, size, intended, intended);
}

void Crowd::done(Partner& partner) {
  if (--partner.going_on > 0) return;
  streams_[partner.stream].schedule->ended(engine_.now());
  engine_.after(Milliseconds{0}, [this, stream = partner.stream] {
    fill(stream);
    events_.idle();
  });
}

UploadResult Crowd::completed(UploadResult result, const Running& running) const {
  result.group = static_cast<std::uint32_t>(running.partner->who.group);
  result.phase = static_cast<std::uint32_t>(running.phase);
  result.cuts = running.line->cuts();
  result.possible = running.possible;
  result.ended = running.ended;
  if (running.trace) {
    const Bytes kept = result.acknowledged - result.acknowledged_unsent;
    result.trace = running.trace->trace(result.sent, kept);
  }
  return result;
}

void Crowd::ended(std::uint64_t index) {
  const auto found = uploads_.find(index);
  UploadResult result = completed(found->second->upload->result(), *found->second);
  progress_.cuts += result.cuts.size();
  ++(result.uploaded ? progress_.uploaded : progress_.failed);
  auto& group = of_group(*found->second);
  ++(result.uploaded ? group.uploaded : group.failed);
  events_.ended(std::move(result));
  // Its own member function is still on the stack.
  auto still = std::make_shared<std::unique_ptr<Running>>(std::move(found->second));
  uploads_.erase(found);
  idle_since_ = engine_.now();
  engine_.after(Milliseconds{0}, [this, still] { events_.idle(); });
}

void Crowd::break_off(const std::optional<Cause>& cause) {
  for (const auto& [index, running] : uploads_) {
    if (!running->ended) running->ended = engine_.now();
    UploadResult result = completed(running->upload->interrupted(), *running);
    if (cause) result.cause = cause;
    events_.ended(std::move(result));
  }
}

bool Crowd::over() const {
  return !busy() && std::all_of(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    return stream.schedule->exhausted(engine_.now());
  });
}

bool Crowd::waits() const {
  return busy() || std::any_of(streams_.begin(), streams_.end(), [&](const Stream& stream) {
           return stream.due_timer || stream.schedule->next_due(engine_.now());
         });
}

void Crowd::each_not_started(const std::function<void(Time due)>& visit) const {
  for (const Stream& stream : streams_) stream.schedule->each_not_started(engine_.now(), visit);
}

std::optional<Crowd::Begun::Upload> Crowd::Begun::next() {
  for (; stream_ < crowd_->streams_.size(); ++stream_, n_ = partner_ = 0) {
    const Schedule& schedule = *crowd_->streams_[stream_].schedule;
    for (; n_ < schedule.started(); ++n_, ++partner_, file_ = 0) {
      partner_ = *schedule.next(partner_);
      const Who who = crowd_->plan_.roster.who(stream_, partner_);
      if (file_ < who.files) return Upload{crowd_->plan_.roster.upload(who, file_++), who.group};
    }
  }
  return std::nullopt;
}

}  // namespace loadgen
