#include "misbehave/rule.hpp"

namespace mock::misbehave {

Pattern::Found TextCondition::holds(std::optional<std::string_view> value,
                                    PatternWork& work) const {
  const auto answer = [](bool yes) { return yes ? Pattern::Found::yes : Pattern::Found::no; };
  switch (kind) {
    case Kind::present:
      return answer(value.has_value());
    case Kind::absent:
      return answer(!value.has_value());
    case Kind::equals:
      return answer(value && *value == text);
    case Kind::regex:
      return value ? pattern->found_in(*value, work) : Pattern::Found::no;
    case Kind::number:
      break;
  }
  return Pattern::Found::no;
}

bool UploadConditions::any() const {
  return id || kind || !attributes.empty() || exists || deferred || completing || complete ||
         locked || length || offset || timed() || parts || others;
}

bool When::about_request() const {
  return !methods.empty() || !wire_methods.empty() || !routes.empty() || path || !query.empty() ||
         arrival || !fields.empty() || reply.any() || body_byte || body_lasts ||
         counting.concurrent_above || counting.per == Per::connection;
}

Moment Rule::moment() const {
  if (when.connection || then.connection) return Moment::connection;
  if (when.effect || then.effect) return Moment::effect;
  if (when.event == Event::delivered) return Moment::delivered;
  if (when.event == Event::stalled) return Moment::stalled;
  if (when.event == Event::aborted) return Moment::aborted;
  if (when.body_lasts) return Moment::lasting;
  if (when.reply.any()) return Moment::reply;
  if (when.body_byte) return Moment::body;
  return Moment::request;
}

bool Rule::acts_on_connections() const {
  return then.connection || (then.server && (then.server->outage || then.server->unanswered));
}

}  // namespace mock::misbehave
