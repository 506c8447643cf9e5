#include "scenario/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "client/endpoints.hpp"
#include "client/token.hpp"
#include "protocol/json/decode.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

constexpr std::uint64_t most_in_flight = 100'000;

Result<std::uint64_t> whole_number(const std::string& text, std::uint64_t least,
                                   std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    return failure("",
                   fmt::format("{} is not a whole number from {} to {}", quote(text), least, most));
  }
  return value;
}

/// Stores what `parse` makes of the text.
template <class Parse, class Store>
auto parsed(Parse parse, Store store) {
  return [parse, store](Settings& settings, const std::string& text) -> Result<void> {
    auto value = parse(text);
    if (!value) return tl::unexpected(value.error());
    store(settings, std::move(*value));
    return {};
  };
}

auto number(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& text) { return whole_number(text, least, most); };
}

Result<std::string> variable(const std::string& text) {
  const bool good = !text.empty() && text.find_first_of("= \t\n") == std::string::npos;
  if (!good) return failure("", "it takes the name of an environment variable, and this is none");
  return text;
}

Result<const SystemKind*> system(const std::string& text) {
  if (const SystemKind* const kind = system_named(text)) return kind;
  std::string names;
  for (const auto& kind : systems()) names += (names.empty() ? "" : ", ") + kind.name;
  return failure("", fmt::format("{} is not a system", quote(text)),
                 fmt::format("one of {}", names));
}

/// "20/s", "1.5/s", "90/min"; a bare number would be a guess.
Result<double> rate(const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double per = unit == "/s" ? 1 : unit == "/min" ? 60 : unit == "/h" ? 3600 : 0;
  if (code != std::errc{} || per == 0 || !std::isfinite(value) || value <= 0 || value / per > 1e6) {
    return failure("", fmt::format("{} is not a rate of uploads", quote(text)),
                   "as in 20/s or 90/min");
  }
  return value / per;
}

Result<std::vector<Milliseconds>> delays(const std::string& text) {
  std::vector<Milliseconds> list;
  if (text == "none") return list;
  for (std::size_t from = 0; from <= text.size();) {
    const auto comma = std::min(text.find(',', from), text.size());
    const auto delay = parse_duration(std::string_view(text).substr(from, comma - from));
    if (!delay) {
      return failure("",
                     fmt::format("{} is not a list of delays: {}", quote(text), delay.error().what),
                     "as in 0s,1s,3s,5s, or none");
    }
    list.push_back(*delay);
    from = comma + 1;
  }
  return list;
}

Result<bool> on_off(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return failure("", fmt::format("{} is neither true nor false", quote(text)));
}

/// Puts what a system reads itself among its own settings.
std::function<Result<void>(Settings&, const std::string&)> kept(const OwnSetting& own) {
  return [own](Settings& settings, const std::string& text) -> Result<void> {
    auto value = own.read(text);
    if (!value) return tl::unexpected(value.error());
    auto& values = settings.own[own.name];
    if (!own.repeatable) values.clear();
    values.push_back(std::move(*value));
    return {};
  };
}

bool has(const SystemKind& kind, const std::string& setting) {
  return std::any_of(kind.settings.begin(), kind.settings.end(),
                     [&](const OwnSetting& own) { return own.name == setting; });
}

/// What was given of settings that the system has not.
Result<void> check_own(const Settings& s) {
  for (const auto& kind : systems()) {
    for (const auto& own : kind.settings) {
      if (own.elsewhere.empty() || !s.own.contains(own.name) || has(*s.system, own.name)) continue;
      return failure("--" + own.name, own.elsewhere, "drop --system " + s.system->name);
    }
  }
  return {};
}

