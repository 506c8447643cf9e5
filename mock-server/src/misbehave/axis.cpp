#include "misbehave/axis.hpp"

#include <algorithm>

#include "protocol/http/fields.hpp"

namespace mock::misbehave {
namespace {

void add_reply(Axes& axes, const ReplyEdit& edit) {
  if (edit.none || edit.raw) axes.add(Axis::reply_whole);
  if (edit.early != ReplyEdit::Early::no) axes.add(Axis::reply_early);
  if (edit.status) axes.add(Axis::reply_status);
  if (edit.reason) axes.add(Axis::reply_reason);
  if (edit.body.any()) axes.add(Axis::reply_body);
  if (edit.truncate_head || edit.truncate_body) axes.add(Axis::reply_truncate);
  if (edit.replay != ReplyEdit::Replay::no) axes.add(Axis::reply_replay);
  axes.add(Axis::reply_field, edit.fields);
}

void add_pace(Axes& axes, const Pace& pace) {
  axes.add(Axis::pace_before, pace.before);
  axes.add(Axis::pace_reply, pace.reply);
  if (pace.slice > Bytes{0}) axes.add(Axis::pace_slice);
  if (pace.receive.bytes_per_second > 0) axes.add(Axis::pace_receive);
  if (pace.send.bytes_per_second > 0) axes.add(Axis::pace_send);
}

}  // namespace

void Axes::add(Axis axis, std::string_view name) {
  std::string lower{name};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  names_.emplace(axis, std::move(lower));
}

void Axes::add(Axis axis, const FieldEdits& edits) {
  for (const auto& [name, value] : edits.set) add(axis, name);
  for (const auto& name : edits.drop) add(axis, name);
  for (const auto& replace : edits.replace) add(axis, replace.name);
}

void Axes::add(Axis axis, const Delay& delay) {
  if (!delay.any()) return;
  add(axis);
  left_to_chance_ = left_to_chance_ || delay.jitter > Milliseconds{0};
}

Axes axes_of(const Then& then) {
  Axes axes;
  if (then.request) {
    if (then.request->method) axes.add(Axis::request_method);
    if (then.request->target) axes.add(Axis::request_target);
    if (then.request->body.any()) axes.add(Axis::request_body);
    axes.add(Axis::request_field, then.request->fields);
  }
  if (then.commit) axes.add(Axis::commit);
  if (then.reply) add_reply(axes, *then.reply);
  if (then.socket) axes.add(then.socket->before ? Axis::socket_before : Axis::socket_after);
  if (then.pace) add_pace(axes, *then.pace);
  if (then.connection) axes.add(Axis::connection_delay, then.connection->delay);
  if (then.effect) axes.add(Axis::effect_delay, then.effect->delay);
  if (then.connection || then.effect || then.upload || then.server) axes.add_shared();
  return axes;
}

bool Claims::taken(Axis axis, std::string_view name) const {
  return std::ranges::any_of(taken_, [&](const auto& one) {
    return one.first == axis && ::http::same_name(one.second, name);
  });
}

bool Claims::take(Axis axis, std::string_view name) {
  if (taken(axis, name)) return false;
  taken_.emplace_back(axis, name);
  return true;
}

}  // namespace mock::misbehave
