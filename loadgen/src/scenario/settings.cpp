#include "scenario/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "client/endpoints.hpp"
#include "client/token.hpp"
#include "scenario/values.hpp"
#include "settings/choice.hpp"
#include "upload/read.hpp"

namespace loadgen {
namespace {

constexpr std::uint64_t most_in_flight = 100'000;

using settings::not_empty;
using settings::Times;
using settings::whole_number;

/// Stores what `parse` makes of the text.
template <class Parse, class T>
Setting::Apply stored(Parse parse, T Settings::*member) {
  return settings::parsed(std::move(parse), [member](Settings& settings, auto value) {
    settings.*member = std::move(value);
  });
}

/// The same for one that may be given often.
template <class Parse, class T>
Setting::Apply added(Parse parse, std::vector<T> Settings::*member) {
  return settings::parsed(std::move(parse), [member](Settings& settings, T value) {
    (settings.*member).push_back(std::move(value));
  });
}

Result<std::string> variable(const std::string& text) {
  const bool good = !text.empty() && text.find_first_of("= \t\n") == std::string::npos;
  if (!good) return failure("", "it takes the name of an environment variable, and this is none");
  return text;
}

settings::Owners<settings::OwnSetting> owners() {
  settings::Owners<settings::OwnSetting> all;
  for (const auto& kind : systems()) all.push_back({kind.name, &kind.settings});
  return all;
}

std::vector<std::string_view> names_of_systems() {
  std::vector<std::string_view> names;
  for (const auto& kind : systems()) names.push_back(kind.name);
  return names;
}

Result<const SystemKind*> system(const std::string& text) {
  if (const SystemKind* const kind = system_named(text)) return kind;
  return settings::not_one_of(text, names_of_systems());
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

/// "30s", or "none" for never.
Result<Milliseconds> duration_or_none(const std::string& text) {
  if (text == "none") return Milliseconds{0};
  return positive_duration(text);
}

Result<BytesPerSecond> ceiling(const std::string& text) {
  auto value = parse_rate(text);
  if (value && value->value < 1) return failure("", "at least 1 byte per second is expected");
  return value;
}

Result<Milliseconds> stall_timeout(const std::string& text) {
  auto value = parse_duration(text);
  if (value && *value < Milliseconds{100}) return failure("", "at least 100ms is expected");
  return value;
}

/// "12" uploads, or "0.5%" of those that were due.
Result<AllowedLate> allowed_late(const std::string& text) {
  AllowedLate allowed;
  const char* const end = text.data() + text.size();
  if (text.ends_with('%')) {
    const auto [at, code] = std::from_chars(text.data(), end - 1, allowed.percent);
    if (code == std::errc{} && at == end - 1 && allowed.percent >= 0 && allowed.percent <= 100) {
      return allowed;
    }
  } else {
    const auto [at, code] = std::from_chars(text.data(), end, allowed.count);
    if (code == std::errc{} && at == end) return allowed;
  }
  return failure("", fmt::format("{} is no number of uploads", quote(text)), "as in 10 or 0.5%");
}

Result<Connections> connections(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, Connections>, 2> names{
      {{"own", Connections::own}, {"kept", Connections::kept}}};
  if (const auto which = settings::value_named(names, text)) return *which;
  return settings::not_one_of(text, settings::names_in(names));
}

Result<bool> on_off(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return failure("", fmt::format("{} is neither true nor false", quote(text)));
}

Result<Bytes> chunk(const std::string& text) {
  auto value = parse_bytes(text);
  if (value && value->value == 0) return failure("", "at least one byte is expected");
  return value;
}

Result<void> inline_network(Settings& settings, const std::string& json) {
  auto network = parse_network(json, "network");
  if (!network) return tl::unexpected(network.error());
  settings.network = *std::move(network);
  return {};
}

Setting of_a_system(const settings::OwnSetting& own) {
  Setting setting{{own, [own](Settings& settings, const std::string& text) {
                     return settings::keep(settings.own, own, text);
                   }}};
  setting.of_partners = true;
  if (!own.read_inline) return setting;
  setting.apply_inline = [own](Settings& settings, const std::string& json) -> Result<void> {
    auto kept = own.read_inline(json);
    if (!kept) return tl::unexpected(kept.error());
    settings.own[own.name].push_back(*std::move(kept));
    return {};
  };
  return setting;
}

/// Of the settings that all systems have, those that a group of partners may give.
constexpr std::array<std::string_view, 12> of_partners{
    "system",  "size",         "connections",  "chunk",        "payload",   "file",
    "network", "retry-delays", "username-env", "password-env", "token-env", "stall-timeout"};

/// "what the target is [dex]; dex follows /info to ..."
std::string about_systems() {
  std::string about = fmt::format("what the target is [{}]", systems().front().name);
  for (const auto& kind : systems()) {
    if (!kind.about.empty()) about += fmt::format("; {} {}", kind.name, kind.about);
  }
  return about;
}

std::vector<Setting> what_is_sent() {
  return {
      {{{"url", "URL", "where uploads begin, as in http://127.0.0.1:8080/files"},
        stored(http_url, &Settings::url)}},
      {{{"system", fmt::format("{}", fmt::join(names_of_systems(), "|")), about_systems()},
        stored(system, &Settings::system)}},
      {{{"uploads", "N", "uploads of the whole run [100, or without end when --duration is given]"},
        stored(whole_number(1, 1'000'000'000), &Settings::uploads)}},
      {{{"duration", "TIME", "start uploads for this long, as in 90s"},
        stored(positive_duration, &Settings::duration)}},
      {{{"concurrency", "N", "uploads in flight at most [10; 1000 with --rate]"},
        stored(whole_number(1, most_in_flight), &Settings::concurrency)}},
      {{{"rate", "R/s", "open loop: uploads are due at this rate, as in 20/s"},
        stored(parse_per_time, &Settings::rate)}},
      {{{"arrival", "constant|poisson", "with --rate: evenly, or each by chance [constant]"},
        stored(parse_arrival, &Settings::arrival)}},
      {{{"size", "DIST",
         "8MiB | uniform:1MiB-8MiB | lognormal:median=2MiB,sigma=1.2[,max=1GiB] | "
         "choice:1KiB,8MiB [8MiB]"},
        stored(SizeDistribution::parse, &Settings::size)}},
      {{{"connections", "own|kept", "one for each upload, or what earlier ones left open [own]"},
        stored(connections, &Settings::connections)}},
      {{{"chunk", "SIZE", "bytes of one PATCH, or of a part [all that is left]"},
        stored(chunk, &Settings::chunk)}},
      {{{"payload", "KIND",
         "random | hl7 | csv | fastq | fastq-gz | fastq-pair | fastq-gz-pair | "
         "compressible[:0.3] | constant [random]"},
        stored(parse_content, &Settings::payload)}},
      {{{"file", "PATH", "send this file, or those of this folder, each by chance, as they are"},
        stored(own_content, &Settings::payload)}},
      {{{"network", "NAME|FILE", "the partners' network, see 'dex-loadgen networks' [perfect]"},
        stored(load_network, &Settings::network)}},
      {{{"seed", "N", "same seed, same sizes, bytes and cuts [1]"},
        stored(whole_number(0, UINT64_MAX), &Settings::seed)}},
      {{{"threads", "N", "event loops, each on a thread of its own [1]"},
        settings::parsed(
            whole_number(1, 64),
            [](Settings& s, std::uint64_t v) { s.threads = static_cast<unsigned>(v); })}},
      {{{"retry-delays", "LIST", "waits before retries without progress, or none [0s,1s,3s,5s]"},
        stored(delays, &Settings::retry_delays)}},
      {{{"verify", "HOW", "auto | digest | download | delivered | none [auto]"},
        stored(parse_verify_method, &Settings::verify)}},
      {{{"delivered-dir", "DIR", "folder that deliveries go to, for --verify delivered"},
        stored(not_empty, &Settings::delivered_dir)}},
  };
}

std::vector<Setting> access_and_outcome() {
  return {
      {{{"oauth-url", "URL", "token endpoint [/oauth beside --url]"},
        stored(http_url, &Settings::oauth_url)}},
      {{{"trust-origin", "URL", "another origin that uploads may be sent on to", "Options", "",
         Times::often},
        added(http_url, &Settings::trusted_origins)},
       /*in_scenario=*/false},
      {{{"username-env", "VAR", "environment variable that holds the user name"},
        stored(variable, &Settings::username_env)}},
      {{{"password-env", "VAR", "environment variable that holds the password"},
        stored(variable, &Settings::password_env)}},
      {{{"token-env", "VAR", "environment variable that holds a token or an API key"},
        stored(variable, &Settings::token_env)}},
      {{{"ca-file", "FILE", "PEM certificates to trust [the system's]"},
        stored(not_empty, &Settings::ca_file)}},
      {{{"client-cert", "FILE", "PEM certificate and key to present"},
        stored(not_empty, &Settings::client_cert)}},
      {{{"fail-if", "EXPR", "a condition that fails the run, as in 'goodput_mib_s<50'", "Options",
         "", Times::often},
        added(Criterion::parse, &Settings::fail_if)}},
      {{{"allow-late", "N|P%", "uploads that --rate makes due and that may fail to start [0]"},
        stored(allowed_late, &Settings::allow_late)}},
      {{{"allow-rollback", "", "accept a server that denies what it acknowledged"},
        stored(on_off, &Settings::allow_rollback)}},
      {{{"give-up", "TIME", "end a run that does not get on for this long, or none [30s]"},
        stored(duration_or_none, &Settings::give_up)}},
      {{{"stall-timeout", "TIME", "give up a request without progress [the network's, or 30s]"},
        stored(stall_timeout, &Settings::stall_timeout)}},
      {{{"proxy", "URL", "HTTP proxy [the environment's, but for targets on this machine]"},
        stored(http_url, &Settings::proxy)}},
      {{{"proxy-user-env", "VAR", "environment variable that holds USER:PASSWORD for the proxy"},
        stored(variable, &Settings::proxy_user_env)}},
      {{{"max-rate", "RATE", "ceiling of what all uploads send together, as in 50MiB/s"},
        stored(ceiling, &Settings::max_rate)}},
      {{{"max-bytes", "SIZE", "start no upload that would bring the files' sizes above this"},
        stored(chunk, &Settings::max_bytes)}},
      {{{"max-connections", "N", "ceiling of open connections; what needs one more waits"},
        stored(whole_number(1, most_in_flight), &Settings::max_connections)}},
      {{{"cleanup", "", "remove the uploads in the end, where the system has a way"},
        stored(on_off, &Settings::cleanup)}},
      {{{"report", "DIR", "write a report there: report.html, results.json and tables"},
        stored(not_empty, &Settings::report)}},
      {{{"i-own-this-target", "", "allow a target that is not this machine"},
        stored(on_off, &Settings::i_own_this_target)},
       /*in_scenario=*/false},
  };
}

std::vector<Setting> make_table() {
  std::vector<Setting> table = what_is_sent();
  for (const auto& own : settings::own_settings(owners())) table.push_back(of_a_system(own));
  for (auto& setting : access_and_outcome()) table.push_back(std::move(setting));
  for (auto& setting : table) {
    setting.of_partners |= std::ranges::count(of_partners, setting.name) > 0;
    if (setting.name == "network") setting.apply_inline = inline_network;
  }
  return table;
}

}  // namespace

std::string key_of(const settings::Flag& flag) {
  std::string key = flag.name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

const std::vector<Setting>& settings_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

Result<void> complete(Settings& s) {
  if (s.url.empty()) {
    return failure("--url", "a target is needed", "as in --url http://127.0.0.1:8080/files");
  }
  if (!s.uploads && !s.duration) s.uploads = 100;
  if (!s.concurrency) s.concurrency = s.rate > 0 ? 1000 : 10;
  if (s.network.name.empty()) s.network = *load_network("perfect");
  if (s.stall_timeout) s.network.stall_timeout = *s.stall_timeout;
  s.threads = static_cast<unsigned>(std::min<std::uint64_t>(s.threads, *s.concurrency));
  if (s.size.smallest() < smallest(s.payload.kind)) {
    // Log-normal sizes reach down to one byte, so a text format cannot have them.
    return failure(
        "--size",
        fmt::format("{} can be as small as {} bytes, but a {} file has at least {}", s.size.text(),
                    s.size.smallest().value, to_string(s.payload), smallest(s.payload.kind).value));
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
  if (auto good = settings::check_own(owners(), s.system->name, s.own); !good) return good;
  const auto place = client::place_of(s.url);
  if (!place) return tl::unexpected(place.error());
  if (s.oauth_url.empty()) s.oauth_url = client::token_url(*place);
  const auto client = client_of(s, "");
  if (!client) return tl::unexpected(client.error());
  if (s.verify == VerifyMethod::digest && (*client)->control_url().empty()) {
    return failure("--verify", fmt::format("digest is not known of --system {}", s.system->name),
                   "give --verify download");
  }
  return {};
}

Result<std::unique_ptr<Client>> client_of(const Settings& settings, const std::string& run_id,
                                          const Numbering& numbering) {
  UploadOptions options;
  options.create_url = settings.url;
  options.run_id = run_id;
  options.numbering = numbering;
  options.seed = settings.seed;
  options.payload = settings.payload;
  options.chunk = settings.chunk;
  options.connections = settings.connections;
  options.retry_delays = settings.retry_delays;
  for (const auto& url : settings.trusted_origins) options.trusted.add(url);
  const bool anonymous = settings.token_env.empty() && settings.username_env.empty();
  options.any_origin = settings.i_own_this_target && anonymous;
  return settings.system->make(std::move(options), settings.own);
}

}  // namespace loadgen
