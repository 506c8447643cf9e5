#include "app/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <random>
#include <set>
#include <sstream>

#include "auth/auth.hpp"
#include "lane/lane.hpp"
#include "lane/listen_address.hpp"
#include "protocol/version.hpp"
#include "redact/command_line.hpp"
#include "redact/printable.hpp"

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

// CLI11 validators return an empty string for a good value, else what is wrong with it. They have
// no description of their own: the type name says it in --help.
template <class Parse>
CLI::Validator checked(Parse parse) {
  return CLI::Validator(
      [parse](std::string& text) {
        auto value = parse(text);
        return value ? std::string() : fmt::format("'{}' {}", text, value.error().what);
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> names) {
  return CLI::IsMember(std::move(names)).description("");
}

/// CLI11 would take -1 for 2^64 - 1, and so would whatever repeats the run.
Result<std::uint64_t> parse_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, seed);
  if (error != std::errc{} || end != last) {
    return failure("--seed", "is not a whole number from 0 to 18446744073709551615");
  }
  return seed;
}

/// What is left of "$UNSET" in a script must not quietly mean "without".
CLI::Validator named() {
  return CLI::Validator(
      [](std::string& text) { return text.empty() ? "must not be empty" : std::string(); }, "");
}

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

Exit exit_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  if (code == 0) return {0, out.str()};
  const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const std::string what =
      unknown ? redact::unknown_flags(app.remaining(/*recurse=*/true)) : error.what();
  return {2, fmt::format("dex-mock-server: {} (see --help)", redact::printable(what))};
}

/// What CLI11 gathers as text and `finish` turns into values.
struct Texts {
  std::string header_timeout = "20s";
  std::string read_timeout = "30s";
  std::string max_size;
  std::string expire_after;
  std::string token_lifetime = "1h";
  std::string early_error = "drain";
  std::string chunked_and_length;
  std::string seed = "1";
  std::string log_format = "human";
  std::vector<std::string> lanes;
  std::string users;
  std::string upload_configs;
  std::string deliver;
  std::string deliver_root;
  std::vector<std::string> rule_files;
  TlsFiles tls;
};

void add_server_options(CLI::App& app, Options& options, Texts& texts) {
  const std::string group = "Server";
  app.add_option("--listen", options.main.listen, "Address and port; port 0 takes any free one")
      ->check(checked(parse_listen_address))
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->group(group);
  app.add_option("--store", options.store, "A folder, 'memory', or 'discard' (count, do not keep)")
      ->type_name("DIR|memory|discard")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--fsync", options.fsync, "Flush to the device before acknowledging bytes")
      ->group(group);
  auto* cert = app.add_option("--tls-cert", texts.tls.certificate, "Certificate chain, PEM")
                   ->check(named())
                   ->type_name("FILE")
                   ->group(group);
  auto* key = app.add_option("--tls-key", texts.tls.key, "Its private key, PEM")
                  ->check(named())
                  ->type_name("FILE")
                  ->group(group);
  cert->needs(key);
  key->needs(cert);
  app.add_option("--tls-self-signed", options.tls_self_signed,
                 "Make a CA and a certificate for localhost in DIR (ca.pem is the one to trust)")
      ->check(named())
      ->type_name("DIR")
      ->excludes(cert)
      ->group(group);
  app.add_option(
         "--lane", texts.lanes,
         "A lane: like the rest of this line but at an address of its own, or as FILE says; "
         "may be repeated")
      ->check(checked(parse_lane))
      ->type_name("NAME=HOST:PORT|FILE.json")
      ->group(group);
  app.add_option("--lane-files", options.lane_files,
                 "Where names of files that PUT /_mock/lanes sends are looked up; default: nowhere")
      ->check(named())
      ->type_name("DIR")
      ->group(group);
  app.add_option("--ready-file", options.ready_file, "Written with the URL once it is served")
      ->check(named())
      ->type_name("FILE")
      ->group(group);
  app.add_option(
         "--log-level", options.log_level,
         "How much is logged to stderr: debug every request, info what is refused or fails and "
         "each rule that fires, warning what no client can help")
      ->check(one_of({"debug", "info", "warning", "error", "off"}))
      ->type_name("LEVEL")
      ->capture_default_str()
      ->group(group);
  app.add_option("--log-format", texts.log_format, "Lines for people, or an object a line")
      ->check(one_of({"human", "json"}))
      ->type_name("human|json")
      ->capture_default_str()
      ->group(group);
  app.add_option("--run-id", options.run_id,
                 "In every line of a JSON log and in /_mock/health; default: a random one")
      ->check(checked(parse_run_id))
      ->type_name("ID")
      ->group(group);
}

