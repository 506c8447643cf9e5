#include "protocol/onecodex/validate.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/http/date.hpp"
#include "protocol/onecodex/file_name.hpp"
#include "protocol/onecodex/schema.hpp"

namespace onecodex {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

bool is_type(const json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  return type == "null" && value.is_null();
}

bool is_of_types(const json& value, const ordered_json& types) {
  if (types.is_string()) return is_type(value, types.get_ref<const std::string&>());
  return std::ranges::any_of(types, [&](const ordered_json& type) {
    return is_type(value, type.get_ref<const std::string&>());
  });
}

/// The length of UTF-8 in code points.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// There are only the pattern of file names and those of references.
bool matches(std::string_view pattern, std::string_view text, Contract contract) {
  if (pattern == file_name_pattern) return is_file_name(text, contract);
  return !id_of_reference(pattern, text).empty();
}

std::string list_of(const ordered_json& words) {
  if (words.is_string()) return words.get<std::string>();
  std::string list;
  for (const auto& word : words) {
    if (!list.empty()) list += ", ";
    list += word.is_string() ? word.get<std::string>() : word.dump();
  }
  return list;
}

class Validator {
 public:
  explicit Validator(Contract contract) : contract_(contract) {}

  /// Whether `value` keeps to `schema`; if not, `breach` says where.
  bool check(const ordered_json& schema, const json& value) {
    for (const auto& [keyword, demanded] : schema.items()) {
      if (!check(keyword, demanded, schema, value)) return false;
    }
    return true;
  }

  [[nodiscard]] Breach breach() && { return std::move(breach_); }

 private:
  bool check(const std::string& keyword, const ordered_json& demanded, const ordered_json& schema,
             const json& value) {
    if (keyword == "type") {
      return is_of_types(value, demanded) ||
             broken(keyword, demanded, "must be of type " + list_of(demanded));
    }
    if (keyword == "enum") {
      return std::ranges::find(demanded, ordered_json(value)) != demanded.end() ||
             broken(keyword, demanded, "must be one of " + list_of(demanded));
    }
    if (keyword == "anyOf") return check_any(demanded, value);
    if (value.is_object()) return check_object(keyword, demanded, schema, value);
    if (value.is_array() && keyword == "items") return check_items(demanded, value);
    if (value.is_number()) return check_number(keyword, demanded, value);
    if (value.is_string()) {
      return check_string(keyword, demanded, value.get_ref<const std::string&>());
    }
    return true;
  }

  bool check_any(const ordered_json& schemas, const json& value) {
    const auto path = path_;
    for (const auto& schema : schemas) {
      if (check(schema, value)) return true;
      path_ = path;
    }
    return broken("anyOf", schemas, "is in none of the forms that it may have");
  }

  bool check_object(const std::string& keyword, const ordered_json& demanded,
                    const ordered_json& schema, const json& value) {
    if (keyword == "required") {
      for (const auto& name : demanded) {
        const auto& key = name.get_ref<const std::string&>();
        if (!value.contains(key)) return broken(keyword, demanded, quote(key) + " is missing");
      }
    }
    if (keyword == "properties") {
      for (const auto& [name, member] : demanded.items()) {
        const auto found = value.find(name);
        if (found != value.end() && !check_at(name, member, *found)) return false;
      }
    }
    if (keyword == "additionalProperties") return check_others(demanded, schema, value);
    return true;
  }

  bool check_others(const ordered_json& demanded, const ordered_json& schema, const json& value) {
    const auto properties = schema.find("properties");
    for (const auto& [name, member] : value.items()) {
      if (properties != schema.end() && properties->contains(name)) continue;
      if (demanded.is_object() && check_at(name, demanded, member)) continue;
      if (demanded.is_object()) return false;
      return broken("additionalProperties", demanded, quote(name) + " is not known here");
    }
    return true;
  }

  bool check_items(const ordered_json& schema, const json& value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!check_at(std::to_string(i), schema, value[i])) return false;
    }
    return true;
  }

  bool check_number(const std::string& keyword, const ordered_json& demanded, const json& value) {
    const auto number = value.get<double>();
    if (keyword == "minimum" && number < demanded.get<double>()) {
      return broken(keyword, demanded, "must be at least " + demanded.dump());
    }
    if (keyword == "maximum" && number > demanded.get<double>()) {
      return broken(keyword, demanded, "must be at most " + demanded.dump());
    }
    return true;
  }

  bool check_string(const std::string& keyword, const ordered_json& demanded,
                    const std::string& text) {
    if (keyword == "maxLength" && length_of(text) > demanded.get<std::size_t>()) {
      return broken(keyword, demanded, "is longer than " + demanded.dump() + " characters");
    }
    if (keyword == "pattern" && !matches(demanded.get_ref<const std::string&>(), text, contract_)) {
      return broken(keyword, demanded, "does not match " + demanded.get<std::string>());
    }
    if (keyword == "format" && !http::parse_rfc3339(text)) {
      return broken(keyword, demanded, "must be a date and time as 2018-05-27T12:22:27Z");
    }
    return true;
  }

  bool check_at(const std::string& name, const ordered_json& schema, const json& value) {
    path_.push_back(name);
    if (!check(schema, value)) return false;
    path_.pop_back();
    return true;
  }

  bool broken(const std::string& keyword, const ordered_json& demanded, const std::string& what) {
    std::string where;
    for (const auto& name : path_) where += (where.empty() ? "" : ".") + name.substr(0, 60);
    breach_ = {path_, keyword, demanded.dump(), where.empty() ? what : where + ": " + what};
    return false;
  }

  Contract contract_;
  std::vector<std::string> path_;
  Breach breach_;
};

}  // namespace

std::optional<Breach> find_breach(const ordered_json& schema, const json& value,
                                  Contract contract) {
  Validator validator(contract);
  if (validator.check(schema, value)) return std::nullopt;
  return std::move(validator).breach();
}

}  // namespace onecodex
