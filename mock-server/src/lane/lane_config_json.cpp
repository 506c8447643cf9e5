#include "lane/lane_config_json.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "files/input.hpp"
#include "lane/listen_address.hpp"
#include "profile/profile.hpp"
#include "protocol/units.hpp"

namespace mock {
namespace {

using json::Cursor;
using Json = nlohmann::ordered_json;

void take(const Cursor& root, std::string_view key, std::string& into) {
  const auto value = root.find(key);
  if (!value) return;
  into = value->is_null() ? std::string() : value->string();
  if (!value->is_null() && into.empty()) value->fail("must not be empty (null leaves it out)");
}

void take_choice(const Cursor& root, std::string_view key,
                 std::initializer_list<std::string_view> choices, std::string& into) {
  const auto value = root.find(key);
  if (!value) return;
  std::string expected;
  for (const auto choice : choices) {
    if (value->string() == choice) {
      into = choice;
      return;
    }
    expected.append(expected.empty() ? "" : ", ").append(choice);
  }
  value->fail("expected one of " + expected);
}

void take_list(const Cursor& root, std::string_view key, std::vector<std::string>& into) {
  const auto value = root.find(key);
  if (!value) return;
  into.clear();
  for (const auto& item : value->items()) into.push_back(item.string());
}

Bytes bytes_of(const Cursor& value) {
  return value.is_number() ? Bytes{value.unsigned_integer()}
                           : value.unwrap(parse_bytes(value.string()));
}

void take(const Cursor& root, std::string_view key, Bytes& into) {
  if (const auto value = root.find(key)) into = bytes_of(*value);
}

Milliseconds duration_of(const Cursor& value) {
  return value.unwrap(parse_duration(value.string()));
}

void take_timeout(const Cursor& root, std::string_view key, Milliseconds& into) {
  const auto value = root.find(key);
  if (!value) return;
  into = duration_of(*value);
  if (into <= Milliseconds{0}) value->fail("must be longer than zero");
}

using From = LaneInput::From;
using ChunkedAndLength = HttpOptions::ChunkedAndLength;

/// On disk, a name inside --lane-files: a name alone is the server's.
constexpr std::string_view in_folder = "lane_file";

LaneInput document(std::string text) {
  return {From::request, {}, std::make_shared<const std::string>(std::move(text))};
}

/// A file's name, as `writer` says it; `known` are names that a client may repeat.
LaneInput named(const Cursor& value, const std::vector<LaneInput>& known, ConfigWriter writer) {
  const auto& name = value.string();
  if (name.empty()) value.fail("must not be empty (null leaves it out)");
  if (writer == ConfigWriter::us) return LaneInput::file(name);
  for (const auto& one : known) {
    if (one.from == From::start && one.name == name) return one;
  }
  if (!is_inner_name(name)) {
    value.fail(quote(name) +
               " is a file of the server's, and no request opens those: send the content itself, "
               "or a name inside the folder of --lane-files, relative and without '..'");
  }
  return {From::folder, name};
}

/// nullopt: it is no {"lane_file": NAME} of our own.
std::optional<LaneInput> kept_name(const Cursor& value, ConfigWriter writer) {
  if (writer != ConfigWriter::us || !value.is_object()) return std::nullopt;
  const auto name = value.find(in_folder);
  if (!name || !name->is_string()) return std::nullopt;
  value.only({in_folder});
  return LaneInput{From::folder, name->string()};
}

LaneInput input_of(const Cursor& value, const LaneInput& before, ConfigWriter writer) {
  if (value.is_null()) return {};
  if (auto kept = kept_name(value, writer)) return *std::move(kept);
  if (value.is_object()) return document(value.raw().dump());
  return named(value, {before}, writer);
}

void take(const Cursor& root, std::string_view key, ConfigWriter writer, LaneInput& into) {
  if (const auto value = root.find(key)) into = input_of(*value, into, writer);
}

void take_users(const Cursor& root, ConfigWriter writer, LaneInput& into) {
  const auto value = root.find("users");
  if (!value) return;
  // The list alone says the same.
  into = value->is_array() ? document(Json{{"users", value->raw()}}.dump())
                           : input_of(*value, into, writer);
}

/// YAML as text has lines; the name of a file has one.
void take_deliver(const Cursor& root, ConfigWriter writer, LaneInput& into) {
  const auto value = root.find("deliver");
  if (!value) return;
  const bool text = value->is_string() && value->string().find('\n') != std::string::npos;
  into = text ? document(value->string()) : input_of(*value, into, writer);
}

/// On disk, a folder inside the lane's own: a name alone is the server's.
constexpr std::string_view in_lane = "lane_folder";

void take_deliver_root(const Cursor& root, ConfigWriter writer, LaneInput& into) {
  const auto value = root.find("deliver_root");
  if (!value) return;
  if (value->is_null()) {
    into = {};
  } else if (writer == ConfigWriter::us && value->is_object()) {
    value->only({in_lane});
    into = {From::request, value->at(in_lane).string()};
  } else if (value->string().empty()) {
    value->fail("must not be empty (null leaves it out)");
  } else if (writer == ConfigWriter::us) {
    into = LaneInput::file(value->string());
  } else if (into.from != From::start || into.name != value->string()) {
    if (!is_inner_name(value->string())) {
      value->fail(quote(value->string()) +
                  " is not inside the lane's own folder, where what a request configures is "
                  "delivered: a relative path without '..'");
    }
    into = {From::request, value->string()};
  }
}

void take_profile(const Cursor& root, ConfigWriter writer, LaneConfig& config) {
  const auto value = root.find("profile");
  if (!value) return;
  const bool is_name = value->is_string() && !names_profile_file(value->string());
  if (is_name || (value->is_string() && writer == ConfigWriter::us)) {
    take(root, "profile", config.profile);
    config.profile_file = {};
    return;
  }
  if (value->is_string() && value->string() == config.profile) return;
  if (value->is_null()) value->fail("expected a string");
  config.profile_file = input_of(*value, {}, writer);
}

void take_rules(const Cursor& root, ConfigWriter writer, LaneConfig& config) {
  const auto value = root.find("rules");
  if (!value) return;
  const auto before = std::exchange(config.rule_files, {});
  config.rules.clear();
  for (const auto& item : value->items()) {
    if (auto kept = kept_name(item, writer)) {
      config.rule_files.push_back(*std::move(kept));
    } else if (item.is_object()) {
      config.rules.push_back(item.raw().dump());
    } else {
      config.rule_files.push_back(named(item, before, writer));
    }
  }
}

void take_limits(const Cursor& limits, Limits& into) {
  limits.only({"header_timeout", "read_timeout", "write_timeout", "idle_timeout", "header_bytes",
               "target_bytes", "drain_bytes"});
  take_timeout(limits, "header_timeout", into.header_timeout);
  take_timeout(limits, "read_timeout", into.read_timeout);
  take_timeout(limits, "write_timeout", into.write_timeout);
  take_timeout(limits, "idle_timeout", into.idle_timeout);
  take(limits, "header_bytes", into.header_bytes);
  take(limits, "target_bytes", into.target_bytes);
  take(limits, "drain_bytes", into.drain_bytes);
}

std::string text(Milliseconds duration) { return std::to_string(duration.count()) + "ms"; }

enum class For { us, client };

Json json_of(const LaneInput& input, For reader) {
  if (input.from == From::folder && reader == For::us)
    return Json{{std::string(in_folder), input.name}};
  if (input.from != From::request) return input.name;
  auto json = Json::parse(*input.text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json(*input.text);
}

Json users_json(const LaneInput& input, For reader) {
  auto json = json_of(input, reader);
  if (reader == For::us || !json.is_object()) return json;
  for (auto& user : json["users"]) user["password"] = "[redacted]";
  return json;
}

}  // namespace

LaneConfig read_lane_config(const Cursor& root, LaneConfig config, ConfigWriter writer) {
  root.only({"profile", "contract", "auth", "secure", "issuer", "users", "token_lifetime",
             "upload_configs", "deliver", "deliver_root", "rules", "defects", "faults", "seed",
             "max_size", "expire_after", "early_error", "chunked_and_length", "listen", "limits"});
  take_profile(root, writer, config);
  take_choice(root, "contract", {"server", "guide"}, config.contract);
  take_choice(root, "auth", {"none", "jwt", "opaque"}, config.auth);
  if (const auto value = root.find("secure")) config.secure = value->boolean();
  config.issuer.clear();
  take(root, "issuer", config.issuer);
  take_users(root, writer, config.users);
  if (const auto value = root.find("token_lifetime")) {
    config.token_lifetime = std::chrono::duration_cast<std::chrono::seconds>(duration_of(*value));
  }
  take(root, "upload_configs", writer, config.upload_configs);
  take_deliver(root, writer, config.deliver);
  take_deliver_root(root, writer, config.deliver_root);
  take_rules(root, writer, config);
  take_list(root, "defects", config.defects);
  take_list(root, "faults", config.faults);
  if (const auto value = root.find("seed")) config.seed = value->unsigned_integer();
  if (const auto value = root.find("max_size")) {
    config.max_size = value->is_null() ? std::nullopt : std::optional(bytes_of(*value));
  }
  if (const auto value = root.find("expire_after")) {
    config.expire_after = value->is_null() ? std::nullopt : std::optional(duration_of(*value));
  }
  std::string early_error = config.early_error == UnreadBody::close ? "close" : "drain";
  take_choice(root, "early_error", {"drain", "close"}, early_error);
  config.early_error = early_error == "close" ? UnreadBody::close : UnreadBody::drain;
  if (const auto value = root.find("chunked_and_length")) {
    config.chunked_and_length.reset();
    if (!value->is_null()) {
      std::string choice;
      take_choice(root, "chunked_and_length", {"refuse", "take"}, choice);
      config.chunked_and_length =
          choice == "take" ? ChunkedAndLength::take : ChunkedAndLength::refuse;
    }
  }
  config.listen.clear();
  take(root, "listen", config.listen);
  if (!config.listen.empty()) {
    if (auto address = parse_listen_address(config.listen); !address) {
      root.at("listen").fail(quote(config.listen) + " " + address.error().what);
    }
  }
  if (const auto limits = root.find("limits")) {
    if (config.listen.empty()) limits->fail("needs \"listen\": they are of a listener");
    take_limits(*limits, config.limits);
  }
  if (auto sound = check(config); !sound) {
    const auto& error = sound.error();
    root.find(error.where).value_or(root).fail(root.find(error.where) ? error.what : error.line());
  }
  return config;
}

namespace {

Json config_json(const LaneConfig& config, For reader) {
  const bool has_profile_file = config.profile_file.from != From::nothing;
  Json json{
      {"profile", has_profile_file ? json_of(config.profile_file, reader) : Json(config.profile)},
      {"contract", config.contract},
      {"auth", config.auth},
      {"secure", config.secure},
      {"token_lifetime", std::to_string(config.token_lifetime.count()) + "s"},
      {"seed", config.seed},
      {"early_error", config.early_error == UnreadBody::close ? "close" : "drain"},
      {"defects", config.defects},
      {"faults", config.faults},
      {"rules", Json::array()}};
  for (const auto& file : config.rule_files) json["rules"].push_back(json_of(file, reader));
  for (const auto& rule : config.rules) json["rules"].push_back(Json::parse(rule));
  const auto add = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  add("issuer", config.issuer);
  if (config.users.from != From::nothing) json["users"] = users_json(config.users, reader);
  for (const auto& [key, input] : {std::pair{"upload_configs", &config.upload_configs},
                                   std::pair{"deliver", &config.deliver}}) {
    if (input->from != From::nothing) json[key] = json_of(*input, reader);
  }
  if (const auto& folder = config.deliver_root; folder.from != From::nothing) {
    const bool inside = folder.from == From::request && reader == For::us;
    json["deliver_root"] = inside ? Json{{std::string(in_lane), folder.name}} : Json(folder.name);
  }
  if (config.max_size) json["max_size"] = config.max_size->value;
  if (config.expire_after) json["expire_after"] = text(*config.expire_after);
  if (const auto choice = config.chunked_and_length) {
    json["chunked_and_length"] = *choice == ChunkedAndLength::take ? "take" : "refuse";
  }
  if (config.listen.empty()) return json;
  const auto& limits = config.limits;
  json["listen"] = config.listen;
  json["limits"] = {
      {"header_timeout", text(limits.header_timeout)}, {"read_timeout", text(limits.read_timeout)},
      {"write_timeout", text(limits.write_timeout)},   {"idle_timeout", text(limits.idle_timeout)},
      {"header_bytes", limits.header_bytes.value},     {"target_bytes", limits.target_bytes.value},
      {"drain_bytes", limits.drain_bytes.value}};
  return json;
}

}  // namespace

Json to_json(const LaneConfig& config) { return config_json(config, For::us); }
Json shown_json(const LaneConfig& config) { return config_json(config, For::client); }

}  // namespace mock
