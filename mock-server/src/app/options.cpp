#include "app/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <sstream>

namespace mock {
namespace {

constexpr std::string_view examples = R"(
Examples:
  dex-mock-server                                     a correct DEX server on 127.0.0.1:8080
  dex-mock-server --profile tus --store memory        plain tus 1.0, nothing on disk
  dex-mock-server --auth jwt                          tokens from POST /oauth, user demo / demo
  dex-mock-server --fault reset-mid-body --seed 7     a network that breaks, the same way each time
  dex-mock-server --listen 127.0.0.1:0 --ready-file F for scripts: any free port, URL written to F

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

Exit exit_of(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  if (code == 0) return {0, out.str()};
  return {2, fmt::format("dex-mock-server: {} (see --help)", error.what())};
}

}  // namespace

Result<ListenOptions> parse_listen(const std::string& text) {
  ListenOptions listen;
  const auto colon = text.rfind(':');
  constexpr auto expected = "is not HOST:PORT, for example 127.0.0.1:8080 or [::1]:0";
  if (colon == std::string::npos) return failure("--listen", expected);
  listen.host = text.substr(0, colon);
  if (listen.host.size() > 2 && listen.host.front() == '[' && listen.host.back() == ']') {
    listen.host = listen.host.substr(1, listen.host.size() - 2);
  } else if (listen.host.find(':') != std::string::npos) {
    return failure("--listen", "needs brackets round an IPv6 address, for example [::1]:8080");
  }
  const char* first = text.data() + colon + 1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, listen.port);
  if (listen.host.empty() || first == last || error != std::errc{} || end != last) {
    return failure("--listen", expected);
  }
  return listen;
}

std::variant<Options, Exit> parse_options(int argc, const char* const* argv) {
  Options options;
  CLI::App app{"A DEX upload server for tests: tus 1.0, OAuth, /info, delivery, /health.",
               "dex-mock-server"};
  app.footer(std::string(examples));
  app.set_version_flag("--version", std::string("dex-mock-server ") + DEX_VERSION);

  std::string listen = "127.0.0.1:8080";
  std::string read_timeout = "30s";
  std::string max_size;
  std::string expire_after;
  std::string token_lifetime = "1h";
  std::string early_error = "drain";
  std::string seed = "1";
  TlsFiles tls;

  app.add_option("--listen", listen, "Address and port; port 0 takes any free one")
      ->check(checked(parse_listen))
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--store", options.store, "A folder, 'memory', or 'discard' (count, do not keep)")
      ->type_name("DIR|memory|discard")
      ->capture_default_str();
  app.add_flag("--fsync", options.fsync, "Flush to the device before acknowledging bytes");
  app.add_option("--profile", options.profile,
                 "Which server this is: 'dex' and 'tus' are correct, others are real ones with "
                 "their defects; 'list' names all")
      ->check(named())
      ->type_name("NAME|FILE.json")
      ->capture_default_str();
  app.add_option("--max-size", max_size, "Tus-Max-Size, for example 64MiB; default as the profile")
      ->check(checked(parse_bytes))
      ->type_name("SIZE");
  app.add_option("--expire-after", expire_after,
                 "How long an upload may stay unfinished; default: tus 24h, dex for ever")
      ->check(checked(parse_duration))
      ->type_name("DURATION");
  app.add_option("--auth", options.auth, "Which bearer tokens are demanded")
      ->check(one_of({"none", "jwt", "opaque"}))
      ->type_name("none|jwt|opaque")
      ->capture_default_str();
  app.add_option("--users", options.users_file, "Who may get a token; default: demo / demo")
      ->check(named())
      ->type_name("FILE");
  app.add_option("--token-lifetime", token_lifetime, "How long an access token is good for")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--upload-configs", options.upload_configs,
                 "Upload configs, <data_stream_id>_<data_stream_route>.json each")
      ->check(named())
      ->type_name("DIR");
  app.add_option("--deliver", options.delivery_file, "Delivery targets, in CDC's YAML form")
      ->check(named())
      ->type_name("FILE.yml");
  app.add_option("--rules", options.rule_files, "Misbehaviour rules (JSON); may be repeated")
      ->check(named())
      ->type_name("FILE");
  app.add_option("--defect", options.defects,
                 "A built-in defect; may be repeated; 'list' names all")
      ->type_name("NAME");
  app.add_option("--fault", options.faults, "A built-in fault; may be repeated; 'list' names all")
      ->type_name("NAME");
  app.add_option("--seed", seed, "What chance in rules is derived from")
      ->check(checked(parse_seed))
      ->type_name("N")
      ->capture_default_str();
  auto* cert = app.add_option("--tls-cert", tls.certificate, "Certificate chain, PEM")
                   ->check(named())
                   ->type_name("FILE");
  auto* key = app.add_option("--tls-key", tls.key, "Its private key, PEM")
                  ->check(named())
                  ->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  app.add_option("--tls-self-signed", options.tls_self_signed,
                 "Make a CA and a certificate for localhost in DIR (ca.pem is the one to trust)")
      ->check(named())
      ->type_name("DIR")
      ->excludes(cert);
  app.add_option("--read-timeout", read_timeout, "How long a body may stall")
      ->check(checked(parse_duration))
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--early-error", early_error,
                 "When an error is known before the body was read: read it all the same, or close")
      ->check(one_of({"drain", "close"}))
      ->type_name("drain|close")
      ->capture_default_str();
  app.add_option("--ready-file", options.ready_file, "Written with the URL once it is served")
      ->check(named())
      ->type_name("FILE");
  app.add_option("--log-level", options.log_level, "How much is logged to stderr")
      ->check(one_of({"debug", "info", "warning", "error", "off"}))
      ->type_name("LEVEL")
      ->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return exit_of(app, error);
  }

  options.listen = *parse_listen(listen);
  options.seed = *parse_seed(seed);
  options.listen.limits.read_timeout = *parse_duration(read_timeout);
  if (options.listen.limits.read_timeout <= Milliseconds{0}) {
    return Exit{2, "dex-mock-server: --read-timeout: must be longer than zero"};
  }
  options.token_lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(*parse_duration(token_lifetime));
  if (options.token_lifetime < std::chrono::seconds{1}) {
    return Exit{2, "dex-mock-server: --token-lifetime: must be at least 1s"};
  }
  if (!tls.certificate.empty()) options.listen.tls = tls;
  if (!max_size.empty()) options.max_size = *parse_bytes(max_size);
  if (!expire_after.empty()) options.expire_after = *parse_duration(expire_after);
  if (options.expire_after && *options.expire_after < std::chrono::seconds{1}) {
    // Upload-Expires counts in seconds.
    return Exit{2, "dex-mock-server: --expire-after: must be at least 1s"};
  }
  options.early_error = early_error == "close" ? UnreadBody::close : UnreadBody::drain;
  if (options.store.empty()) return Exit{2, "dex-mock-server: --store: must not be empty"};
  return options;
}

TusOptions tus_options_of(const Options& options, const Profile& profile) {
  auto tus = tus_options(profile);
  if (options.expire_after) {
    tus.extensions.insert("expiration");
    tus.expire_after = options.expire_after;
  }
  if (options.max_size) tus.max_size = options.max_size;
  tus.early_error = options.early_error;
  return tus;
}

}  // namespace mock
