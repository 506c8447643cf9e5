#include "lane/lane_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "auth/auth.hpp"
#include "lane/listen_address.hpp"
#include "profile/profile.hpp"
#include "protocol/units.hpp"
#include "settings/choice.hpp"
#include "system/lane_input_json.hpp"
#include "system/made_spelling.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

using json::Cursor;
using settings::Flag;
using settings::Times;
using std::chrono::seconds;
using Json = nlohmann::ordered_json;
using ChunkedAndLength = HttpOptions::ChunkedAndLength;

constexpr std::array<std::pair<std::string_view, Contract>, 2> contracts{
    {{"server", Contract::server}, {"guide", Contract::guide}}};
constexpr std::array<std::pair<std::string_view, UnreadBody>, 2> unread_bodies{
    {{"drain", UnreadBody::drain}, {"close", UnreadBody::close}}};
constexpr std::array<std::pair<std::string_view, ChunkedAndLength>, 2> chunks_and_lengths{
    {{"refuse", ChunkedAndLength::refuse}, {"take", ChunkedAndLength::take}}};

// ---- how a value is spelled

std::string text_of(const Cursor& value) {
  if (value.is_null()) return {};
  if (value.string().empty()) value.fail("must not be empty (null leaves it out)");
  return value.string();
}

Json text_json(const std::string& text, ConfigReader) { return text.empty() ? Json() : Json(text); }

Spelling<std::string> issuer() {
  return {"URL", settings::shown([](const std::string& text) { return parse_issuer(text); }),
          [](const Cursor& value, std::string& into, ConfigWriter) { into = text_of(value); },
          text_json};
}

Spelling<std::string> address() {
  const auto parse = [](const std::string& text) -> Result<std::string> {
    if (const auto sound = parse_listen_address(text); !sound) {
      return tl::unexpected(sound.error());
    }
    return text;
  };
  return {"HOST:PORT", settings::shown(parse),
          [parse](const Cursor& value, std::string& into, ConfigWriter) {
            into = text_of(value);
            if (into.empty()) return;
            if (const auto sound = parse(into); !sound) {
              value.fail(quote(into) + " " + sound.error().what);
            }
          },
          text_json};
}

void read_users(const Cursor& value, LaneInput& into, ConfigWriter writer) {
  if (!value.is_array()) return read_input_json(value, into, writer);
  into = sent_input(Json{{"users", value.raw()}}.dump());
}

Json users_json(const LaneInput& input, ConfigReader reader) {
  auto json = input_json(input, reader);
  if (reader == ConfigReader::us || !json.is_object()) return json;
  for (auto& user : json["users"]) user["password"] = "[redacted]";
  return json;
}

// ---- entries

template <class T>
LaneSetting of_lane(Flag flag, T LaneConfig::*member, const Spelling<T>& as) {
  return {kept_setting<LaneConfig>(
      std::move(flag), [member](auto& config) -> auto& { return config.*member; }, as)};
}

template <class T>
LaneSetting of_listener(Flag flag, T Limits::*member, const Spelling<T>& as) {
  return {
      kept_setting<LaneConfig>(
          std::move(flag), [member](auto& config) -> auto& { return config.limits.*member; }, as),
      true};
}

/// In JSON only.
template <class T>
LaneSetting without_flag(std::string name, T Limits::*member, const Spelling<T>& as) {
  auto made = of_listener({std::move(name), "", "", ""}, member, as);
  made.apply = {};
  return made;
}

LaneSetting list_of_names(Flag flag, std::vector<std::string> LaneConfig::*member) {
  flag.times = Times::listed;
  LaneSetting made{{{std::move(flag), {}}, {}, {}, {}}};
  made.key = made.name + "s";
  made.apply = [member](LaneConfig& config, const std::string& name) -> Result<void> {
    (config.*member).push_back(name);
    return {};
  };
  made.read = [member](LaneConfig& config, const Cursor& value, ConfigWriter) {
    (config.*member).clear();
    for (const auto& item : value.items()) (config.*member).push_back(item.string());
  };
  made.write = [member](const LaneConfig& config, ConfigReader) { return Json(config.*member); };
  return made;
}

/// A name, or a file or a document instead of it.
LaneSetting profile(Flag flag) {
  LaneSetting made{{{std::move(flag), {}}, "profile", {}, {}}};
  made.apply = settings::parsed(settings::not_empty, [](LaneConfig& config, std::string name) {
    config.profile = std::move(name);
  });
  made.read = [](LaneConfig& config, const Cursor& value, ConfigWriter writer) {
    if (value.is_null()) value.fail("expected a string");
    const bool is_name = value.is_string() && !names_profile_file(value.string());
    if (is_name || (value.is_string() && writer == ConfigWriter::us)) {
      config.profile = text_of(value);
      config.profile_file = {};
    } else if (!value.is_string() || value.string() != config.profile) {
      config.profile_file = {};
      read_input_json(value, config.profile_file, writer);
    }
  };
  made.write = [](const LaneConfig& config, ConfigReader reader) {
    const bool has_file = config.profile_file.from != LaneInput::From::nothing;
    return has_file ? input_json(config.profile_file, reader) : Json(config.profile);
  };
  return made;
}

