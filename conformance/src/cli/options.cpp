#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <sstream>

#include "protocol/version.hpp"
#include "redact/command_line.hpp"
#include "redact/field_names.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

constexpr const char* examples = R"(Examples:
  dex-conformance run --url http://127.0.0.1:8080/files
  dex-conformance run --url http://127.0.0.1:8080 --system dex --junit report.xml
  dex-conformance run --url https://upload.example.org/upload --system dex \
      --username-env DEX_USER --password-env DEX_PASSWORD --manifest manifest.json
  dex-conformance run --url http://127.0.0.1:8080/files --select 'TUS-CORE-*' --select termination
  dex-conformance explain TUS-CORE-HEAD-004

Exit codes: 0 conformant, 1 not conformant, 2 usage or nothing was judged,
            3 target unreachable or credentials refused, 4 harness error, interrupted,
            or output that could not be written (a bad run keeps its own code)
)";

/// Durations are seconds when they are bare numbers, as `--case-timeout S` promises.
Result<Milliseconds> duration(const std::string& flag, const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  Milliseconds value{0};
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!(seconds > 0 && seconds <= 86400)) {
      return failure(flag, quote(text) + " must be more than 0 and at most 86400 seconds");
    }
    value = Milliseconds{static_cast<std::int64_t>(seconds * 1000)};
  } else if (const auto parsed = parse_duration(text)) {
    value = *parsed;
  } else {
    return failure(flag, quote(text) + " is not a duration, as in 30 or 500ms");
  }
  if (value <= Milliseconds{0} || value > std::chrono::hours{24}) {
    return failure(flag, quote(text) + " must be more than 0 and at most 86400 seconds");
  }
  return value;
}

Result<void> check_url(const std::string& flag, const std::string& url) {
  if (url.empty()) return {};
  if (const auto parts = transport::parse_url(url); !parts) {
    const Error& e = parts.error();
    return failure(flag, e.where == url ? quote(redact::shown_url(url)) + ": " + e.what : e.what,
                   e.hint);
  }
  return {};
}

/// What was meant as a header and is none may hold a key anywhere: only short words are shown.
std::string shown_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    out += word.size() < redact::Secrets::least_bytes ? word : "***";
    if (end < text.size()) out += ' ';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<http::Field> header(const std::string& text) {
  const std::size_t colon = text.find(':');
  http::Field field{text.substr(0, colon), ""};
  if (colon != std::string::npos) {
    field.value = http::trim_ows(std::string_view(text).substr(colon + 1));
  }
  if (colon == std::string::npos || !http::is_token(field.name) ||
      !http::is_field_value(field.value) || field.value.empty()) {
    return failure("--header", quote(shown_words(text)) + " is not 'Name: value'");
  }
  return field;
}

struct Raw {
  RunCommand run;
  std::string system, level = "may", seed = "1", jobs = "4";
  std::string case_timeout = "60", run_timeout = "600", patience = "10";
  std::vector<std::string> headers, select;
};

template <class T>
Result<T> whole_number(const std::string& flag, const std::string& text, T least, T most) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    return failure(flag,
                   fmt::format("{} is not a whole number from {} to {}", quote(text), least, most));
  }
  return value;
}

Result<const System*> the_system(Systems systems, const std::string& name) {
  const System* system = system_named(systems, name);
  if (system != nullptr) return system;
  return failure("--system", fmt::format("{} is not one of {}", quote(name), names_of(systems)));
}

Result<Level> least_level(const std::string& name) {
  if (name == "must") return Level::must;
  if (name == "should") return Level::should;
  if (name == "may") return Level::may;
  return failure("--level", quote(name) + " is not one of must, should, may");
}

std::string takers_of_manifests(Systems systems) {
  std::vector<const System*> takers;
  std::copy_if(systems.begin(), systems.end(), std::back_inserter(takers),
               [](const System* system) { return system->takes_manifest; });
  return names_of(takers);
}