std::vector<Setting> make_table() {
  using S = Settings;
  std::vector<Setting> t;
  const auto add = [&t](std::string name, std::string value, std::string help, auto apply,
                        bool repeatable = false, bool in_scenario = true) {
    t.push_back(
        {std::move(name), std::move(value), std::move(help), repeatable, in_scenario, apply});
  };
  add("url", "URL", "tus creation URL, as in http://127.0.0.1:8080/files",
      parsed(http_url, [](S& s, std::string v) { s.url = std::move(v); }));
  std::string names;
  std::string about;
  for (const auto& kind : systems()) {
    names += (names.empty() ? "" : "|") + kind.name;
    if (!kind.about.empty()) about += fmt::format("; {} {}", kind.name, kind.about);
  }
  add("system", names, fmt::format("what the target is [{}]{}", systems().front().name, about),
      parsed(system, [](S& s, const SystemKind* v) { s.system = v; }));
  add("uploads", "N", "uploads of the whole run [100, or without end when --duration is given]",
      parsed(number(1, 1'000'000'000), [](S& s, std::uint64_t v) { s.uploads = v; }));
  add("duration", "TIME", "start uploads for this long, as in 90s",
      parsed(positive_duration, [](S& s, Milliseconds v) { s.duration = v; }));
  add("concurrency", "N", "uploads in flight at most [10; 1000 with --rate]",
      parsed(number(1, most_in_flight), [](S& s, std::uint64_t v) { s.concurrency = v; }));
  add("rate", "R/s", "open loop: uploads are due at this rate, as in 20/s",
      parsed(rate, [](S& s, double v) { s.rate = v; }));
  add("size", "DIST",
      "8MiB | uniform:1MiB-8MiB | lognormal:median=2MiB,sigma=1.2[,max=1GiB] | choice:1KiB,8MiB "
      "[8MiB]",
      parsed([](const std::string& text) { return SizeDistribution::parse(text); },
             [](S& s, SizeDistribution v) { s.size = std::move(v); }));
  add("chunk", "SIZE", "bytes of one PATCH [all that is left]",
      parsed(
          [](const std::string& text) -> Result<Bytes> {
            auto value = parse_bytes(text);
            if (value && value->value == 0) return failure("", "a chunk has at least one byte");
            return value;
          },
          [](S& s, Bytes v) { s.chunk = v; }));
  add("payload", "KIND", "random | hl7 | csv [random]",
      parsed(parse_payload_kind, [](S& s, PayloadKind v) { s.payload = v; }));
  add("network", "NAME|FILE", "the partners' network, see 'dex-loadgen networks' [perfect]",
      parsed(load_network, [](S& s, Network v) { s.network = std::move(v); }));
  add("seed", "N", "same seed, same sizes, bytes and cuts [1]",
      parsed(number(0, UINT64_MAX), [](S& s, std::uint64_t v) { s.seed = v; }));
  add("threads", "N", "event loops, each on a thread of its own [1]",
      parsed(number(1, 64), [](S& s, std::uint64_t v) { s.threads = static_cast<unsigned>(v); }));
  add("retry-delays", "LIST", "waits before retries without progress, or none [0s,1s,3s,5s]",
      parsed(delays, [](S& s, std::vector<Milliseconds> v) { s.retry_delays = std::move(v); }));
  add("verify", "HOW", "auto | digest | download | delivered | none [auto]",
      parsed(parse_verify_method, [](S& s, VerifyMethod v) { s.verify = v; }));
  add("delivered-dir", "DIR", "folder that deliveries go to, for --verify delivered",
      parsed(not_empty, [](S& s, std::string v) { s.delivered_dir = std::move(v); }));
  std::set<std::string> known;
  for (const auto& kind : systems()) {
    for (const auto& own : kind.settings) {
      if (!known.insert(own.name).second) continue;  // of two systems, one on the other
      add(own.name, own.value, own.help, kept(own), own.repeatable);
    }
  }
  add("oauth-url", "URL", "token endpoint [/oauth beside --url]",
      parsed(http_url, [](S& s, std::string v) { s.oauth_url = std::move(v); }));
  add("trust-origin", "URL", "another origin that a Location may lead to, with the credentials",
      parsed(http_url, [](S& s, std::string v) { s.trusted_origins.push_back(std::move(v)); }),
      /*repeatable=*/true, /*in_scenario=*/false);
  add("username-env", "VAR", "environment variable that holds the user name",
      parsed(variable, [](S& s, std::string v) { s.username_env = std::move(v); }));
  add("password-env", "VAR", "environment variable that holds the password",
      parsed(variable, [](S& s, std::string v) { s.password_env = std::move(v); }));
  add("token-env", "VAR", "environment variable that holds a bearer token",
      parsed(variable, [](S& s, std::string v) { s.token_env = std::move(v); }));
  add("ca-file", "FILE", "PEM certificates to trust [the system's]",
      parsed(not_empty, [](S& s, std::string v) { s.ca_file = std::move(v); }));
  add("client-cert", "FILE", "PEM certificate and key to present",
      parsed(not_empty, [](S& s, std::string v) { s.client_cert = std::move(v); }));
  add("fail-if", "EXPR", "a condition that fails the run, as in 'goodput_mib_s<50'",
      parsed([](const std::string& text) { return Criterion::parse(text); },
             [](S& s, Criterion v) { s.fail_if.push_back(std::move(v)); }),
      true);
  add("report", "DIR", "write summary.json and uploads.csv there",
      parsed(not_empty, [](S& s, std::string v) { s.report = std::move(v); }));
  add("i-own-this-target", "", "allow a target that is not this machine",
      parsed(on_off, [](S& s, bool v) { s.i_own_this_target = v; }), false, false);
  return t;
}

std::string text_of(const json::Cursor& value) {
  const auto& raw = value.raw();
  if (raw.is_string()) return raw.get<std::string>();
  if (raw.is_boolean()) return raw.get<bool>() ? "true" : "false";
  if (raw.is_number()) return raw.dump();
  value.fail("a string, number or boolean is expected");
}

void apply_value(Settings& settings, const Setting& setting, const json::Cursor& value) {
  const auto one = [&](const json::Cursor& at) {
    if (const auto applied = setting.apply(settings, text_of(at)); !applied) {
      at.fail(applied.error().line());
    }
  };
  if (!setting.repeatable) {
    one(value);
    return;
  }
  for (const auto& item : value.items()) one(item);
}

}  // namespace

const std::vector<Setting>& settings_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

Result<void> apply_scenario_text(Settings& settings, std::string_view text,
                                 const std::string& document) {
  const auto read = [&](const json::Cursor& root) {
    for (const auto& [key, value] : root.members()) {
      if (key == "$schema" || key == "description") continue;
      std::string name = key;
      std::replace(name.begin(), name.end(), '_', '-');
      const auto& table = settings_table();
      const auto found = std::find_if(table.begin(), table.end(),
                                      [&](const Setting& s) { return s.name == name; });
      if (found == table.end() || key.find('-') != std::string::npos) {
        root.fail(fmt::format("{} is not a setting; see 'dex-loadgen run --help', with '_' for '-'",
                              quote(key)));
      }
      if (!found->in_scenario) {
        value.fail("this is for the command line only: whoever starts the run has to say it");
      }
      apply_value(settings, *found, value);
    }
    return true;
  };
  const auto done = json::decode(text, document, read);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> apply_scenario(Settings& settings, const std::string& file) {
  const auto text = json::detail::read_file(file);
  if (!text) return tl::unexpected(text.error());
  return apply_scenario_text(settings, *text, file);
}

Result<void> complete(Settings& s) {
  if (s.url.empty()) {
    return failure("--url", "a target is needed", "as in --url http://127.0.0.1:8080/files");
  }
  if (!s.uploads && !s.duration) s.uploads = 100;
  if (!s.concurrency) s.concurrency = s.rate > 0 ? 1000 : 10;
  if (s.network.name.empty()) s.network = *load_network("perfect");
  s.threads = static_cast<unsigned>(std::min<std::uint64_t>(s.threads, *s.concurrency));
  if (s.size.smallest() < smallest(s.payload)) {
    // Log-normal sizes reach down to one byte, so a text format cannot have them.
    return failure(
        "--size",
        fmt::format("{} can be as small as {} bytes, but a {} file has at least {}", s.size.text(),
                    s.size.smallest().value, to_string(s.payload), smallest(s.payload).value));
  }
  if (s.verify == VerifyMethod::delivered && s.delivered_dir.empty()) {
    return failure("--verify", "delivered needs a folder", "give --delivered-dir DIR");
  }
  if (!s.delivered_dir.empty() && s.verify != VerifyMethod::delivered &&
      s.verify != VerifyMethod::automatic) {
    return failure("--delivered-dir",
                   fmt::format("it is not used with --verify {}", to_string(s.verify)));
  }
  if (s.username_env.empty() != s.password_env.empty()) {
    return failure(s.username_env.empty() ? "--username-env" : "--password-env",
                   "user name and password are needed together");
  }
  if (!s.token_env.empty() && !s.username_env.empty()) {
    return failure("--token-env", "give either a token or a user name and password");
  }
  if (s.username_env.empty() && !s.oauth_url.empty()) {
    return failure("--oauth-url", "it is not used without --username-env and --password-env");
  }
  if (const auto good = check_own(s); !good) return good;
  const auto place = client::place_of(s.url);
  if (!place) return tl::unexpected(place.error());
  if (s.oauth_url.empty()) s.oauth_url = client::token_url(*place);
  if (const auto client = client_of(s, ""); !client) return tl::unexpected(client.error());
  return {};
}

Result<std::unique_ptr<Client>> client_of(const Settings& settings, const std::string& run_id) {
  UploadOptions options;
  options.create_url = settings.url;
  options.run_id = run_id;
  options.seed = settings.seed;
  options.payload = settings.payload;
  options.chunk = settings.chunk;
  options.retry_delays = settings.retry_delays;
  for (const auto& url : settings.trusted_origins) options.trusted.add(url);
  const bool anonymous = settings.token_env.empty() && settings.username_env.empty();
  options.any_origin = settings.i_own_this_target && anonymous;
  return settings.system->make(std::move(options), settings.own);
}

}  // namespace loadgen
