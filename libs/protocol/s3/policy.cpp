#include "protocol/s3/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "protocol/base64.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

constexpr std::string_view size_operation = "content-length-range";

tl::unexpected<Refusal> invalid(std::string_view what) {
  return refuse(Code::invalid_policy_document, fmt::format("Invalid Policy: {}", what));
}

/// The condition as JSON, with a blank after each comma, as Python writes it.
std::string told(const nlohmann::json& condition) {
  if (!condition.is_array()) return condition.dump();
  std::vector<std::string> members;
  for (const auto& member : condition) members.push_back(member.dump());
  return fmt::format("[{}]", fmt::join(members, ", "));
}

Condition impossible(const nlohmann::json& condition) {
  return {Condition::Kind::impossible, {}, told(condition), {}};
}

/// S3 takes UTC only. A year beyond TimePoint becomes 2260, which is as good as never.
std::optional<http::TimePoint> parse_expiration(std::string text) {
  constexpr std::string_view last_year = "2260";
  if (text.size() < 20 || text[10] != 'T' || !text.ends_with('Z')) return std::nullopt;
  if (text.substr(0, 4) > last_year && text.substr(0, 4) <= "9999") text.replace(0, 4, last_year);
  return http::parse_rfc3339(text);
}

Expected<http::TimePoint> expiration_of(const nlohmann::json& policy) {
  const auto found = policy.find("expiration");
  if (found == policy.end()) return invalid("Policy missing expiration.");
  const auto time = found->is_string() ? parse_expiration(found->get<std::string>()) : std::nullopt;
  if (time) return *time;
  return invalid(fmt::format("Invalid 'expiration' value: '{}'",
                             found->is_string() ? found->get<std::string>() : found->dump()));
}

Expected<Condition> parse_simple(const nlohmann::json& condition) {
  if (condition.size() != 1) {
    return invalid(
        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  }
  const auto& value = condition.begin().value();
  if (!value.is_string()) return invalid("Invalid Simple-Condition: value must be a string.");
  return equals(condition.begin().key(), value.get<std::string>());
}

/// A whole number, or text that is one.
std::optional<std::int64_t> whole_number(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(value.get<std::uint64_t>(), most));
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

Condition parse_size(const nlohmann::json& condition) {
  const auto min = whole_number(condition[1]);
  const auto max = whole_number(condition[2]);
  return min && max ? size_between(*min, *max) : impossible(condition);
}

Condition parse_match(Condition::Kind kind, const nlohmann::json& condition) {
  const auto& name = condition[1];
  const auto& value = condition[2];
  const bool readable = name.is_string() && value.is_primitive() && !value.is_null();
  const std::string field = name.is_string() ? name.get<std::string>() : "";
  if (!readable || !field.starts_with('$')) return impossible(condition);
  return {kind, field.substr(1), value.is_string() ? value.get<std::string>() : value.dump(), {}};
}

Expected<Condition> parse_operation(const nlohmann::json& condition) {
  if (condition.empty()) return invalid("Invalid Condition: missing operation identifier.");
  if (!condition[0].is_string()) return invalid("Invalid JSON.");
  const std::string written = condition[0].get<std::string>();
  const std::string operation = http::lower_case(written);
  const bool known = operation == "eq" || operation == "starts-with" || operation == size_operation;
  if (!known) return invalid(fmt::format("Invalid Condition: unknown operation '{}'.", written));
  if (condition.size() != 3) {
    return invalid(fmt::format("Invalid {}: wrong number of arguments.", operation));
  }
  if (operation == size_operation) return parse_size(condition);
  return parse_match(operation == "eq" ? Condition::Kind::equal : Condition::Kind::starts_with,
                     condition);
}

Expected<Condition> parse_condition(const nlohmann::json& condition) {
  if (condition.is_object()) return parse_simple(condition);
  if (condition.is_array()) return parse_operation(condition);
  return invalid("Invalid condition test: must be a List or Object.");
}

Expected<std::vector<Condition>> conditions_of(const nlohmann::json& policy) {
  const auto found = policy.find("conditions");
  if (found == policy.end()) return invalid("Policy missing conditions.");
  if (!found->is_array()) return invalid("Invalid 'conditions' value: must be a List.");
  std::vector<Condition> conditions;
  for (const auto& one : *found) {
    auto condition = parse_condition(one);
    if (!condition) return tl::unexpected(condition.error());
    conditions.push_back(std::move(*condition));
  }
  return conditions;
}

Expected<Policy> policy_of(const nlohmann::json& document) {
  if (!document.is_object()) return invalid("Invalid JSON.");
  auto expires = expiration_of(document);
  if (!expires) return tl::unexpected(expires.error());
  auto conditions = conditions_of(document);
  if (!conditions) return tl::unexpected(conditions.error());
  for (const auto& [key, value] : document.items()) {
    if (key != "expiration" && key != "conditions") {
      return invalid(fmt::format("Unexpected: {}", json::dump_ascii(key)));
    }
  }
  return Policy{*expires, std::move(*conditions)};
}

std::optional<std::string_view> field_of(const PostedForm& form, std::string_view field) {
  for (const auto& [name, value] : form.fields) {
    if (http::same_name(name, field)) return value;
  }
  return std::nullopt;
}

/// The value that a condition on `field` is about; nullopt when the form does not have it.
std::optional<std::string_view> value_of(const PostedForm& form, std::string_view field) {
  if (http::same_name(field, "bucket")) return form.bucket;
  if (http::same_name(field, "key")) return form.key;
  return field_of(form, field);
}

bool starts_with_each(std::string_view list, std::string_view prefix) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (!http::trim_ows(list.substr(0, comma)).starts_with(prefix)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool holds(const Condition& condition, std::string_view value) {
  if (condition.kind == Condition::Kind::equal) return value == condition.value;
  if (http::same_name(condition.field, "content-type")) {
    return starts_with_each(value, condition.value);
  }
  return value.starts_with(condition.value);
}

bool holds(const Condition& condition, const PostedForm& form) {
  if (condition.kind == Condition::Kind::size) return true;  // checked when the file is there
  if (condition.kind == Condition::Kind::impossible) return false;
  const auto value = value_of(form, condition.field);
  if (!value || !holds(condition, *value)) return false;
  if (!http::same_name(condition.field, "bucket")) return true;
  // The URL says where a file goes (ceph/s3-tests, test_post_object_wrong_bucket). A field of that
  // name is like any other: it has to be what the policy says.
  const auto field = field_of(form, condition.field);
  return !field || holds(condition, *field);
}

bool is_covered(std::string_view field, const Policy& policy) {
  return std::any_of(
      policy.conditions.begin(), policy.conditions.end(),
      [&](const Condition& condition) { return http::same_name(condition.field, field); });
}

/// Fields that no condition needs to name: the signature, the policy, the file, and what S3
/// ignores.
bool needs_no_condition(std::string_view lower_name) {
  return lower_name == "awsaccesskeyid" || lower_name == "signature" ||
         lower_name == "x-amz-signature" || lower_name == "policy" || lower_name == "file" ||
         lower_name.starts_with("x-ignore-");
}

std::vector<std::string> uncovered(const Policy& policy, const PostedForm& form) {
  std::vector<std::string> names;
  for (const auto& [written, value] : form.fields) {
    std::string name = http::lower_case(written);
    if (!needs_no_condition(name) && !is_covered(name, policy)) names.push_back(std::move(name));
  }
  if (!is_covered("bucket", policy)) names.emplace_back("bucket");
  return names;
}

}  // namespace

Refusal too_large(const SizeRange& range, std::uint64_t proposed) {
  return {
      Code::entity_too_large,
      "Your proposed upload exceeds the maximum allowed size",
      {{"ProposedSize", std::to_string(proposed)}, {"MaxSizeAllowed", std::to_string(range.max)}}};
}

Refusal too_small(const SizeRange& range, std::uint64_t proposed) {
  return {
      Code::entity_too_small,
      "Your proposed upload is smaller than the minimum allowed size",
      {{"ProposedSize", std::to_string(proposed)}, {"MinSizeAllowed", std::to_string(range.min)}}};
}

bool exceeds(const SizeRange& range, std::uint64_t bytes) {
  return range.max < 0 || bytes > static_cast<std::uint64_t>(range.max);
}

bool falls_short(const SizeRange& range, std::uint64_t bytes) {
  return range.min > 0 && bytes < static_cast<std::uint64_t>(range.min);
}

Condition equals(std::string field, std::string value) {
  return {Condition::Kind::equal, std::move(field), std::move(value), {}};
}

Condition starts_with(std::string field, std::string value) {
  return {Condition::Kind::starts_with, std::move(field), std::move(value), {}};
}

Condition size_between(std::int64_t min, std::int64_t max) {
  return {Condition::Kind::size, {}, {}, {min, max}};
}

std::string to_text(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::equal:
    case Condition::Kind::starts_with:
      return (condition.kind == Condition::Kind::equal ? R"(["eq", )" : R"(["starts-with", )") +
             json::dump_ascii('$' + condition.field) + ", " + json::dump_ascii(condition.value) +
             ']';
    case Condition::Kind::size:
      return fmt::format(R"(["{}", {}, {}])", size_operation, condition.size.min,
                         condition.size.max);
    case Condition::Kind::impossible:
      break;
  }
  return condition.value;
}