Result<RunCommand> finish(Raw raw, Systems systems) {
  RunCommand run = std::move(raw.run);
  if (run.url.find("://") == std::string::npos) {
    return failure("--url", quote(redact::shown_url(run.url)) + " is not an absolute URL",
                   "as in http://127.0.0.1:8080/files");
  }
  for (const auto& [flag, url] : {std::pair<const char*, const std::string&>{"--url", run.url},
                                  {"--oauth-url", run.oauth_url},
                                  {"--info-url", run.info_url},
                                  {"--health-url", run.health_url},
                                  {"--proxy", run.proxy}}) {
    if (auto ok = check_url(flag, url); !ok) return tl::unexpected(ok.error());
  }
  for (const std::string& url : run.trusted_origins) {
    if (auto ok = check_url("--trust-origin", url); !ok) return tl::unexpected(ok.error());
  }
  const auto system = the_system(systems, raw.system);
  if (!system) return tl::unexpected(system.error());
  run.system = *system;
  if (run.contract != "server" && run.contract != "guide") {
    return failure("--contract", quote(run.contract) + " is not one of server, guide");
  }
  const auto level = least_level(raw.level);
  if (!level) return tl::unexpected(level.error());
  run.selection = {raw.select, *level};
  const auto jobs = whole_number<std::size_t>("--jobs", raw.jobs, 1, 64);
  if (!jobs) return tl::unexpected(jobs.error());
  run.jobs = *jobs;
  const auto seed = whole_number<std::uint64_t>("--seed", raw.seed, 0, ~std::uint64_t{0});
  if (!seed) return tl::unexpected(seed.error());
  run.seed = *seed;
  for (const auto& [flag, text, value] :
       {std::tuple<const char*, const std::string&, Milliseconds&>{
            "--case-timeout", raw.case_timeout, run.case_timeout},
        {"--run-timeout", raw.run_timeout, run.run_timeout},
        {"--patience", raw.patience, run.patience}}) {
    const auto parsed = duration(flag, text);
    if (!parsed) return tl::unexpected(parsed.error());
    value = *parsed;
  }
  for (const std::string& text : raw.headers) {
    auto field = header(text);
    if (!field) return tl::unexpected(field.error());
    run.headers.add(std::move(field->name), std::move(field->value));
  }
  if (run.username_env.empty() != run.password_env.empty()) {
    return failure("--username-env", "goes together with --password-env");
  }
  if (!run.token_env.empty() && !run.username_env.empty()) {
    return failure("--token-env", "excludes --username-env and --password-env");
  }
  for (const std::string& extension : run.required) {
    const auto& known = run.system->extensions;
    if (std::find(std::begin(known), std::end(known), extension) == std::end(known)) {
      return failure("--require",
                     fmt::format("{} is not one of {}", quote(extension), fmt::join(known, ", ")));
    }
  }
  if (!run.manifest_file.empty() && !run.system->takes_manifest) {
    return failure("--manifest",
                   fmt::format("is for --system {} only", takers_of_manifests(systems)));
  }
  return run;
}