void add_control_options(CLI::App& app, Options& options) {
  const std::string group = "Control (/_mock/)";
  app.add_option("--control", options.control_listen,
                 "Serve /_mock/ there and nowhere else; default: wherever --listen is loopback")
      ->check(checked(parse_listen_address))
      ->type_name("HOST:PORT")
      ->group(group);
  app.add_option("--control-token-env", options.control_token_env,
                 "The environment variable that holds the bearer token /_mock/ then demands; "
                 "opens it on other addresses than loopback")
      ->check(named())
      ->type_name("VARIABLE")
      ->group(group);
}

void add_protocol_options(CLI::App& app, LaneConfig& lane, Texts& texts) {
  const std::string group = "What is offered";
  app.add_option("--profile", lane.profile,
                 "Which server this is: 'dex' and 'tus' are correct, others are real ones with "
                 "their defects; 'list' names all")
      ->check(named())
      ->type_name("NAME|FILE.json")
      ->capture_default_str()
      ->group(group);
  app.add_option("--contract", lane.contract,
                 "Where DEX's public guide and the service disagree, follow the one or the other")
      ->check(one_of({"server", "guide"}))
      ->type_name("server|guide")
      ->capture_default_str()
      ->group(group);
  app.add_option("--max-size", texts.max_size,
                 "Tus-Max-Size, for example 64MiB; default as the profile")
      ->check(checked(parse_bytes))
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--expire-after", texts.expire_after,
                 "How long an upload may stay unfinished; default: tus 24h, dex for ever")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--header-timeout", texts.header_timeout, "How long a request head may take")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->capture_default_str()
      ->group(group);
  app.add_option("--read-timeout", texts.read_timeout, "How long a body may stall")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->capture_default_str()
      ->group(group);
  app.add_option("--early-error", texts.early_error,
                 "When an error is known before the body was read: read it all the same, or close")
      ->check(one_of({"drain", "close"}))
      ->type_name("drain|close")
      ->capture_default_str()
      ->group(group);
  app.add_option("--chunked-and-length", texts.chunked_and_length,
                 "A Content-Length beside Transfer-Encoding: chunked: refuse the request, or take "
                 "it and go by the chunks; default as the profile")
      ->check(one_of({"refuse", "take"}))
      ->type_name("refuse|take")
      ->group(group);
  app.add_option("--upload-configs", texts.upload_configs,
                 "Upload configs, <data_stream_id>_<data_stream_route>.json each")
      ->check(named())
      ->type_name("DIR")
      ->group(group);
  app.add_option("--deliver", texts.deliver, "Delivery targets, in CDC's YAML form")
      ->check(named())
      ->type_name("FILE.yml")
      ->group(group);
  app.add_option("--deliver-root", texts.deliver_root,
                 "Deliver into DIR/<name of the target>, whatever the targets are: s3 and az-blob "
                 "ones too")
      ->check(named())
      ->type_name("DIR")
      ->group(group);
}

void add_identity_options(CLI::App& app, LaneConfig& lane, Texts& texts) {
  const std::string group = "Identity";
  app.add_option("--auth", lane.auth, "Which bearer tokens are demanded")
      ->check(one_of({"none", "jwt", "opaque"}))
      ->type_name("none|jwt|opaque")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--secure", lane.secure,
               "Close what DEX leaves open: see docs/guides/secure.md; needs --auth")
      ->group(group);
  app.add_option("--issuer", lane.issuer,
                 "What tokens name as their issuer; default: this server's URL and /oauth")
      ->check(checked(parse_issuer))
      ->type_name("URL")
      ->group(group);
  app.add_option("--users", texts.users, "Who may get a token; default: demo / demo")
      ->check(named())
      ->type_name("FILE")
      ->group(group);
  app.add_option("--token-lifetime", texts.token_lifetime, "How long an access token is good for")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->capture_default_str()
      ->group(group);
}

