// The JSON that an Open Humans server answers with, in both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"

namespace openhumans {

// Sentences of {"detail": ...}.
inline constexpr std::string_view no_credentials = "Authentication credentials were not provided.";
inline constexpr std::string_view header_without_token =
    "Invalid token header. No credentials provided.";
inline constexpr std::string_view token_with_spaces =
    "Invalid token header. Token string should not contain spaces.";
inline constexpr std::string_view invalid_token = "Invalid token.";
inline constexpr std::string_view expired_token = "Expired token.";
inline constexpr std::string_view file_not_present = "file not present";
inline constexpr std::string_view file_does_not_exist = "file does not exist";

/// {"detail":"Invalid token."}
[[nodiscard]] std::string detail_body(std::string_view sentence);
/// What is wrong with fields: a field and a sentence, in the order of the body.
using Problems = std::vector<std::pair<std::string, std::string>>;
/// {"metadata":["This field is required."]}: sentences about one field are told together.
[[nodiscard]] std::string problems_body(const Problems& problems);
/// {"project_member_id":"project_member_id is invalid"}: no list here.
[[nodiscard]] std::string unknown_member_body();
/// They refuse a deletion that names no file, or files in more than one way.
[[nodiscard]] std::string missing_selector_body();
[[nodiscard]] std::string too_many_selectors_body();

/// Any of these bodies, for a client; a `detail` is about the field "detail".
[[nodiscard]] Result<Problems> parse_problems(std::string_view text);

/// The answer to an upload: 201.
struct Created {
  std::uint64_t id = 0;
  std::optional<std::string> url;  ///< of a direct upload: where the file is to be PUT
  bool operator==(const Created&) const = default;
};
[[nodiscard]] std::string to_json(const Created& created);
[[nodiscard]] Result<Created> parse_created(std::string_view text);

/// The answer to a completion: how many bytes are stored.
struct Completed {
  std::uint64_t size = 0;
  bool operator==(const Completed&) const = default;
};
[[nodiscard]] std::string to_json(const Completed& completed);
/// Needs the status "ok".
[[nodiscard]] Result<Completed> parse_completed(std::string_view text);

/// The answer to a deletion: what was removed; an empty list is no error.
struct Deleted {
  std::vector<std::uint64_t> ids;
  bool operator==(const Deleted&) const = default;
};
[[nodiscard]] std::string to_json(const Deleted& deleted);
[[nodiscard]] Result<Deleted> parse_deleted(std::string_view text);

}  // namespace openhumans
