#include "lane/lane_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "auth/auth.hpp"
#include "lane/lane_input_json.hpp"
#include "lane/listen_address.hpp"
#include "profile/profile.hpp"
#include "protocol/units.hpp"
#include "settings/choice.hpp"

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

/// A value of type T as text of a flag and in JSON.
template <class T>
struct Spelling {
  std::string value;  ///< what --help calls it; empty: a switch
  std::function<Result<T>(const std::string& text)> parse;
  std::function<void(const Cursor& value, T& into, ConfigWriter)> read;
  std::function<Json(const T&, ConfigReader)> write;
};

std::string text_of(const Cursor& value) {
  if (value.is_null()) return {};
  if (value.string().empty()) value.fail("must not be empty (null leaves it out)");
  return value.string();
}

Spelling<bool> on_or_off() {
  return {"", [](const std::string& text) -> Result<bool> { return text == "true"; },
          [](const Cursor& value, bool& into, ConfigWriter) { into = value.boolean(); },
          [](bool on, ConfigReader) { return Json(on); }};
}

template <class T, std::size_t n>
Spelling<T> choice(const std::array<std::pair<std::string_view, T>, n>& names) {
  return {settings::shown_choice(names),
          [&names](const std::string& text) { return settings::parse_choice(names, text); },
          [&names](const Cursor& value, T& into, ConfigWriter) {
            const auto chosen = settings::value_named(names, value.string());
            if (!chosen) {
              const auto known = settings::names_in(names);
              const auto nearest = settings::nearest_choice(value.string(), known);
              value.fail(fmt::format("expected one of {}{}", fmt::join(known, ", "),
                                     nearest.empty() ? "" : " (" + nearest + ")"));
            }
            into = *chosen;
          },
          [&names](T chosen, ConfigReader) { return Json(settings::name_of(names, chosen)); }};
}

Milliseconds duration_of(const Cursor& value) {
  return value.unwrap(parse_duration(value.string()));
}

Spelling<Milliseconds> duration() {
  return {"DURATION", settings::shown(parse_duration),
          [](const Cursor& value, Milliseconds& into, ConfigWriter) { into = duration_of(value); },
          [](Milliseconds time, ConfigReader) { return Json(fmt::format("{}ms", time.count())); }};
}

Spelling<Milliseconds> timeout() {
  auto spelling = duration();
  spelling.read = [](const Cursor& value, Milliseconds& into, ConfigWriter) {
    into = duration_of(value);
    if (into <= Milliseconds{0}) value.fail("must be longer than zero");
  };
  return spelling;
}

Spelling<seconds> whole_seconds() {
  const auto parse = [](const std::string& text) -> Result<seconds> {
    const auto time = parse_duration(text);
    if (!time) return tl::unexpected(time.error());
    return std::chrono::duration_cast<seconds>(*time);
  };
  return {"DURATION", settings::shown(parse),
          [](const Cursor& value, seconds& into, ConfigWriter) {
            into = std::chrono::duration_cast<seconds>(duration_of(value));
          },
          [](seconds time, ConfigReader) { return Json(fmt::format("{}s", time.count())); }};
}

Spelling<Bytes> bytes() {
  return {"SIZE", settings::shown(parse_bytes),
          [](const Cursor& value, Bytes& into, ConfigWriter) {
            into = value.is_number() ? Bytes{value.unsigned_integer()}
                                     : value.unwrap(parse_bytes(value.string()));
          },
          [](Bytes size, ConfigReader) { return Json(size.value); }};
}

Spelling<std::uint64_t> whole_number() {
  // What reads numbers by way of a signed one takes -1 for 2^64 - 1.
  const auto parse = [](const std::string& text) -> Result<std::uint64_t> {
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error == std::errc{} && end == last) return number;
    return failure("", "is not a whole number from 0 to 18446744073709551615");
  };
  return {"N", settings::shown(parse),
          [](const Cursor& value, std::uint64_t& into, ConfigWriter) {
            into = value.unsigned_integer();
          },
          [](std::uint64_t number, ConfigReader) { return Json(number); }};
}

