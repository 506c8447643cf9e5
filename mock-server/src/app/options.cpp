#include "app/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <random>
#include <set>

#include "lane/lane.hpp"
#include "lane/lane_settings.hpp"
#include "lane/listen_address.hpp"
#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "schemas/schemas.hpp"
#include "settings/choice.hpp"
#include "settings/flags.hpp"

namespace mock {
namespace {

constexpr std::string_view examples = R"(
Examples:
  dex-mock-server                                     a correct DEX server on 127.0.0.1:8080
  dex-mock-server --profile tus --store memory        plain tus 1.0, nothing on disk
  dex-mock-server --auth jwt                          tokens from POST /oauth, user demo / demo
  dex-mock-server --fault reset-mid-body --seed 7     a network that breaks, the same way each time
  dex-mock-server --listen 127.0.0.1:0 --ready-file F for scripts: any free port, URL written to F
  dex-mock-server --log-level debug --log-format json every request, an object a line, on stderr

Exit codes: 0 stopped in order, 1 failed while running, 2 wrong usage or input.
)";

constexpr std::array<std::pair<std::string_view, LogFormat>, 2> log_formats{
    {{"human", LogFormat::human}, {"json", LogFormat::json}}};

/// One word, so that it fits into a log line, a label and a file name.
Result<std::string> parse_run_id(const std::string& text) {
  const bool word = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!word || text.empty() || text.size() > 64) {
    return failure("--run-id", "is not 1 to 64 letters, digits, '-', '_' and '.'");
  }
  return text;
}

std::string random_run_id() {
  std::random_device device;
  return fmt::format("{:08x}", device());
}

/// NAME=HOST:PORT or NAME=FILE.json.
Result<NamedLane> parse_lane(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    return failure("--lane",
                   "is not NAME=HOST:PORT or NAME=FILE.json, for example blue=127.0.0.1:0");
  }
  NamedLane lane{text.substr(0, equals), text.substr(equals + 1), ""};
  if (!is_lane_name(lane.name)) {
    return failure("--lane", "has no lane's name: 1 to 64 letters, digits, '-', '_' and '.'");
  }
  if (lane.listen.ends_with(".json")) {
    std::swap(lane.listen, lane.config_file);
  } else if (auto address = parse_listen_address(lane.listen); !address) {
    return tl::unexpected(address.error());
  }
  return lane;
}

using Setting = settings::Setting<Options>;

/// Stores what `parse` makes of the text.
template <class Parse, class T>
Setting::Apply stored(Parse parse, T Options::*member) {
  return settings::parsed(
      parse, [member](Options& options, T value) { options.*member = std::move(value); });
}

template <class T, std::size_t n>
auto one_of(const std::array<std::pair<std::string_view, T>, n>& names) {
  return [&names](const std::string& text) { return settings::parse_choice(names, text); };
}

Result<std::string> address(const std::string& text) {
  if (const auto sound = parse_listen_address(text); !sound) return tl::unexpected(sound.error());
  return text;
}

/// One of the two files of TLS. CLI11 complains when the other is missing.
Setting::Apply tls_file(std::string TlsFiles::*file) {
  return settings::parsed(settings::not_empty, [file](Options& options, std::string name) {
    if (!options.tls) options.tls.emplace();
    (*options.tls).*file = std::move(name);
  });
}

constexpr const char* server_group = "Server";
constexpr const char* control_group = "Control (/_mock/)";