Expected<Policy> parse_policy(std::string_view text) {
  const auto document = base64::decode(text, base64::TrailingBits::ignored);
  if (!document) return invalid("invalid Base64 encoding.");
  if (document->empty()) return invalid("Expecting '{' but found End-of-Input");
  auto policy = json::decode(*document, "policy",
                             [](const json::Cursor& root) { return policy_of(root.raw()); });
  if (!policy) return invalid("Invalid JSON.");
  return *std::move(policy);
}

std::string write_policy(const Policy& policy) {
  std::string text =
      R"({"expiration": ")" + format_seconds(policy.expires) + R"(", "conditions": [)";
  std::string_view separator;
  for (const Condition& condition : policy.conditions) {
    text += separator;
    separator = ", ";
    if (condition.kind == Condition::Kind::equal) {
      text += '{' + json::dump_ascii(condition.field) + ": ";
      text += json::dump_ascii(condition.value) + '}';
    } else {
      text += to_text(condition);
    }
  }
  return base64::encode(text + "]}");
}

Expected<SizeRange> check(const Policy& policy, const PostedForm& form, http::TimePoint now) {
  const auto denied = [](std::string_view what) {
    return refuse(Code::access_denied, fmt::format("Invalid according to Policy: {}", what));
  };
  if (policy.expires < now) return denied("Policy expired.");
  SizeRange size;
  for (const Condition& condition : policy.conditions) {
    if (!holds(condition, form)) {
      return denied(fmt::format("Policy Condition failed: {}", to_text(condition)));
    }
    if (condition.kind == Condition::Kind::size) {
      size = {std::max(size.min, condition.size.min), std::min(size.max, condition.size.max)};
    }
  }
  const auto extra = uncovered(policy, form);
  if (extra.empty()) return size;
  return denied(fmt::format("Extra input fields: {}", fmt::join(extra, ", ")));
}

}  // namespace s3