void add_run(CLI::App& app, Raw& raw, Systems systems) {
  RunCommand& run = raw.run;
  raw.system = systems.front()->name;
  app.add_option("--url", run.url, "Creation URL (http://HOST/files), or only the host")
      ->required()
      ->type_name("URL");
  const char* target = "Target";
  app.add_option("--system", raw.system,
                 fmt::format("What the target is: {} [{}]", names_of(systems, " or "), raw.system))
      ->group(target)
      ->type_name("S");
  app.add_option("--contract", run.contract,
                 "Where DEX's public guide and the service differ, judge by what the one or the "
                 "other says: server, guide [server]")
      ->group(target)
      ->type_name("C");
  app.add_option("--info-url", run.info_url, "DEX: instead of the derived /info")
      ->group(target)
      ->type_name("URL");
  app.add_option("--health-url", run.health_url, "DEX: instead of the derived /health")
      ->group(target)
      ->type_name("URL");
  app.add_option("--oauth-url", run.oauth_url, "Token endpoint, instead of the derived /oauth")
      ->group(target)
      ->type_name("URL");
  app.add_option("--manifest", run.manifest_file,
                 "DEX: metadata of every upload, a JSON object of strings")
      ->group(target)
      ->type_name("FILE");
  app.add_option("--delivered-dir", run.delivered_dir, "Where the target's deliveries can be read")
      ->group(target)
      ->type_name("DIR");
  const char* selecting = "What is judged";
  app.add_option("--select", raw.select,
                 "Glob over ids or areas, or a tag (tus, http, dex, must, ...); repeatable")
      ->group(selecting)
      ->type_name("GLOB")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--level", raw.level, "Rows of this level and stricter: must, should, may [may]")
      ->group(selecting)
      ->type_name("L");
  app.add_flag("--strict", run.strict, "A broken SHOULD turns the run red")->group(selecting);
  app.add_option("--require", run.required, "tus extension that must be offered; repeatable")
      ->group(selecting)
      ->type_name("EXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--baseline", run.baseline,
                 "Known deviations of this target: dex-2.8, tusd-2.10, tus-node-2.4, or a file")
      ->group(selecting)
      ->type_name("NAME|FILE");
  const char* access = "Access (secrets come from the environment)";
  app.add_option("--username-env", run.username_env, "Variable with the user name")
      ->group(access)
      ->type_name("VAR");
  app.add_option("--password-env", run.password_env, "Variable with the password")
      ->group(access)
      ->type_name("VAR");
  app.add_option("--token-env", run.token_env, "Variable with a bearer token")
      ->group(access)
      ->type_name("VAR");
  app.add_option("--tokens", run.tokens_file,
                 "Tokens by kind, for what only the identity provider can make: expired, "
                 "not_yet_valid, wrong_key, wrong_issuer, missing_scope, extra_scopes, bad_claims, "
                 "session")
      ->group(access)
      ->type_name("FILE.json");
  app.add_option("--header", raw.headers, "Added to every request; repeatable")
      ->group(access)
      ->type_name("'N: V'")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--trust-origin", run.trusted_origins,
                 "Another origin that a Location may lead to, and that gets the credentials too; "
                 "repeatable")
      ->group(access)
      ->type_name("URL")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--proxy", run.proxy, "HTTP proxy (raw connections go direct)")
      ->group(access)
      ->type_name("URL");
  app.add_option("--ca-file", run.ca_file, "Trusted authorities, PEM")
      ->group(access)
      ->type_name("FILE");
  app.add_option("--client-cert", run.client_cert, "Client certificate with its key, PEM")
      ->group(access)
      ->type_name("FILE");
  const char* output = "Reports";
  app.add_option("--junit", run.junit, "JUnit XML")->group(output)->type_name("FILE");
  app.add_option("--json", run.json, "JSON")->group(output)->type_name("FILE");
  app.add_flag("--notes", run.notes, "Print every note, not only their number")->group(output);
  app.add_option("--evidence", run.evidence, "One transcript per check")
      ->group(output)
      ->type_name("DIR");
  const char* running = "How it runs";
  app.add_option("--jobs", raw.jobs, "Checks at the same time [4]")->group(running)->type_name("N");
  app.add_option("--seed", raw.seed, "Of random payloads [1]")->group(running)->type_name("N");
  app.add_option("--case-timeout", raw.case_timeout, "For one check [60]")
      ->group(running)
      ->type_name("S");
  app.add_option(
         "--run-timeout", raw.run_timeout,
         "For everything, from the first request on; what runs then is given 2 s, and deleting "
         "uploads 5 s [600]")
      ->group(running)
      ->type_name("S");
  app.add_option("--patience", raw.patience,
                 "How long a check waits for what should come soon [10]")
      ->group(running)
      ->type_name("S");
}

std::string shell_quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

constexpr std::array<std::string_view, 6> url_flags = {
    "--url", "--info-url", "--health-url", "--oauth-url", "--proxy", "--trust-origin"};

/// Calls `each(flag, value)` for "--flag value" and "--flag=value", with an empty flag for words
/// that stand alone.
template <class Each>
void each_argument(const std::vector<std::string>& arguments, Each&& each) {
  const auto takes_value = [](std::string_view flag) {
    constexpr std::array<std::string_view, 7> dropped = {
        "--select", "--junit", "--json", "--evidence", "--baseline", "--level", "--header"};
    return std::find(dropped.begin(), dropped.end(), flag) != dropped.end() ||
           std::find(url_flags.begin(), url_flags.end(), flag) != url_flags.end();
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const std::size_t equals = word.find('=');
    if (word.starts_with("--") && equals != std::string::npos &&
        takes_value(word.substr(0, equals))) {
      each(word.substr(0, equals), word.substr(equals + 1));
    } else if (takes_value(word) && i + 1 < arguments.size()) {
      each(word, arguments[++i]);
    } else {
      each(std::string(), word);
    }
  }
}

bool is_url_flag(std::string_view flag) {
  return std::find(url_flags.begin(), url_flags.end(), flag) != url_flags.end();
}

