#include "protocol/openhumans/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/openhumans/date.hpp"

namespace openhumans {
namespace {

constexpr std::size_t md5_digits = 32;
constexpr std::string_view tags_text = "\"tags\" must be an array of strings";

tl::unexpected<FieldError> refuse(std::string_view text) {
  return tl::unexpected(FieldError{std::string(text), false});
}
/// For what makes the deployed server fail; the words are ours.
tl::unexpected<FieldError> fails(std::string text) {
  return tl::unexpected(FieldError{std::move(text), true});
}

std::size_t characters_of(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// The server asks whether "description" is "in" the value, whatever that is. In Python a list can
/// hold it and a string can contain it, but a number or null cannot be asked.
Expected<void> check_root(const nlohmann::json& root) {
  if (root.is_object()) return {};
  const bool holds =
      (root.is_array() && std::find(root.begin(), root.end(), "description") != root.end()) ||
      (root.is_string() &&
       root.get_ref<const std::string&>().find("description") != std::string::npos);
  const bool askable = root.is_array() || root.is_string();
  if (!askable || holds) return fails("the metadata must be an object");
  return refuse("\"description\" is a required field of the metadata");
}

Expected<void> check_description(const nlohmann::json& root, Contract contract) {
  const auto found = root.find("description");
  if (found == root.end()) return refuse("\"description\" is a required field of the metadata");
  if (!found->is_string()) return refuse("\"description\" must be a string");
  if (contract == Contract::guide &&
      characters_of(found->get_ref<const std::string&>()) > longest_description) {
    return refuse(
        fmt::format("\"description\" must be at most {} characters", longest_description));
  }
  return {};
}

Expected<void> check_tags(const nlohmann::json& root, Contract contract) {
  const auto found = root.find("tags");
  if (found == root.end()) return refuse("\"tags\" is a required field of the metadata");
  if (!found->is_array()) return refuse(tags_text);
  const bool strings = std::all_of(found->begin(), found->end(),
                                   [](const nlohmann::json& tag) { return tag.is_string(); });
  if (contract == Contract::guide && !strings) return refuse(tags_text);
  return {};
}

/// Seconds since 1970 that arrow takes as they are, or as milli- or microseconds.
bool is_timestamp(const nlohmann::json& value) {
  constexpr double year_1 = -62'135'596'800.0;
  constexpr double year_9999_in_microseconds = 253'402'318'799.99e6;
  if (!value.is_number()) return false;
  const auto number = value.get<double>();
  return number >= year_1 && number <= year_9999_in_microseconds;
}

Expected<void> check_date(const nlohmann::json& root, const char* key, Contract contract) {
  constexpr std::string_view text = "Dates must be in ISO 8601 format";
  const auto found = root.find(key);
  if (found == root.end()) return {};
  if (!found->is_string()) {
    if (contract == Contract::server && is_timestamp(*found)) return {};
    return is_timestamp(*found) ? refuse(text) : fails(std::string(text) + ": this is no text");
  }
  switch (judge_date(found->get_ref<const std::string&>(), contract)) {
    case DateVerdict::good:
      return {};
    case DateVerdict::unreadable:
      return refuse(text);
    case DateVerdict::impossible:
      break;
  }
  return fails(std::string(text) + ": there is no such time");
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hexadecimal(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The server wants 32 letters or digits at the beginning, whatever follows.
Expected<void> check_md5(const nlohmann::json& root, Contract contract) {
  constexpr std::string_view text = "Invalid MD5 specified";
  const auto found = root.find("md5");
  if (found == root.end()) return {};
  if (!found->is_string()) return fails(std::string(text) + ": this is no text");
  const std::string_view md5 = found->get_ref<const std::string&>();
  if (md5.size() < md5_digits) return refuse(text);
  const std::string_view digits = md5.substr(0, md5_digits);
  const bool good =
      contract == Contract::guide
          ? md5.size() == md5_digits && std::all_of(digits.begin(), digits.end(), is_hexadecimal)
          : std::all_of(digits.begin(), digits.end(), is_letter_or_digit);
  if (!good) return refuse(text);
  return {};
}

Expected<void> check_all(const nlohmann::json& root, Contract contract) {
  if (auto good = check_root(root); !good) return good;
  if (auto good = check_description(root, contract); !good) return good;
  if (auto good = check_tags(root, contract); !good) return good;
  for (const char* const key : {"creation_date", "start_date", "end_date"}) {
    if (auto good = check_date(root, key, contract); !good) return good;
  }
  return check_md5(root, contract);
}

Expected<Metadata> metadata_of(const nlohmann::json& root, Contract contract) {
  if (auto good = check_all(root, contract); !good) return tl::unexpected(good.error());
  Metadata metadata{json::dump_plain(root), root.at("description").get<std::string>(), {}, {}};
  for (const auto& tag : root.at("tags")) {
    if (tag.is_string()) metadata.tags.push_back(tag.get<std::string>());
  }
  if (const auto md5 = root.find("md5"); md5 != root.end()) {
    metadata.md5 = md5->get<std::string>();
  }
  return metadata;
}

/// Text as Python shows it.
std::string shown(std::string_view text) {
  const bool doubled =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char mark = doubled ? '"' : '\'';
  std::string out(1, mark);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == mark || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + mark;
}

std::string shown(const std::vector<Datatype>& datatypes) {
  std::vector<std::string> members;
  for (const Datatype& datatype : datatypes) {
    const auto* const number = std::get_if<std::int64_t>(&datatype);
    members.push_back(number != nullptr ? std::to_string(*number)
                                        : shown(std::get<std::string>(datatype)));
  }
  return fmt::format("[{}]", fmt::join(members, ", "));
}

}  // namespace

Expected<Metadata> parse_metadata(std::string_view text, Contract contract) {
  auto metadata = json::decode(text, "metadata", [&](const json::Cursor& root) {
    return metadata_of(root.raw(), contract);
  });
  if (!metadata) return refuse("could not parse the uploaded metadata");
  return *std::move(metadata);
}

std::string to_json(const MetadataDraft& draft) {
  nlohmann::ordered_json root{{"tags", draft.tags}, {"description", draft.description}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) root[key] = value;
  };
  add("md5", draft.md5);
  add("creation_date", draft.creation_date);
  add("start_date", draft.start_date);
  add("end_date", draft.end_date);
  return json::dump_plain(root);
}

bool contradicts(const Metadata& metadata, std::string_view md5) {
  return metadata.md5 && !http::same_letters(*metadata.md5, md5);
}

Expected<std::vector<Datatype>> parse_datatypes(std::string_view text) {
  const auto unparsable = "Could not parse the uploaded datatypes from: " + shown(text);
  const auto no_list = [&] { return fails(unparsable + ", which is no list of names and ids"); };
  const auto root =
      json::decode(text, "datatypes", [](const json::Cursor& all) { return all.raw(); });
  if (!root) return refuse(unparsable);
  if (!root->is_array()) return no_list();
  std::vector<Datatype> datatypes;
  for (const auto& one : *root) {
    if (one.is_string()) {
      datatypes.emplace_back(one.get<std::string>());
    } else if (one.is_number_integer() &&
               !(one.is_number_unsigned() && one.get<std::uint64_t>() > INT64_MAX)) {
      datatypes.emplace_back(one.get<std::int64_t>());
    } else {
      return no_list();
    }
  }
  return datatypes;
}

FieldError unknown_datatypes(const std::vector<Datatype>& datatypes) {
  return {"The following datatypes don't match items in our database: " + shown(datatypes), false};
}

FieldError unregistered_datatypes(const std::vector<Datatype>& datatypes) {
  return {"The following datatypes aren't registered for this project: " + shown(datatypes), false};
}

}  // namespace openhumans
