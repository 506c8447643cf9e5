#include "objects/conditions.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "objects/replies.hpp"
#include "protocol/http/date.hpp"

namespace mock {
namespace {

constexpr std::string_view if_match = "If-Match";
constexpr std::string_view if_none_match = "If-None-Match";
constexpr std::string_view if_modified_since = "If-Modified-Since";
constexpr std::string_view if_unmodified_since = "If-Unmodified-Since";

std::string without_quotes(std::string_view etag) {
  etag = ::http::trim_ows(etag);
  if (etag.size() > 1 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

/// Whether a list of ETags has `etag`; if `weakly`, a weak one (RFC 9110 section 8.8.3) will do.
bool has_etag(std::string_view list, std::string_view etag, bool weakly) {
  const auto named = ::http::split_list(list);
  return std::ranges::any_of(named, [&](std::string_view one) {
    if (weakly && one.starts_with("W/")) one.remove_prefix(2);
    return one == "*" || without_quotes(one) == etag;
  });
}

/// What is no date, or comes twice, does not count (RFC 9110 sections 13.1.3 and 13.1.4).
std::optional<::http::TimePoint> date_in(const ::http::Fields& fields, std::string_view name) {
  if (fields.count(name) != 1) return std::nullopt;
  return ::http::parse_imf_fixdate(::http::trim_ows(*fields.find(name)));
}

std::string_view name_of(const WriteCondition& condition) {
  return condition.etag ? if_match : if_none_match;
}

tl::unexpected<s3::Refusal> not_implemented(std::string fields, std::string why) {
  return tl::unexpected(s3::header_not_implemented(
      {{"Header", std::move(fields)}, {"additionalMessage", std::move(why)}}));
}

tl::unexpected<s3::Refusal> not_accepted(std::string_view field) {
  return not_implemented(std::string(field), "We don't accept the provided value of " +
                                                 std::string(field) + " header for this API");
}

tl::unexpected<s3::Refusal> failed(std::string_view field) {
  return s3::refuse(s3::Code::precondition_failed,
                    "At least one of the pre-conditions you specified did not hold",
                    {{"Condition", std::string(field)}});
}

s3::Expected<std::optional<Object>> object_now(const Addressee& addressee, Objects& objects,
                                               Store& store) {
  auto object = objects.find(store, addressee.bucket, addressee.key);
  if (object) return *std::move(object);
  if (object.error().kind == StoreError::Kind::not_found) return std::nullopt;
  return tl::unexpected(refusal_of(object.error()));
}

s3::Expected<void> check(const WriteCondition& condition, const std::optional<Object>& object,
                         const std::string& key) {
  if (!condition.etag) {
    if (object) return failed(if_none_match);
    return {};
  }
  if (!object) {
    return s3::refuse(s3::Code::no_such_key, "The specified key does not exist.", {{"Key", key}});
  }
  if (object->etag != *condition.etag) return failed(if_match);
  return {};
}

}  // namespace

s3::Expected<std::optional<WriteCondition>> write_condition_of(const ::http::Fields& fields) {
  const auto present = fields.joined(if_match);
  const auto absent = fields.joined(if_none_match);
  if (present && absent) {
    return not_implemented("If-Match,If-None-Match",
                           "Multiple conditional request headers present in the request");
  }
  if (absent && *absent != "*") return not_accepted(if_none_match);
  if (absent) return WriteCondition{};
  if (!present) return std::nullopt;
  if (*present == "*") return not_accepted(if_match);
  return WriteCondition{without_quotes(*present)};
}

s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                         Objects& objects, Store& store) {
  const auto object = object_now(addressee, objects, store);
  if (!object) return tl::unexpected(object.error());
  return check(condition, *object, addressee.key);
}

s3::Expected<void> check(const WriteCondition& condition, const Addressee& addressee,
                         const std::string& former, Objects& objects, Store& store) {
  const auto object = object_now(addressee, objects, store);
  if (!object) return tl::unexpected(object.error());
  if (auto held = check(condition, *object, addressee.key); !held) return held;
  if ((*object ? (*object)->id : std::string()) == former) return {};
  return s3::refuse(s3::Code::conditional_request_conflict,
                    "The conditional request cannot succeed due to a conflicting operation against "
                    "this resource.",
                    {{"Condition", std::string(name_of(condition))}, {"Key", addressee.key}});
}

s3::Expected<void> check_removal(const ::http::Fields& fields, const Addressee& addressee,
                                 Objects& objects, Store& store) {
  const auto wanted = fields.joined(if_match);
  if (!wanted) return {};
  const auto object = object_now(addressee, objects, store);
  if (!object) return tl::unexpected(object.error());
  const bool held = *object && (*wanted == "*" || (*object)->etag == without_quotes(*wanted));
  if (!held) return failed(if_match);
  return {};
}

s3::Expected<bool> is_wanted(const ::http::Fields& fields, const Object& object) {
  // In whole seconds, as Last-Modified tells it.
  const auto changed = std::chrono::floor<std::chrono::seconds>(object.modified);
  if (const auto wanted = fields.joined(if_match)) {
    if (!has_etag(*wanted, object.etag, false)) return failed(if_match);
  } else if (const auto date = date_in(fields, if_unmodified_since); date && changed > *date) {
    return failed(if_unmodified_since);
  }
  if (const auto had = fields.joined(if_none_match)) return !has_etag(*had, object.etag, true);
  const auto date = date_in(fields, if_modified_since);
  return !date || changed > *date;
}

}  // namespace mock
