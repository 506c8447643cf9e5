#include "misbehave/rule.hpp"

namespace mock::misbehave {

bool TextCondition::holds(std::optional<std::string_view> value) const {
  switch (kind) {
    case Kind::present:
      return value.has_value();
    case Kind::absent:
      return !value.has_value();
    case Kind::equals:
      return value && *value == text;
    case Kind::regex:
      return value && pattern->found_in(*value);
  }
  return false;
}

bool UploadConditions::any() const {
  return id || kind || exists || deferred || completing || complete || locked || older_than ||
         younger_than;
}

Moment Rule::moment() const {
  if (when.aborted) return Moment::aborted;
  if (when.reply.any()) return Moment::reply;
  if (when.body_byte) return Moment::body;
  return Moment::request;
}

}  // namespace mock::misbehave