/// "Name: ***", unless the field is harmless.
std::string shown_header(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  return redact::is_harmless_field(name) || name == text ? text : name + ": ***";
}

}  // namespace

redact::Secrets secrets_of(const std::vector<std::string>& arguments) {
  redact::Secrets secrets;
  each_argument(arguments, [&](const std::string& flag, const std::string& value) {
    if (is_url_flag(flag)) secrets.add_url(value);
    const std::size_t colon = value.find(':');
    if (flag != "--header" || colon == std::string::npos) return;
    secrets.add_field(value.substr(0, colon),
                      http::trim_ows(std::string_view(value).substr(colon + 1)));
  });
  return secrets;
}

std::string rerun_line(const std::vector<std::string>& arguments, const redact::Secrets& secrets) {
  std::string out = "dex-conformance";
  each_argument(arguments, [&](const std::string& flag, const std::string& value) {
    std::string shown = secrets.mask(value);
    if (flag == "--header") {
      shown = shown_header(value);
    } else if (is_url_flag(flag)) {
      shown = secrets.mask(redact::shown_url(value));
    } else if (!flag.empty()) {
      return;  // it selects rows, or names a report
    }
    if (!flag.empty()) out += " " + flag;
    out += " " + shell_quoted(shown);
  });
  return out;
}

Result<Command> parse_command_line(const std::vector<std::string>& arguments, Systems systems) {
  CLI::App app("Says which rules of tus 1.0 and of the DEX Upload API a server breaks.",
               "dex-conformance");
  app.footer(examples);
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("dex-conformance {}", harness_version()));
  app.get_formatter()->column_width(30);

  Raw raw;
  CLI::App* run = app.add_subcommand("run", "Judge a server");
  run->footer(examples);
  add_run(*run, raw, systems);

  std::string list_system, list_level = "may";
  std::vector<std::string> list_select;
  CLI::App* list = app.add_subcommand("list", "List the requirements");
  list->add_option("--system", list_system, "Only those judged for: " + names_of(systems, " or "))
      ->type_name("S");
  list->add_option("--select", list_select, "Glob over ids or areas, or a tag; repeatable")
      ->type_name("GLOB")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  list->add_option("--level", list_level,
                   "Rows of this level and stricter: must, should, may [may]")
      ->type_name("L");

  std::string id;
  CLI::App* explain = app.add_subcommand("explain", "Explain one requirement");
  explain->add_option("ID", id, "As in TUS-CORE-HEAD-004")->required();

  if (!arguments.empty() && !arguments.front().starts_with("-") && arguments.front() != "run" &&
      arguments.front() != "list" && arguments.front() != "explain") {
    return failure("", quote(arguments.front()) + " is not one of run, list, explain",
                   "`dex-conformance --help` shows the flags");
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& e) {
    std::ostringstream out;
    std::ostringstream err;
    app.exit(e, out, err);
    return PrintCommand{out.str()};
  } catch (const CLI::ExtrasError&) {
    return failure("", redact::unknown_flags(app.remaining(/*recurse=*/true)),
                   "`dex-conformance --help` shows the flags");
  } catch (const CLI::ParseError& e) {
    std::string text = e.what();
    for (char& c : text) c = c == '\n' ? ' ' : c;
    return failure("", text, "`dex-conformance --help` shows the flags");
  }

  // As from a variable of a CI script that is not set: what was asked for would silently not be.
  for (const CLI::App* command : app.get_subcommands()) {
    for (const CLI::Option* option : command->get_options()) {
      const auto& values = option->results();
      if (std::find(values.begin(), values.end(), "") != values.end()) {
        return failure(option->get_name(), "has an empty value");
      }
    }
  }

  if (explain->parsed()) return ExplainCommand{id};
  if (list->parsed()) {
    ListCommand command;
    if (!list_system.empty()) {
      const auto system = the_system(systems, list_system);
      if (!system) return tl::unexpected(system.error());
      command.system = *system;
    }
    const auto level = least_level(list_level);
    if (!level) return tl::unexpected(level.error());
    command.selection = {list_select, *level};
    return command;
  }
  auto finished = finish(std::move(raw), systems);
  if (!finished) return tl::unexpected(finished.error());
  finished->arguments = arguments;
  return std::move(*finished);
}

}  // namespace conformance
