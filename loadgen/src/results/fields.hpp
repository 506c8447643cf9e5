// Every key of results.json, once: what writes it and what reads it go through the same lists.
#pragma once

#include <concepts>
#include <type_traits>

#include "results/results.hpp"

namespace loadgen {

/// `S` is T, or const T where it is written.
template <class S, class T>
concept Is = std::same_as<std::remove_const_t<S>, T>;

template <class V, Is<CauseCount> S>
void fields(V& v, S& s) {
  v("count", s.count);
  v("example", s.example);
}

template <class V, Is<Stats> S>
void fields(V& v, S& s) {
  v("started", s.started);
  v("uploaded", s.uploaded);
  v("verified", s.verified);
  v("unverified", s.unverified);
  v("unseen", s.unseen);
  v("lost", s.lost);
  v("wrong", s.wrong);
  v("failed", s.failed);
  v("interrupted", s.interrupted);
  v("not_started", s.not_started);
  v("late_starts", s.late_starts);
  v("requests", s.requests);
  v("retries", s.retries);
  v("resumes", s.resumes);
  v("new_uploads", s.new_uploads);
  v("cuts", s.cuts);
  v("silent_cuts", s.silent_cuts);
  v("second_writers", s.second_writers);
  v("second_refused", s.second_refused);
  v("second_accepted", s.second_accepted);
  v("redeliveries", s.redeliveries);
  v.hex("cuts_digest", s.cuts_digest);
  v("sent_bytes", s.sent);
  v("acknowledged_bytes", s.acknowledged);
  v("rolled_back_bytes", s.rolled_back);
  v("never_sent_bytes", s.never_sent);
  v("acknowledged_unsent_bytes", s.acknowledged_unsent);
  v("verified_bytes", s.verified_bytes);
  v("in_vain_bytes", s.in_vain);
  v("first_start_us", s.first_start);
  v("last_end_us", s.last_end);
  v("slowest_second_bytes", s.slowest_second);
  v("create", s.create);
  v("upload", s.upload);
  v("resume", s.resume);
  v("service", s.service);
  v("end_to_end", s.end_to_end);
  v("deliver", s.deliver);
  v("start_lag", s.start_lag);
  v("loop_lag", s.loop_lag);
  v("causes", s.causes);
}

template <class V, Is<GroupResults> S>
void fields(V& v, S& s) {
  v("name", s.name);
  v("system", s.system);
  v("network", s.network);
  v("payload", s.payload);
  v("size", s.size);
  v.summary(s.stats);
  v("stats", s.stats);
  v("region", s.region);
  v("settings", s.settings);
}

template <class V, Is<Toll> S>
void fields(V& v, S& s) {
  v("uploads", s.uploads);
  v("retried", s.retried);
  v("failed", s.failed);
  v("slowest_us", s.slowest);
}

template <class V, Is<PhaseResults> S>
void fields(V& v, S& s) {
  v("name", s.name);
  v("kind", s.kind);
  v("begin_ms", s.begin);
  v("lasts_ms", s.lasts);
  v.summary(s.stats);
  v("stats", s.stats);
}

template <class V, Is<EventResults> S>
void fields(V& v, S& s) {
  v("event", s.event);
  v("at_ms", s.at);
  v("lasts_ms", s.lasts);
  v("status", s.status);
  v("share", s.share);
  v("partners", s.partners);
  v("region", s.region);
  v("toll", s.toll);
}

template <class V, Is<Cause> S>
void fields(V& v, S& s) {
  v("cause", s.what);
  v("detail", s.detail);
}

template <class V, Is<ByteRange> S>
void fields(V& v, S& s) {
  v("begin", s.begin);
  v("end", s.end);
}

template <class V, Is<PlannedCut> S>
void fields(V& v, S& s) {
  v("at", s.at);
  v("kind", s.kind);
  v("loses", s.loses);
}

template <class V, Is<Attempt> S>
void fields(V& v, S& s) {
  v("method", s.method);
  v("begin_us", s.begin);
  v("end_us", s.end);
  v("how", s.how);
  v("status", s.status);
  v("brings", s.brings);
  v("at", s.at);
  v("sent", s.sent);
}

template <class V, Is<Trace> S>
void fields(V& v, S& s) {
  v("attempts", s.attempts);
  v("left_out", s.left_out);
  v("in_vain_bytes", s.in_vain);
}

template <class V, Is<UploadResult> S>
void fields(V& v, S& s) {
  v("index", s.index);
  v("group", s.group);
  v("phase", s.phase);
  v("size", s.size);
  v("name", s.name);
  v("url", s.url);
  v("state", s.state);
  v("cause", s.cause);
  v("intended_us", s.intended);
  v("possible_us", s.possible);
  v("started_us", s.started);
  v("created_us", s.created);
  v("uploaded_us", s.uploaded);
  v("ended_us", s.ended);
  v("delivered_us", s.delivered);
  v("resume_times_us", s.resume_times);
  v("requests", s.requests);
  v("retries", s.retries);
  v("resumes", s.resumes);
  v("new_uploads", s.new_uploads);
  v("sent_bytes", s.sent);
  v("acknowledged_bytes", s.acknowledged);
  v("rolled_back_bytes", s.rolled_back);
  v("never_sent_bytes", s.never_sent);
  v("acknowledged_unsent_bytes", s.acknowledged_unsent);
  v("digest", s.digest);
  v("damage", s.damage);
  v("cuts", s.cuts);
  v("trace", s.trace);
}

template <class V, Is<Specimen> S>
void fields(V& v, S& s) {
  v("sampled", s.sampled);
  v("slow", s.slow);
  v("bad", s.bad);
  v("upload", s.upload);
}

template <class V, Is<AllowedLate> S>
void fields(V& v, S& s) {
  v("count", s.count);
  v("percent", s.percent);
}

template <class V, Is<Rules> S>
void fields(V& v, S& s) {
  v("verify", s.verify);
  v("allow_rollback", s.allow_rollback);
  v("allow_late", s.allow_late);
  v("give_up_ms", s.give_up);
  v("fail_if", s.fail_if);
}

template <class V, Is<Stop> S>
void fields(V& v, S& s) {
  v("exit_code", s.code);
  v("why", s.why);
}

template <class V, Is<Ending> S>
void fields(V& v, S& s) {
  v("interrupted", s.interrupted);
  v("gave_up", s.gave_up);
  v("stopped", s.stopped);
  v("conditions_hit", s.conditions_hit);
  v("part", s.part);
}

/// Of `seconds`, as lists of equal length.
template <class V>
void columns(V& v, std::size_t groups) {
  v.column(
      "second", [](auto& s) -> auto& { return s.figures.number; });
  v.column(
      "started", [](auto& s) -> auto& { return s.figures.started; });
  v.column(
      "uploaded", [](auto& s) -> auto& { return s.figures.uploaded; });
  v.column(
      "failed", [](auto& s) -> auto& { return s.figures.failed; });
  v.column(
      "in_flight", [](auto& s) -> auto& { return s.figures.in_flight; });
  v.column(
      "sent_bytes", [](auto& s) -> auto& { return s.figures.sent; });
  v.column(
      "acknowledged_bytes", [](auto& s) -> auto& { return s.figures.acknowledged; });
  v.column(
      "start_lag_max_us", [](auto& s) -> auto& { return s.figures.start_lag_max; });
  v.column(
      "loop_lag_max_us", [](auto& s) -> auto& { return s.figures.loop_lag_max; });
  v.column(
      "phase", [](auto& s) -> auto& { return s.figures.phase; });
  v.column(
      "verifying", [](auto& s) -> auto& { return s.figures.verifying; });
  v.column(
      "end_to_end", [](auto& s) -> auto& { return s.end_to_end; });
  v.column(
      "service", [](auto& s) -> auto& { return s.service; });
  for (std::size_t g = 0; g < groups; ++g) {
    v.begin_group(g);
    v.column(
        "started", [g](auto& s) -> auto& { return s.figures.groups[g].started; });
    v.column(
        "uploaded", [g](auto& s) -> auto& { return s.figures.groups[g].uploaded; });
    v.column(
        "failed", [g](auto& s) -> auto& { return s.figures.groups[g].failed; });
    v.column(
        "in_flight", [g](auto& s) -> auto& { return s.figures.groups[g].in_flight; });
    v.column(
        "acknowledged_bytes", [g](auto& s) -> auto& { return s.figures.groups[g].acknowledged; });
    v.end_group();
  }
}

template <class V, Is<Results> S>
void fields(V& v, S& s) {
  v("version", s.version);
  v("run_id", s.run_id);
  v("target", s.target);
  v("system", s.system);
  v("description", s.description);
  v.whole("seed", s.seed);
  v("scale", s.scale);
  v("begun_unix_ms", s.begun);
  v.derived("exit_code", [&] { return static_cast<int>(s.exit_code()); });
  v.derived("verdict", [&] { return s.verdict(); });
  v("verified_by", s.verified_by);
  v("removed", s.removed);
  v("left_behind", s.left_behind);
  v("notes", s.notes);
  v("settings", s.settings);
  v("rules", s.rules);
  v("ending", s.ending);
  v.summary(s.stats);
  v("stats", s.stats);
  v("groups", s.groups);
  v("phases", s.phases);
  v("events", s.events);
  v.seconds("seconds", s.seconds);
  v("uploads", s.specimens);
}

}  // namespace loadgen