void add_misbehaviour_options(CLI::App& app, LaneConfig& lane, Texts& texts) {
  const std::string group = "Misbehaviour";
  app.add_option("--fault", lane.faults, "A built-in fault; may be repeated; 'list' names all")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--defect", lane.defects, "A built-in defect; may be repeated; 'list' names all")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--rules", texts.rule_files, "Misbehaviour rules (JSON); may be repeated")
      ->check(named())
      ->type_name("FILE")
      ->group(group);
  app.add_option("--seed", texts.seed, "What chance in rules is derived from")
      ->check(checked(parse_seed))
      ->type_name("N")
      ->capture_default_str()
      ->group(group);
}

/// Nothing, or what is wrong: a flag and why.
std::optional<std::string> finish(Options& options, const Texts& texts) {
  auto& lane = options.main;
  lane.users = LaneInput::file(texts.users);
  lane.upload_configs = LaneInput::file(texts.upload_configs);
  lane.deliver = LaneInput::file(texts.deliver);
  lane.deliver_root = LaneInput::file(texts.deliver_root);
  for (const auto& file : texts.rule_files) lane.rule_files.push_back(LaneInput::file(file));
  lane.seed = *parse_seed(texts.seed);
  lane.limits.read_timeout = *parse_duration(texts.read_timeout);
  lane.limits.header_timeout = *parse_duration(texts.header_timeout);
  if (lane.limits.header_timeout <= Milliseconds{0})
    return "--header-timeout: must be longer than zero";
  if (lane.limits.read_timeout <= Milliseconds{0})
    return "--read-timeout: must be longer than zero";
  lane.token_lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(*parse_duration(texts.token_lifetime));
  if (!texts.max_size.empty()) lane.max_size = *parse_bytes(texts.max_size);
  if (!texts.expire_after.empty()) lane.expire_after = *parse_duration(texts.expire_after);
  options.log_format = texts.log_format == "json" ? LogFormat::json : LogFormat::human;
  if (options.run_id.empty()) options.run_id = random_run_id();
  lane.early_error = texts.early_error == "close" ? UnreadBody::close : UnreadBody::drain;
  if (!texts.chunked_and_length.empty()) {
    lane.chunked_and_length = texts.chunked_and_length == "take"
                                  ? HttpOptions::ChunkedAndLength::take
                                  : HttpOptions::ChunkedAndLength::refuse;
  }
  if (auto sound = check(lane); !sound) {
    auto error = sound.error();
    std::replace(error.where.begin(), error.where.end(), '_', '-');
    error.where.insert(0, "--");
    return error.line();
  }
  if (!texts.tls.certificate.empty()) options.tls = texts.tls;
  std::set<std::string> names;
  for (const auto& text : texts.lanes) {
    options.lanes.push_back(*parse_lane(text));
    if (!names.insert(options.lanes.back().name).second) {
      return fmt::format("--lane: {} is given twice", options.lanes.back().name);
    }
  }
  if (options.store.empty()) return "--store: must not be empty";
  return std::nullopt;
}

}  // namespace

std::variant<Options, Exit> parse_options(int argc, const char* const* argv) {
  Options options;
  options.main.listen = "127.0.0.1:8080";
  Texts texts;
  CLI::App app{"A DEX upload server for tests: tus 1.0, OAuth, /info, delivery, /health.",
               "dex-mock-server"};
  app.footer(std::string(examples));
  app.set_version_flag("--version", fmt::format("dex-mock-server {}", harness_version()));
  add_server_options(app, options, texts);
  add_control_options(app, options);
  add_protocol_options(app, options.main, texts);
  add_identity_options(app, options.main, texts);
  add_misbehaviour_options(app, options.main, texts);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return exit_of(app, error);
  }
  if (const auto wrong = finish(options, texts)) return Exit{2, "dex-mock-server: " + *wrong};
  return options;
}

}  // namespace mock
