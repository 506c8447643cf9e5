// What a client says of a file: JSON in the field "metadata" (the document's "Metadata format").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/openhumans/contract.hpp"

namespace openhumans {

/// Characters of a description, by the document.
inline constexpr std::size_t longest_description = 100;

struct Metadata {
  std::string json;  ///< all of it, compact: what listings show
  std::string description;
  std::vector<std::string> tags;  ///< those that are strings
  std::optional<std::string> md5;
  bool operator==(const Metadata&) const = default;
};
/// One error at most is told, in the server's order: JSON, description, tags, dates, md5. Where the
/// deployed server fails, what it would have said of the field is told instead. Differs from it in
/// refusing a key that is there twice, NaN, and more than 100 levels.
[[nodiscard]] Expected<Metadata> parse_metadata(std::string_view text, Contract contract);

/// What a client writes; optional members that are empty are left out.
struct MetadataDraft {
  std::vector<std::string> tags;
  std::string description;
  std::string md5;
  std::string creation_date;
  std::string start_date;
  std::string end_date;
};
[[nodiscard]] std::string to_json(const MetadataDraft& draft);

/// Whether the metadata promise another MD5 than this (lower-case hexadecimal). By the document it
/// "can be used to check file integrity"; the deployed server never compares.
[[nodiscard]] bool contradicts(const Metadata& metadata, std::string_view md5);

/// A datatype, by its number or its name.
using Datatype = std::variant<std::int64_t, std::string>;
/// The field "datatypes": a JSON list of them.
[[nodiscard]] Expected<std::vector<Datatype>> parse_datatypes(std::string_view text);
/// "The following datatypes don't match items in our database: ['a']"
[[nodiscard]] FieldError unknown_datatypes(const std::vector<Datatype>& datatypes);
/// "The following datatypes aren't registered for this project: [1]"
[[nodiscard]] FieldError unregistered_datatypes(const std::vector<Datatype>& datatypes);

}  // namespace openhumans
