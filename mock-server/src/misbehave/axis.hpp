// What rules compete for: the first rule that changes something keeps those after it from changing
// it too. Three readers share the list: Claims while rules run, together.cpp to find rules that can
// never do anything, and chance.cpp to draw each delay separately. Private to this room.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "misbehave/rule.hpp"

namespace mock::misbehave {

enum class Axis : std::uint8_t {
  request_method,
  request_target,
  request_field,  ///< one for each name
  request_body,
  commit,
  reply_early,  ///< who answers in place of the handler
  reply_status,
  reply_reason,
  reply_field,  ///< one for each name
  reply_body,
  reply_whole,  ///< raw bytes instead of the reply, or not a byte
  reply_truncate,
  reply_replay,
  // of each interim reply
  interim_count,
  interim_status,
  interim_field,  ///< one for each name
  interim_delay,
  ahead,
  socket_before,
  socket_after,
  pace_before,
  pace_receive,
  pace_reply,
  pace_slice,
  pace_send,
  connection_delay,
  connection_end,
  connection_certificate,
  connection_tls_version,
  effect_outcome,
  effect_repeat,
  effect_delay,
  effect_name,
  effect_size,
  effect_damage,
  effect_source,
  effect_path,
};

/// What a rule takes from the rules after it.
class Axes {
 public:
  /// The letter case of `name` does not count, as it names a header.
  void add(Axis axis, std::string_view name = {});
  void add(Axis axis, const FieldEdits& edits);
  /// Adds nothing when there is no delay.
  void add(Axis axis, const Delay& delay, std::string_view name = {});
  /// The rule does something that every rule which fires does, so that none can take it away.
  void add_shared() { shared_ = true; }

  using Name = std::pair<Axis, std::string>;
  /// Empty when the rule does something that no other rule can take away.
  [[nodiscard]] std::set<Name> names() const { return shared_ ? std::set<Name>{} : names_; }
  /// Whether one of its delays is drawn.
  [[nodiscard]] bool left_to_chance() const { return left_to_chance_; }

 private:
  std::set<Name> names_;
  bool shared_ = false;
  bool left_to_chance_ = false;
};

[[nodiscard]] Axes axes_of(const Then& then);

/// Remembers which axes of one message are taken: the first rule that asks gets an axis.
class Claims {
 public:
  /// False: an earlier rule has it. Letter case of `name` does not count; its text outlives this.
  [[nodiscard]] bool take(Axis axis, std::string_view name = {});
  [[nodiscard]] bool taken(Axis axis, std::string_view name = {}) const;

 private:
  std::vector<std::pair<Axis, std::string_view>> taken_;
};

}  // namespace mock::misbehave
