#include "record/journal_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "misbehave/load.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "record/recorded_fields.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_entries = 10'000;
constexpr std::array<std::string_view, 14> match_keys{
    "method",  "route",  "upload", "status",  "fault",         "faults",   "aborted",
    "refused", "offset", "since",  "headers", "reply_headers", "metadata", "body"};
/// Those of the keys that have a condition for each of their members.
constexpr std::array<std::string_view, 4> keys_of_objects{"headers", "reply_headers", "metadata",
                                                          "body"};
constexpr auto a_status =
    "expected a status such as 204, a class such as \"4xx\", a range such as "
    "\"400-499\", or 0 for no reply";

Json fields_json(const FieldText& fields) {
  const auto& recorded = RecordedFields::of_all_systems();
  // A repeated field is a list, so that nothing is lost.
  Json all = Json::object();
  for (const auto& [name, value] : fields.all()) {
    const auto same = [written = name](const auto& member) {
      return ::http::same_name(member.first, written);
    };
    auto& object = all.get_ref<Json::object_t&>();
    const auto found = std::find_if(object.begin(), object.end(), same);
    auto told = recorded.told(name, value);
    if (found == object.end()) {
      all[std::string(recorded.spelled(name))] = std::move(told);
    } else if (found->second.is_array()) {
      found->second.push_back(std::move(told));
    } else {
      found->second = Json::array({found->second, std::move(told)});
    }
  }
  return all;
}

Json metadata_json(const FieldText& fields) {
  Json all = Json::object();
  for (const auto& [key, value] : RecordedFields::of_all_systems().metadata_in(fields)) {
    all[key] = value;
  }
  return all;
}

Json optional_json(std::optional<Bytes> bytes) {
  return bytes ? Json(bytes->value) : Json(nullptr);
}

Result<Route> route_of(std::string_view name) {
  auto route = parse_route(name);
  if (route) return route;
  return failure("route", "there is no route " + quote(name) + ", only " + route.error().what);
}

std::optional<int> parse_code(std::string_view text) {
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (code != 0 && (code < 100 || code > 999)) return std::nullopt;
  return code;
}

std::optional<JournalMatch::StatusRange> parse_status(std::string_view text) {
  if (text.size() == 3 && text.substr(1) == "xx" && text[0] >= '1' && text[0] <= '9') {
    const int first = (text[0] - '0') * 100;
    return JournalMatch::StatusRange{first, first + 99};
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = parse_code(text.substr(0, dash));
    const auto last = parse_code(text.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    return JournalMatch::StatusRange{*first, *last};
  }
  const auto code = parse_code(text);
  if (!code) return std::nullopt;
  return JournalMatch::StatusRange{*code, *code};
}

/// One value, or a list of at least one: an empty list would mean "any" where "none" was meant.
template <class Read>
void one_or_more(const json::Cursor& value, Read&& read) {
  if (!value.is_array()) return read(value);
  const auto items = value.items();
  if (items.empty()) value.fail("expected at least one");
  for (const auto& item : items) read(item);
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> all;
  while (true) {
    const auto comma = list.find(',');
    all.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return all;
    list.remove_prefix(comma + 1);
  }
}

Result<bool> parse_flag(const std::string& key, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return failure(key, "expected true or false, not " + quote(text));
}

Result<std::uint64_t> parse_number(const std::string& key, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return failure(key, "expected a whole number, not " + quote(text));
  }
  return number;
}