/// null leaves it to the profile.
template <class T>
Spelling<std::optional<T>> unless_null(Spelling<T> given) {
  return {given.value,
          [parse = given.parse](const std::string& text) -> Result<std::optional<T>> {
            auto value = parse(text);
            if (!value) return tl::unexpected(value.error());
            return *std::move(value);
          },
          [read = given.read](const Cursor& value, std::optional<T>& into, ConfigWriter writer) {
            into.reset();
            if (!value.is_null()) read(value, into.emplace(), writer);
          },
          [write = given.write](const std::optional<T>& value, ConfigReader reader) {
            return value ? write(*value, reader) : Json();
          }};
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

Spelling<LaneInput> input(std::string value, decltype(&read_input) read,
                          decltype(&input_json) write = input_json) {
  const auto parse = [](const std::string& text) -> Result<LaneInput> {
    auto name = settings::not_empty(text);
    if (!name) return tl::unexpected(name.error());
    return LaneInput::file(*std::move(name));
  };
  return {std::move(value), parse, read, write};
}

// ---- entries

template <class Place, class T>
LaneSetting entry(Flag flag, Place place, const Spelling<T>& as) {
  if (flag.value.empty()) flag.value = as.value;
  LaneSetting made{{std::move(flag), {}}, {}, false, {}, {}};
  made.key = made.name;
  std::replace(made.key.begin(), made.key.end(), '-', '_');
  made.apply = settings::parsed(
      as.parse, [place](LaneConfig& config, T value) { place(config) = std::move(value); });
  made.read = [place, read = as.read](LaneConfig& config, const Cursor& value,
                                      ConfigWriter writer) { read(value, place(config), writer); };
  made.write = [place, write = as.write](const LaneConfig& config, ConfigReader reader) {
    return write(place(config), reader);
  };
  return made;
}

template <class T>
LaneSetting of_lane(Flag flag, T LaneConfig::*member, const Spelling<T>& as) {
  return entry(
      std::move(flag), [member](auto& config) -> auto& { return config.*member; }, as);
}

template <class T>
LaneSetting of_listener(Flag flag, T Limits::*member, const Spelling<T>& as) {
  auto made = entry(
      std::move(flag), [member](auto& config) -> auto& { return config.limits.*member; }, as);
  made.of_listener = true;
  return made;
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
  LaneSetting made{{std::move(flag), {}}, {}, false, {}, {}};
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
  LaneSetting made{{std::move(flag), {}}, "profile", false, {}, {}};
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
      read_input(value, config.profile_file, writer);
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
  LaneSetting made{{std::move(flag), {}}, "rules", false, {}, {}};
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

std::vector<LaneSetting> make_table() {
  using C = LaneConfig;
  using L = Limits;
  const std::string server = "Server";
  const std::string offered = "What is offered";
  const std::string identity = "Identity";
  const std::string misbehaviour = "Misbehaviour";
  return {
      of_lane(
          {"listen", "", "Address and port; port 0 takes any free one", server, "127.0.0.1:8080"},
          &C::listen, address()),
      profile({"profile", "NAME|FILE.json",
               "Which server this is: 'dex' and 'tus' are correct, others are real ones with "
               "their defects; 'list' names all",
               offered, "dex"}),
      of_lane({"contract", "",
               "Where DEX's public guide and the service disagree, follow the one or the other",
               offered, "server"},
              &C::contract, choice(contracts)),
      of_lane({"max-size", "", "Tus-Max-Size, for example 64MiB; default as the profile", offered},
              &C::max_size, unless_null(bytes())),
      of_lane({"expire-after", "",
               "How long an upload may stay unfinished; default: tus 24h, dex for ever", offered},
              &C::expire_after, unless_null(duration())),
      of_listener({"header-timeout", "", "How long a request head may take", offered, "20s"},
                  &L::header_timeout, timeout()),
      of_listener({"read-timeout", "", "How long a body may stall", offered, "30s"},
                  &L::read_timeout, timeout()),
      without_flag("write-timeout", &L::write_timeout, timeout()),
      without_flag("idle-timeout", &L::idle_timeout, timeout()),
      without_flag("header-bytes", &L::header_bytes, bytes()),
      without_flag("target-bytes", &L::target_bytes, bytes()),
      without_flag("drain-bytes", &L::drain_bytes, bytes()),
      of_lane({"early-error", "",
               "When an error is known before the body was read: read it all the same, or close",
               offered, "drain"},
              &C::early_error, choice(unread_bodies)),
      of_lane({"chunked-and-length", "",
               "A Content-Length beside Transfer-Encoding: chunked: refuse the request, or take it "
               "and go by the chunks; default as the profile",
               offered},
              &C::chunked_and_length, unless_null(choice(chunks_and_lengths))),
      of_lane({"upload-configs", "",
               "Upload configs, <data_stream_id>_<data_stream_route>.json each", offered},
              &C::upload_configs, input("DIR", read_input)),
      of_lane({"deliver", "", "Delivery targets, in CDC's YAML form", offered}, &C::deliver,
              input("FILE.yml", read_deliver)),
      of_lane({"deliver-root", "",
               "Deliver into DIR/<name of the target>, whatever the targets are: s3 and az-blob "
               "ones too",
               offered},
              &C::deliver_root, input("DIR", read_deliver_root, deliver_root_json)),
      of_lane({"auth", "", "Which bearer tokens are demanded", identity, "none"}, &C::auth,
              choice(auth_modes)),
      of_lane({"secure", "", "Close what DEX leaves open: see docs/guides/secure.md; needs --auth",
               identity},
              &C::secure, on_or_off()),
      of_lane({"issuer", "",
               "What tokens name as their issuer; default: this server's URL and /oauth", identity},
              &C::issuer, issuer()),
      of_lane({"users", "", "Who may get a token; default: demo / demo", identity}, &C::users,
              input("FILE", read_users, users_json)),
      of_lane({"token-lifetime", "", "How long an access token is good for", identity, "1h"},
              &C::token_lifetime, whole_seconds()),
      list_of_names(
          {"fault", "NAME", "A built-in fault; may be repeated; 'list' names all", misbehaviour},
          &C::faults),
      list_of_names(
          {"defect", "NAME", "A built-in defect; may be repeated; 'list' names all", misbehaviour},
          &C::defects),
      rules({"rules", "FILE", "Misbehaviour rules (JSON); may be repeated", misbehaviour}),
      of_lane({"seed", "", "What chance in rules is derived from", misbehaviour, "1"}, &C::seed,
              whole_number()),
  };
}

}  // namespace

const std::vector<LaneSetting>& lane_settings() {
  static const std::vector<LaneSetting> table = make_table();
  return table;
}

}  // namespace mock
