// POST policies (AWS, "Creating a POST policy"): what a form must say, and until when.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "protocol/s3/refusal.hpp"

namespace s3 {

/// Limits for the size of the file alone, both included. Negative ones are taken, as S3 takes them.
struct SizeRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool operator==(const SizeRange&) const = default;
};
/// EntityTooLarge and EntityTooSmall. `proposed` is what the store knows of the size so far.
[[nodiscard]] Refusal too_large(const SizeRange& range, std::uint64_t proposed);
[[nodiscard]] Refusal too_small(const SizeRange& range, std::uint64_t proposed);
/// Whether a file is too large already after so many bytes, which may not be all.
[[nodiscard]] bool exceeds(const SizeRange& range, std::uint64_t bytes);
[[nodiscard]] bool falls_short(const SizeRange& range, std::uint64_t bytes);

struct Condition {
  enum class Kind {
    equal,        ///< {"acl": "private"} or ["eq", "$acl", "private"]
    starts_with,  ///< ["starts-with", "$key", "user/"]
    size,         ///< ["content-length-range", 1, 10]
    impossible,   ///< readable, but no form fulfils it: ["eq", "acl", "private"]
  };
  Kind kind = Kind::equal;
  std::string field;  ///< as written, without '$'; empty for `impossible`
  std::string value;  ///< for `impossible`, the whole condition as JSON
  SizeRange size;     ///< Kind::size only
  bool operator==(const Condition&) const = default;
};
[[nodiscard]] Condition equals(std::string field, std::string value);
[[nodiscard]] Condition starts_with(std::string field, std::string value);
[[nodiscard]] Condition size_between(std::int64_t min, std::int64_t max);
/// As an error body tells it: ["eq", "$acl", "private"].
[[nodiscard]] std::string to_text(const Condition& condition);

struct Policy {
  http::TimePoint expires;
  std::vector<Condition> conditions;
  bool operator==(const Policy&) const = default;
};

/// `text` is the field as received, Base64; verify its signature first. Every refusal is
/// InvalidPolicyDocument.
[[nodiscard]] Expected<Policy> parse_policy(std::string_view text);
/// The text of the field: JSON as boto3 spaces it, in Base64. Whole seconds.
[[nodiscard]] std::string write_policy(const Policy& policy);

/// A form as the conditions see it.
struct PostedForm {
  const http::Form& fields;  ///< those before the file
  std::string_view bucket;   ///< of the URL
  std::string_view key;      ///< with the file's name put in
};
/// Checks first the time, then the conditions in their order, then that one covers each field. The
/// result is what the size of the file must be.
[[nodiscard]] Expected<SizeRange> check(const Policy& policy, const PostedForm& form,
                                        http::TimePoint now);

}  // namespace s3