Result<void> read_member(JournalQuery& query, const std::string& key, const std::string& value) {
  auto& match = query.match;
  if (key == "method") {
    match.methods = split(value);
  } else if (key == "route") {
    for (const auto& name : split(value)) {
      const auto route = route_of(name);
      if (!route) return tl::unexpected(route.error());
      match.routes.push_back(*route);
    }
  } else if (key == "status") {
    for (const auto& text : split(value)) {
      const auto range = parse_status(text);
      if (!range) return failure(key, a_status);
      match.status.push_back(*range);
    }
  } else if (key == "upload") {
    match.upload = value;
  } else if (key == "fault") {
    match.fault = value;
  } else if (key == "faults" || key == "aborted" || key == "refused" || key == "digests") {
    const auto flag = parse_flag(key, value);
    if (!flag) return tl::unexpected(flag.error());
    if (key == "faults") match.faults = *flag;
    if (key == "aborted") match.aborted = *flag;
    if (key == "refused") match.refused = *flag;
    if (key == "digests") query.digests = *flag;
  } else if (key == "since" || key == "limit" || key == "offset") {
    const auto number = parse_number(key, value);
    if (!number) return tl::unexpected(number.error());
    if (key == "offset") match.offset = Bytes{*number};
    if (key == "since") {
      match.since = *number;
      query.forward = true;
    }
    if (key == "limit") {
      if (*number == 0 || *number > most_entries) {
        return failure(key, fmt::format("expected 1 to {}", most_entries));
      }
      query.limit = static_cast<std::size_t>(*number);
    }
  } else {
    return failure(key, "there is no such condition",
                   "the conditions are method, route, upload, status, fault, faults, aborted, "
                   "refused, offset, since, limit, digests");
  }
  return {};
}

std::vector<JournalMatch::FieldCondition> read_fields(const json::Cursor& object) {
  std::vector<JournalMatch::FieldCondition> all;
  for (const auto& [name, value] : object.members()) {
    if (!::http::is_token(name)) value.fail(quote(name) + " is not a header name");
    JournalMatch::FieldCondition one{name, {}, value.is_array()};
    one_or_more(value, [&one](const json::Cursor& line) {
      one.lines.push_back(misbehave::read_text_condition(line));
      using Kind = misbehave::TextCondition::Kind;
      if (one.exactly && one.lines.back().kind == Kind::absent) {
        line.fail(
            "a line that is listed is there: for a header that is not there give false alone");
      }
    });
    all.push_back(std::move(one));
  }
  if (all.empty()) object.fail("names nothing");
  return all;
}

std::string read_sha256(const json::Cursor& value) {
  auto digits = ::http::lower_case(value.string());
  const bool hex = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (digits.size() != 64 || !hex) value.fail("expected the 64 hexadecimal digits of a SHA-256");
  return digits;
}

void read_body(const json::Cursor& body, JournalMatch& match) {
  body.only({"length", "sha256"});
  if (const auto length = body.find("length")) {
    match.received = misbehave::read_number_condition(*length);
  }
  if (const auto digest = body.find("sha256")) match.sha256 = read_sha256(*digest);
  if (!match.received && !match.sha256) body.fail("expected length or sha256");
}

}  // namespace

Json to_json(const JournalEntry& entry) {
  Json json{{"ordinal", entry.ordinal},
            {"time", ::http::format_rfc3339(entry.time)},
            {"connection", entry.connection},
            {"method", entry.method}};
  if (entry.wire_method != entry.method) json["wire_method"] = entry.wire_method;
  json["target"] = entry.target;
  json["route"] = entry.route.name();
  json["upload"] = entry.upload.empty() ? Json(nullptr) : Json(entry.upload);
  json["request_headers"] = fields_json(entry.request_fields);
  if (auto metadata = metadata_json(entry.request_fields); !metadata.empty()) {
    json["metadata"] = std::move(metadata);
  }
  json["body"] = {{"declared", optional_json(entry.declared)}, {"received", entry.received.value}};
  json["offset"] = {{"before", optional_json(entry.offset_before)},
                    {"after", optional_json(entry.offset_after)}};
  json["status"] = entry.status;
  json["reply_headers"] = fields_json(entry.reply_fields);
  json["duration_ms"] = static_cast<double>(entry.duration.count()) / 1000;
  json["aborted"] = entry.aborted;
  if (!entry.refused.empty()) json["refused"] = entry.refused;
  json["faults"] = entry.faults;
  if (const auto& edited = entry.edited) {
    Json made = Json::object();
    if (!edited->method.empty()) made["method"] = edited->method;
    if (!edited->target.empty()) made["target"] = edited->target;
    if (edited->request_fields) made["request_headers"] = fields_json(*edited->request_fields);
    json["edited"] = std::move(made);
  }
  return json;
}

