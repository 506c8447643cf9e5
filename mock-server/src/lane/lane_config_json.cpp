#include "lane/lane_config_json.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "lane/listen_address.hpp"
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

void take_rules(const Cursor& root, LaneConfig& config) {
  const auto value = root.find("rules");
  if (!value) return;
  config.rule_files.clear();
  config.rules.clear();
  for (const auto& item : value->items()) {
    if (item.is_object()) {
      config.rules.push_back(item.raw().dump());
    } else {
      config.rule_files.push_back(item.string());
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

}  // namespace

LaneConfig read_lane_config(const Cursor& root, LaneConfig config) {
  root.only({"profile", "contract", "auth", "secure", "issuer", "users", "token_lifetime",
             "upload_configs", "deliver", "rules", "defects", "faults", "seed", "max_size",
             "expire_after", "early_error", "listen", "limits"});
  take(root, "profile", config.profile);
  take_choice(root, "contract", {"server", "guide"}, config.contract);
  take_choice(root, "auth", {"none", "jwt", "opaque"}, config.auth);
  if (const auto value = root.find("secure")) config.secure = value->boolean();
  config.issuer.clear();
  take(root, "issuer", config.issuer);
  take(root, "users", config.users_file);
  if (const auto value = root.find("token_lifetime")) {
    config.token_lifetime = std::chrono::duration_cast<std::chrono::seconds>(duration_of(*value));
  }
  take(root, "upload_configs", config.upload_configs);
  take(root, "deliver", config.delivery_file);
  take_rules(root, config);
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

Json to_json(const LaneConfig& config) {
  Json json{{"profile", config.profile},
            {"contract", config.contract},
            {"auth", config.auth},
            {"secure", config.secure},
            {"token_lifetime", std::to_string(config.token_lifetime.count()) + "s"},
            {"seed", config.seed},
            {"early_error", config.early_error == UnreadBody::close ? "close" : "drain"},
            {"defects", config.defects},
            {"faults", config.faults},
            {"rules", config.rule_files}};
  for (const auto& rule : config.rules) json["rules"].push_back(Json::parse(rule));
  const auto add = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  add("issuer", config.issuer);
  add("users", config.users_file);
  add("upload_configs", config.upload_configs);
  add("deliver", config.delivery_file);
  if (config.max_size) json["max_size"] = config.max_size->value;
  if (config.expire_after) json["expire_after"] = text(*config.expire_after);
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

}  // namespace mock