/// Names of files, and rules themselves.
LaneSetting rules(Flag flag) {
  flag.times = Times::listed;
  LaneSetting made{{{std::move(flag), {}}, "rules", {}, {}}};
  made.apply = settings::parsed(settings::not_empty, [](LaneConfig& config, std::string file) {
    config.rule_files.push_back(LaneInput::file(std::move(file)));
  });
  made.read = [](LaneConfig& config, const Cursor& value, ConfigWriter writer) {
    const auto before = std::exchange(config.rule_files, {});
    config.rules.clear();
    for (const auto& item : value.items()) {
      if (auto kept = kept_input(item, writer)) {
        config.rule_files.push_back(*std::move(kept));
      } else if (item.is_object()) {
        config.rules.push_back(item.raw().dump());
      } else {
        config.rule_files.push_back(named_input(item, before, writer));
      }
    }
  };
  made.write = [](const LaneConfig& config, ConfigReader reader) {
    auto json = Json::array();
    for (const auto& file : config.rule_files) json.push_back(input_json(file, reader));
    for (const auto& rule : config.rules) json.push_back(Json::parse(rule));
    return json;
  };
  return made;
}

/// A system's own, which the lane carries.
LaneSetting of_system(const SystemSetting& of) {
  LaneSetting made{{{of, {}}, of.key, {}, {}}};
  made.apply = [apply = of.apply](LaneConfig& config, const std::string& text) {
    return apply(config.systems, text);
  };
  made.read = [read = of.read](LaneConfig& config, const Cursor& value, ConfigWriter writer) {
    read(config.systems, value, writer);
  };
  made.write = [write = of.write](const LaneConfig& config, ConfigReader reader) {
    return write(config.systems, reader);
  };
  return made;
}

std::vector<LaneSetting> of_systems() {
  std::vector<LaneSetting> all;
  for (const auto& system : registered_systems()) {
    if (system.settings == nullptr) continue;
    for (const auto& setting : system.settings()) all.push_back(of_system(setting));
  }
  return all;
}

std::vector<LaneSetting> make_table() {
  using C = LaneConfig;
  using L = Limits;
  const std::string server = "Server";
  const std::string offered = "What is offered";
  const std::string identity = "Identity";
  const std::string misbehaviour = "Misbehaviour";
  std::vector<LaneSetting> table{
      of_lane(
          {"listen", "", "Address and port; port 0 takes any free one", server, "127.0.0.1:8080"},
          &C::listen, address()),
      profile({"profile", "NAME|FILE.json",
               "Which server this is: 'dex' and 'tus' are correct, others are real ones with "
               "their defects; 'list' names all",
               offered, "dex"}),
      of_lane(
          {"contract", "",
           "Where a system's public guide and its service disagree, follow the one or the other",
           offered, "server"},
          &C::contract, spell::choice(contracts)),
      of_listener({"header-timeout", "", "How long a request head may take", offered, "20s"},
                  &L::header_timeout, spell::timeout()),
      of_listener({"read-timeout", "", "How long a body may stall", offered, "30s"},
                  &L::read_timeout, spell::timeout()),
      without_flag("write-timeout", &L::write_timeout, spell::timeout()),
      without_flag("idle-timeout", &L::idle_timeout, spell::timeout()),
      without_flag("header-bytes", &L::header_bytes, spell::bytes()),
      without_flag("target-bytes", &L::target_bytes, spell::bytes()),
      without_flag("drain-bytes", &L::drain_bytes, spell::bytes()),
      of_lane({"early-error", "",
               "When an error is known before the body was read: read it all the same, or close",
               offered, "drain"},
              &C::early_error, spell::choice(unread_bodies)),
      of_lane({"chunked-and-length", "",
               "A Content-Length beside Transfer-Encoding: chunked: refuse the request, or take it "
               "and go by the chunks; default as the profile",
               offered},
              &C::chunked_and_length, spell::unless_null(spell::choice(chunks_and_lengths))),
  };
  std::ranges::move(of_systems(), std::back_inserter(table));
  std::ranges::move(
      std::vector<LaneSetting>{
          of_lane({"auth", "", "Which bearer tokens are demanded", identity, "none"}, &C::auth,
                  spell::choice(auth_modes)),
          of_lane({"secure", "",
                   "Close what DEX leaves open: see docs/guides/secure.md; needs --auth", identity},
                  &C::secure, spell::on_or_off()),
          of_lane(
              {"issuer", "",
               "What tokens name as their issuer; default: this server's URL and /oauth", identity},
              &C::issuer, issuer()),
          of_lane({"users", "", "Who may get a token; default: demo / demo", identity}, &C::users,
                  spell::input("FILE", read_users, users_json)),
          of_lane({"token-lifetime", "", "How long an access token is good for", identity, "1h"},
                  &C::token_lifetime, spell::whole_seconds()),
          list_of_names({"fault", "NAME", "A built-in fault; may be repeated; 'list' names all",
                         misbehaviour},
                        &C::faults),
          list_of_names({"defect", "NAME", "A built-in defect; may be repeated; 'list' names all",
                         misbehaviour},
                        &C::defects),
          rules({"rules", "FILE", "Misbehaviour rules (JSON); may be repeated", misbehaviour}),
          of_lane({"seed", "", "What chance in rules is derived from", misbehaviour, "1"}, &C::seed,
                  spell::whole_number()),
      },
      std::back_inserter(table));
  return table;
}

}  // namespace

const std::vector<LaneSetting>& lane_settings() {
  static const std::vector<LaneSetting> table = make_table();
  return table;
}

}  // namespace mock