/// The settings of the process; those of each lane are in lane_settings.hpp.
std::vector<Setting> server_settings() {
  const auto as_is = [](const std::string& text) -> Result<std::string> { return text; };
  return {
      {{"store", "DIR|memory|discard", "A folder, 'memory', or 'discard' (count, do not keep)",
        server_group, "dex-mock-store"},
       stored(as_is, &Options::store)},
      {{"fsync", "", "Flush to the device before acknowledging bytes", server_group},
       [](Options& options, const std::string&) -> Result<void> {
         options.fsync = true;
         return {};
       }},
      {{"tls-cert", "FILE", "Certificate chain, PEM", server_group},
       tls_file(&TlsFiles::certificate)},
      {{"tls-key", "FILE", "Its private key, PEM", server_group}, tls_file(&TlsFiles::key)},
      {{"tls-self-signed", "DIR",
        "Make a CA and a certificate for localhost in DIR (ca.pem is the one to trust), and bad "
        "ones",
        server_group},
       stored(settings::not_empty, &Options::tls_self_signed)},
      {{"lane", "NAME=HOST:PORT|FILE.json",
        "A lane: like the rest of this line but at an address of its own, or as FILE says; may be "
        "repeated",
        server_group, "", settings::Times::listed},
       settings::parsed(
           settings::shown(parse_lane),
           [](Options& options, NamedLane lane) { options.lanes.push_back(std::move(lane)); })},
      {{"lane-files", "DIR",
        "Where names of files that PUT /_mock/lanes sends are looked up; default: nowhere",
        server_group},
       stored(settings::not_empty, &Options::lane_files)},
      {{"ready-file", "FILE", "Written with the URL once it is served", server_group},
       stored(settings::not_empty, &Options::ready_file)},
      {{"log-level", "LEVEL",
        "How much is logged to stderr: debug every request, info what is refused or fails and "
        "each rule that fires, warning what no client can help",
        server_group, "info"},
       stored(one_of(log_levels), &Options::log_level)},
      {{"log-format", settings::shown_choice(log_formats), "Lines for people, or an object a line",
        server_group, "human"},
       stored(one_of(log_formats), &Options::log_format)},
      {{"run-id", "ID", "In every line of a JSON log and in /_mock/health; default: a random one",
        server_group},
       stored(settings::shown(parse_run_id), &Options::run_id)},
      {{"control", "HOST:PORT",
        "Serve /_mock/ there and nowhere else; default: wherever --listen is loopback",
        control_group},
       stored(settings::shown(address), &Options::control_listen)},
      {{"control-token-env", "VARIABLE",
        "The environment variable that holds the bearer token /_mock/ then demands; opens it on "
        "other addresses than loopback",
        control_group},
       stored(settings::not_empty, &Options::control_token_env)},
  };
}

/// Checks what no value alone can tell. nullopt, or the flag that is wrong and why.
std::optional<std::string> finish(Options& options) {
  if (auto sound = check(options.main); !sound) {
    auto error = sound.error();
    std::replace(error.where.begin(), error.where.end(), '_', '-');
    error.where.insert(0, "--");
    return error.line();
  }
  std::set<std::string> names;
  for (const auto& lane : options.lanes) {
    if (!names.insert(lane.name).second) {
      return fmt::format("--lane: {} is given twice", lane.name);
    }
  }
  if (options.store.empty()) return "--store: must not be empty";
  if (options.run_id.empty()) options.run_id = random_run_id();
  return std::nullopt;
}

/// The line for stderr that says what is wrong with the command line.
std::string usage_line(const Error& error) {
  const auto what = error.where.empty() ? error.what : error.where + ": " + error.what;
  const auto hint = error.hint.empty() ? "" : error.hint + "; ";
  return fmt::format("dex-mock-server: {} ({}see --help)", redact::printable(what),
                     redact::printable(hint));
}

}  // namespace

std::variant<Options, Exit> parse_options(int argc, const char* const* argv) {
  Options options;
  options.main.listen = "127.0.0.1:8080";
  CLI::App app{"A DEX upload server for tests: tus 1.0, OAuth, /info, delivery, /health.",
               "dex-mock-server"};
  app.footer(std::string(examples));
  app.set_version_flag("--version", fmt::format("dex-mock-server {}", harness_version()));
  const auto process = server_settings();
  std::vector<std::string> groups{server_group, control_group};
  for (const auto& setting : lane_settings()) {
    if (std::ranges::count(groups, setting.group) == 0) groups.push_back(setting.group);
  }
  for (const auto& group : groups) {
    settings::add_flags(app, lane_settings(), group, options.main);
    settings::add_flags(app, process, group, options);
  }
  schemas::add_flag(app, server_group, {"rule", "profile", "upload-config"});
  auto* const certificate = app.get_option("--tls-cert");
  auto* const key = app.get_option("--tls-key");
  certificate->needs(key);
  key->needs(certificate);
  app.get_option("--tls-self-signed")->excludes(certificate);

  const auto parsed = settings::parse(app, {argv + 1, argv + argc});
  if (!parsed) return Exit{2, usage_line(parsed.error())};
  if (*parsed) return Exit{0, **parsed};
  if (const auto wrong = finish(options)) return Exit{2, "dex-mock-server: " + *wrong};
  return options;
}

}  // namespace mock