JournalMatch read_match(const json::Cursor& object) {
  object.only(match_keys);
  JournalMatch match;
  if (const auto value = object.find("method")) {
    one_or_more(*value, [&](const json::Cursor& c) { match.methods.push_back(c.string()); });
  }
  if (const auto value = object.find("route")) {
    one_or_more(*value, [&](const json::Cursor& c) {
      match.routes.push_back(c.unwrap(route_of(c.string())));
    });
  }
  if (const auto value = object.find("status")) {
    one_or_more(*value, [&](const json::Cursor& c) {
      const auto range = parse_status(c.is_number()   ? std::to_string(c.unsigned_integer())
                                      : c.is_string() ? c.string()
                                                      : std::string());
      if (!range) c.fail(a_status);
      match.status.push_back(*range);
    });
  }
  if (const auto value = object.find("upload")) match.upload = value->string();
  if (const auto value = object.find("fault")) match.fault = value->string();
  if (const auto value = object.find("faults")) match.faults = value->boolean();
  if (const auto value = object.find("aborted")) match.aborted = value->boolean();
  if (const auto value = object.find("refused")) match.refused = value->boolean();
  if (const auto value = object.find("offset")) match.offset = Bytes{value->unsigned_integer()};
  if (const auto value = object.find("since")) match.since = value->unsigned_integer();
  if (const auto fields = object.find("headers")) match.request_fields = read_fields(*fields);
  if (const auto fields = object.find("reply_headers")) match.reply_fields = read_fields(*fields);
  if (const auto metadata = object.find("metadata")) {
    for (const auto& [key, value] : metadata->members()) {
      match.metadata.push_back({key, misbehave::read_text_condition(value), {}});
    }
    if (match.metadata.empty()) metadata->fail("names nothing");
  }
  if (const auto body = object.find("body")) read_body(*body, match);
  return match;
}

std::vector<MatchCondition> conditions_of(const json::Cursor& object) {
  std::vector<MatchCondition> all;
  const auto add = [&all](const std::string& field, const nlohmann::json& match,
                          const nlohmann::json& wanted) {
    all.push_back({field, wanted, read_match(json::Cursor(match, "body"))});
  };
  for (const auto key : match_keys) {
    const auto value = object.find(key);
    if (!value || key == "since") continue;
    const std::string name(key);
    if (std::ranges::count(keys_of_objects, key) == 0) {
      add(name, nlohmann::json::object({{name, value->raw()}}), value->raw());
      continue;
    }
    for (const auto& [member, wanted] : value->members()) {
      const auto alone = nlohmann::json::object({{member, wanted.raw()}});
      add(name + "." + member, nlohmann::json::object({{name, alone}}), wanted.raw());
    }
  }
  return all;
}

Json found_at(const MatchCondition& condition, const Json& entry) {
  const auto& field = condition.field;
  if (field == "fault") return entry.at("faults");
  if (field == "faults") return !entry.at("faults").empty();
  if (field == "refused") return entry.contains("refused") ? entry.at("refused") : Json(false);
  if (field == "offset") return entry.at("offset").at("before");
  if (field == "body.length") return entry.at("body").at("received");
  if (field == "body.sha256") return nullptr;
  const auto dot = field.find('.');
  if (dot == std::string::npos) return entry.at(field);
  const auto name = field.substr(dot + 1);
  const auto object = field.substr(0, dot);
  const auto where = object == "headers" ? "request_headers" : object;
  if (!entry.contains(where)) return nullptr;
  for (const auto& [there, value] : entry.at(where).items()) {
    if (object == "metadata" ? there == name : ::http::same_name(there, name)) return value;
  }
  return nullptr;
}

Result<JournalQuery> parse_journal_query(std::string_view query) {
  const auto form = ::http::parse_form(query);
  if (!form) return failure("query", "is not validly percent-encoded");
  JournalQuery parsed;
  for (const auto& [key, value] : *form) {
    if (auto ok = read_member(parsed, key, value); !ok) return tl::unexpected(ok.error());
  }
  return parsed;
}

}  // namespace mock
