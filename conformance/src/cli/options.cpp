#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "protocol/version.hpp"
#include "redact/field_names.hpp"
#include "schemas/schemas.hpp"
#include "settings/choice.hpp"
#include "settings/flags.hpp"
#include "settings/setting.hpp"
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
  dex-conformance run --url http://127.0.0.1:8080/files --repeat 3 --record good.json
  dex-conformance run --url http://127.0.0.1:8080/files --against good.json
  dex-conformance diff good.json other.json
  dex-conformance plan --url https://upload.example.org/upload --system dex

Exit codes: 0 conformant (diff: the same), 1 not conformant, or not as --against has it (diff: not
            the same), 2 usage, the wrong question, or nothing was
            judged, 3 target unreachable or credentials refused, 4 harness error, interrupted, not all
            judged in time, or output that could not be written (a bad run keeps its own code)
)";

constexpr const char* walk_examples = R"(Examples:
  dex-conformance onboard --url https://apistg.cdc.gov/upload --manifest partner.json \
      --file sample.hl7 --username-env DEX_USER --password-env DEX_PASSWORD --html ready.html

Exit codes: 0 ready, 1 not ready, 2 usage, 3 not reached, or not let in, 4 a page could not be written
)";

/// Durations are seconds when they are bare numbers, as `--case-timeout S` promises.
Result<Milliseconds> duration(const std::string& text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  Milliseconds value{0};
  if (error == std::errc{} && end == text.data() + text.size()) {
    if (!(seconds > 0 && seconds <= 86400)) {
      return failure("", quote(text) + " must be more than 0 and at most 86400 seconds");
    }
    value = Milliseconds{static_cast<std::int64_t>(seconds * 1000)};
  } else if (const auto parsed = parse_duration(text)) {
    value = *parsed;
  } else {
    return failure("", quote(text) + " is not a duration, as in 30 or 500ms");
  }
  if (value <= Milliseconds{0} || value > std::chrono::hours{24}) {
    return failure("", quote(text) + " must be more than 0 and at most 86400 seconds");
  }
  return value;
}

/// For a --header that is not valid: it may hold a key anywhere, so only short words are shown.
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
    return failure("", quote(shown_words(text)) + " is not 'Name: value'");
  }
  return field;
}

/// How a rerun line shows the value of a flag; what it hides is hidden everywhere else as well.
enum class Shown {
  masked,      ///< without the secrets that are known
  url,         ///< an address, without the values of its query
  header,      ///< the name, and the value of a harmless one
  selection,   ///< it selects rows: left out of a rerun line, which has its own
  not_at_all,  ///< it names a report: the flag is left out as well
};

struct Setting : settings::Setting<RunCommand> {
  Shown shown = Shown::masked;
};

constexpr const char* target_group = "Target";
constexpr const char* selecting_group = "What is judged";
constexpr const char* access_group = "Access (secrets come from the environment)";
constexpr const char* report_group = "Reports";
constexpr const char* running_group = "How it runs";

constexpr std::array<std::pair<std::string_view, transport::HttpVersion>, 2> http_versions{
    {{"1", transport::HttpVersion::http1}, {"2", transport::HttpVersion::http2}}};

constexpr std::array<std::pair<std::string_view, Level>, 3> levels{
    {{"must", Level::must}, {"should", Level::should}, {"may", Level::may}}};

Result<std::string> as_is(const std::string& text) { return text; }

/// A script with "$UNSET" gives an empty value: what it asked for would silently not be done.
Error empty_value(std::string where) { return {std::move(where), "has an empty value", ""}; }

/// Stores what `parse` makes of the text.
template <class Command, class Parse, class T>
auto stored(Parse parse, T Command::*member) {
  return settings::parsed(std::move(parse), [member](Command& command, T value) {
    command.*member = std::move(value);
  });
}

/// The same for a flag that may be given several times.
template <class Parse>
auto added(Parse parse, std::vector<std::string> RunCommand::*member) {
  return settings::parsed(std::move(parse), [member](RunCommand& run, std::string value) {
    (run.*member).push_back(std::move(value));
  });
}

Setting::Apply on(bool RunCommand::*member) {
  return [member](RunCommand& run, const std::string& text) -> Result<void> {
    run.*member = text == "true";
    return {};
  };
}

Result<std::string> target_url(const std::string& text) {
  if (text.find("://") != std::string::npos) return read_address(text);
  return failure("", quote(redact::shown_url(text)) + " is not an absolute URL",
                 "as in http://127.0.0.1:8080/files");
}

auto system_among(Systems systems) {
  return [systems](const std::string& name) -> Result<const System*> {
    if (const System* system = system_named(systems, name)) return system;
    return settings::not_one_of(name, names_of(systems));
  };
}

std::string either(const std::vector<std::string_view>& names) {
  return fmt::format("{}", fmt::join(names, " or "));
}

// ---- the table of `run`

/// --select and --level, of `run` and of `list`.
template <class Command>
std::vector<settings::Setting<Command>> selecting(const std::string& group) {
  return {
      {{"select", "GLOB",
        "Glob over ids, names or areas, or a tag (tus, http, dex, must, ...); repeatable", group,
        "", settings::Times::often},
       [](Command& command, const std::string& text) -> Result<void> {
         command.selection.patterns.push_back(text);
         return {};
       }},
      {{"level", "L", "Rows of this level and stricter: must, should, may [may]", group},
       settings::parsed(
           [](const std::string& text) -> Result<Level> {
             if (const auto level = settings::value_named(levels, text)) return *level;
             return settings::not_one_of(text, settings::names_in(levels));
           },
           [](Command& command, Level level) { command.selection.least = level; })},
  };
}

std::vector<Setting> target_settings(Systems systems) {
  std::vector<Setting> table{
      {{{"url", "URL", "Creation URL (http://HOST/files), or only the host"},
        stored(target_url, &RunCommand::url)},
       Shown::url},
      {{{"system", "S",
         fmt::format("What the target is: {} [{}]", either(names_of(systems)),
                     systems.front()->name),
         target_group},
        settings::parsed(system_among(systems),
                         [](RunCommand& run, const System* system) {
                           run.system = system;
                           run.system_given = true;
                         })}},
      {{{"oauth-url", "URL", "Token endpoint, instead of the derived /oauth", target_group},
        stored(read_address, &RunCommand::oauth_url)},
       Shown::url},
  };
  for (const OwnSetting& own : settings::own_settings(owners(systems), target_group)) {
    table.push_back(
        {{own, [own](RunCommand& run,
                     const std::string& text) { return settings::keep(run.own, own, text); }},
         own.address ? Shown::url : Shown::masked});
  }
  return table;
}

std::vector<Setting> judging_settings() {
  std::vector<Setting> table;
  for (auto& setting : selecting<RunCommand>(selecting_group)) {
    table.push_back({std::move(setting), Shown::selection});
  }
  table.insert(
      table.end(),
      {{{{"strict", "", "A broken SHOULD turns the run red", selecting_group},
         on(&RunCommand::strict)}},
       {{{"keep-going", "", "Judge although the first requests show that something else is meant",
          selecting_group},
         on(&RunCommand::keep_going)}},
       {{{"allow-production", "",
          "Judge a host that people depend on, with requests that are wrong on purpose",
          selecting_group},
         on(&RunCommand::allow_production)}},
       {{{"slow", "", "Also the checks that take long or send much", selecting_group},
         [](RunCommand& run, const std::string& text) -> Result<void> {
           run.selection.slow = text == "true";
           return {};
         }}},
       {{{"require", "EXT",
          "tus extension that must be offered, or 'integrity': that stored bytes can be "
          "compared; repeatable",
          selecting_group, "", settings::Times::often},
         added(as_is, &RunCommand::required)}},
       {{{"baseline", "NAME|FILE",
          "Known deviations of this target: dex-2.8, tusd-2.10, tus-node-2.4, or a file",
          selecting_group},
         stored(as_is, &RunCommand::baseline)},
        Shown::not_at_all}});
  return table;
}

std::vector<Setting> access_settings() {
  return {
      {{{"username-env", "VAR", "Variable with the user name", access_group},
        stored(as_is, &RunCommand::username_env)}},
      {{{"password-env", "VAR", "Variable with the password", access_group},
        stored(as_is, &RunCommand::password_env)}},
      {{{"token-env", "VAR", "Variable with a token or an API key", access_group},
        stored(as_is, &RunCommand::token_env)}},
      {{{"tokens", "FILE.json",
         "Tokens by kind, for what only the identity provider can make: expired, not_yet_valid, "
         "wrong_key, wrong_issuer, missing_scope, extra_scopes, bad_claims, session",
         access_group},
        stored(as_is, &RunCommand::tokens_file)}},
      {{{"header", "'N: V'", "Added to every request; repeatable", access_group, "",
         settings::Times::often},
        settings::parsed(header,
                         [](RunCommand& run, http::Field field) {
                           run.headers.add(std::move(field.name), std::move(field.value));
                         })},
       Shown::header},
      {{{"trust-origin", "URL",
         "Another origin that a Location may lead to, and that gets the credentials too; "
         "repeatable",
         access_group, "", settings::Times::often},
        added(read_address, &RunCommand::trusted_origins)},
       Shown::url},
      {{{"proxy", "URL",
         "HTTP proxy, raw connections by CONNECT; without it those of the environment "
         "(https_proxy, "
         "http_proxy, all_proxy, no_proxy), but for this machine",
         access_group},
        stored(read_address, &RunCommand::proxy)},
       Shown::url},
      {{{"http", "1|2",
         "HTTP of the requests, but for those on raw connections, which are HTTP/1.1; 2 is chosen "
         "by "
         "the server (ALPN) under https://, and spoken at once under http:// [1]",
         access_group},
        settings::parsed(
            [](const std::string& text) -> Result<transport::HttpVersion> {
              if (const auto http = settings::value_named(http_versions, text)) return *http;
              return settings::not_one_of(text, settings::names_in(http_versions));
            },
            [](RunCommand& run, transport::HttpVersion http) { run.http = http; })}},
      {{{"ca-file", "FILE", "Trusted authorities, PEM", access_group},
        stored(as_is, &RunCommand::ca_file)}},
      {{{"client-cert", "FILE", "Client certificate with its key, PEM", access_group},
        stored(as_is, &RunCommand::client_cert)}},
  };
}

std::vector<Setting> running_settings() {
  return {
      {{{"junit", "FILE", "JUnit XML", report_group}, stored(as_is, &RunCommand::junit)},
       Shown::not_at_all},
      {{{"json", "FILE", "JSON", report_group}, stored(as_is, &RunCommand::json)},
       Shown::not_at_all},
      {{{"html", "FILE",
         "A page for a browser: causes, what changed, every row with its transcript", report_group},
        stored(as_is, &RunCommand::html)},
       Shown::not_at_all},
      {{{"badge", "FILE", "A badge as shields.io shows it (endpoint badge, JSON)", report_group},
        stored(as_is, &RunCommand::badge)},
       Shown::not_at_all},
      {{{"all", "", "Print every red row, not only what stands behind several", report_group},
        on(&RunCommand::all)},
       Shown::not_at_all},
      {{{"notes", "", "Print every note, not only their number", report_group},
        on(&RunCommand::notes)}},
      {{{"evidence", "DIR",
         "All of it: one transcript per check, summary.md, report.html, junit.xml, results.json, "
         "record.json, badge.json, environment.json",
         report_group},
        stored(as_is, &RunCommand::evidence)},
       Shown::not_at_all},
      {{{"record", "FILE", "The verdict and the answer of every row, for --against and diff",
         report_group},
        stored(as_is, &RunCommand::record)},
       Shown::not_at_all},
      {{{"against", "FILE",
         "A record, or a report of --json: what is not as it was is told, and turns the run red",
         report_group},
        stored(as_is, &RunCommand::against)},
       Shown::not_at_all},
      {{{"update-baseline", "FILE",
         "A baseline for review: the entries of --baseline, and one for each row that is red "
         "without one",
         report_group},
        stored(as_is, &RunCommand::update_baseline)},
       Shown::not_at_all},
      {{{"repeat", "N", "Judge every row N times, and name those whose verdict changes [1]",
         running_group},
        stored(settings::whole_number(1, 100), &RunCommand::repeat)}},
      {{{"jobs", "N", "Checks at the same time [4]", running_group},
        stored(settings::whole_number(1, 64), &RunCommand::jobs)}},
      {{{"seed", "N", "Of random payloads [1]", running_group},
        stored(settings::whole_number(0, ~std::uint64_t{0}), &RunCommand::seed)}},
      {{{"case-timeout", "S", "For one check [60]", running_group},
        stored(duration, &RunCommand::case_timeout)}},
      {{{"wait-for", "S",
         "Before the run, until the target answers with anything but 502, 503 or 504; exit code 3 "
         "when it does not. Not part of --run-timeout [0]",
         running_group},
        stored(duration, &RunCommand::wait_for)}},
      {{{"run-timeout", "S",
         "For everything, from the first request on; what runs then is given 2 s, and deleting "
         "uploads 5 s [600]",
         running_group},
        stored(duration, &RunCommand::run_timeout)}},
      {{{"patience", "S", "How long a check waits for what should come soon [10]", running_group},
        stored(duration, &RunCommand::patience)}},
  };
}

/// The entries of `table`, each refusing an empty value.
template <class Entry>
std::vector<Entry> without_empty_values(std::vector<Entry> table) {
  for (Entry& entry : table) {
    entry.apply = [apply = std::move(entry.apply)](auto& command,
                                                   const std::string& text) -> Result<void> {
      if (text.empty()) return tl::unexpected(empty_value(""));
      return apply(command, text);
    };
  }
  return table;
}

std::vector<Setting> run_settings(Systems systems) {
  std::vector<Setting> all = target_settings(systems);
  for (auto& part : {judging_settings(), access_settings(), running_settings()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return without_empty_values(std::move(all));
}

// ---- the table of `onboard`

/// The flags of `run` that say which service it is and what gives access to it.
constexpr std::array<std::string_view, 15> of_access{
    "oauth-url",    "contract",     "info-url",    "delivered-dir",    "member",
    "username-env", "password-env", "token-env",   "header",           "trust-origin",
    "proxy",        "ca-file",      "client-cert", "allow-production", "url"};

/// The systems that a partner can be walked through.
std::vector<std::string_view> names_of_walks(Systems systems) {
  std::vector<std::string_view> names;
  for (const System* system : systems) {
    if (system->make_journey != nullptr) names.push_back(system->name);
  }
  return names;
}

std::vector<settings::Setting<OnboardCommand>> onboard_settings(Systems systems) {
  using Entry = settings::Setting<OnboardCommand>;
  const auto names = names_of_walks(systems);
  const std::string bag = "What you have";
  const std::string pages = "Pages to send on";
  std::vector<Entry> table{
      {{"file", "FILE", "A file of the kind that you will send; nothing of it is shown", bag},
       stored(as_is, &OnboardCommand::file)},
      {{"manifest", "FILE",
        "What you say of the file: the sender manifest of DEX, the metadata of the others; a JSON "
        "object",
        bag},
       stored(as_is, &OnboardCommand::manifest)},
      {{"upload-config", "FILE", "With --system dex: the fields that your data stream demands",
        bag},
       stored(as_is, &OnboardCommand::upload_config)},
      {{"markdown", "FILE", "The walk as a page of Markdown", pages},
       stored(as_is, &OnboardCommand::markdown)},
      {{"html", "FILE", "The walk as a page for a browser", pages},
       stored(as_is, &OnboardCommand::html)},
      {{"system", "S",
        fmt::format("What the service is: {} [{}]", either(names),
                    names.empty() ? "" : names.front()),
        target_group},
       settings::parsed(
           [systems, names](const std::string& text) -> Result<const System*> {
             if (std::find(names.begin(), names.end(), text) == names.end()) {
               return settings::not_one_of(text, names);
             }
             return system_named(systems, text);
           },
           [](OnboardCommand& command, const System* system) { command.access.system = system; })},
      {{"patience", "S", "How long the service may take to deliver the file [60]", running_group},
       settings::parsed(duration, [](OnboardCommand& command,
                                     Milliseconds value) { command.access.patience = value; })},
  };
  for (const Setting& of_run : run_settings(systems)) {
    if (std::find(of_access.begin(), of_access.end(), of_run.name) == of_access.end()) continue;
    const settings::Flag& flag = of_run;
    Entry entry{flag, [apply = of_run.apply](OnboardCommand& command, const std::string& text) {
                  return apply(command.access, text);
                }};
    table.insert(of_run.name == "url" ? table.begin() : table.end(), std::move(entry));
  }
  return without_empty_values(std::move(table));
}

/// The first system that has a walk, and time for deliveries.
OnboardCommand new_walk(Systems systems) {
  OnboardCommand walk;
  const auto names = names_of_walks(systems);
  walk.access.system = names.empty() ? systems.front() : system_named(systems, names.front());
  walk.access.system_given = true;
  walk.access.patience = std::chrono::seconds{60};
  return walk;
}

std::vector<settings::Setting<ListCommand>> list_settings(Systems systems) {
  std::vector<settings::Setting<ListCommand>> table = selecting<ListCommand>("Options");
  table.insert(table.begin(),
               {{"system", "S", "Only those judged for: " + either(names_of(systems))},
                stored(system_among(systems), &ListCommand::system)});
  return without_empty_values(std::move(table));
}

/// What depends on several flags together.
Result<void> check(const RunCommand& run, Systems systems) {
  if (run.username_env.empty() != run.password_env.empty()) {
    return failure("--username-env", "goes together with --password-env");
  }
  if (!run.token_env.empty() && !run.username_env.empty()) {
    return failure("--token-env", "excludes --username-env and --password-env");
  }
  if (run.http == transport::HttpVersion::http2 && !run.proxy.empty()) {
    const auto parts = transport::parse_url(run.url);
    if (parts && parts->scheme == "http") {
      return failure("--http", "2 under http:// does not go by --proxy, which is asked in HTTP/1.1",
                     "https:// goes by it");
    }
  }
  auto known = run.system->extensions;
  known.push_back(integrity);
  for (const std::string& extension : run.required) {
    if (std::find(known.begin(), known.end(), extension) != known.end()) continue;
    Error error = settings::not_one_of(extension, known).value();
    error.where = "--require";
    return tl::unexpected(std::move(error));
  }
  return settings::check_own(owners(systems), run.system->name, run.own);
}

// ---- command lines to be shown

/// Calls `each(flag, value, shown)` for each "--flag value" and "--flag=value" whose value is not
/// just masked; a switch has an empty value. Any other word is a value with an empty flag.
template <class Each>
void each_argument(const std::vector<std::string>& arguments, Systems systems, Each&& each) {
  struct Special {
    Shown shown;
    bool is_switch;
  };
  std::map<std::string, Special, std::less<>> special;
  for (const Setting& setting : run_settings(systems)) {
    if (setting.shown == Shown::masked) continue;
    special.emplace("--" + setting.name, Special{setting.shown, setting.value.empty()});
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const std::size_t equals = std::min(word.find('='), word.size());
    const auto flag = special.find(std::string_view(word).substr(0, equals));
    const bool alone = equals == word.size();
    if (flag != special.end() && alone && flag->second.is_switch) {
      each(flag->first, std::string(), flag->second.shown);
    } else if (flag == special.end() || (alone && i + 1 == arguments.size())) {
      each(std::string(), word, Shown::masked);
    } else {
      each(flag->first, alone ? arguments[++i] : word.substr(equals + 1), flag->second.shown);
    }
  }
}

/// "Name: ***", unless the field is harmless.
std::string shown_header(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  return redact::is_harmless_field(name) || name == text ? text : name + ": ***";
}

}  // namespace

std::string shell_quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

redact::Secrets secrets_of(const std::vector<std::string>& arguments, Systems systems) {
  redact::Secrets secrets;
  each_argument(arguments, systems, [&](const auto&, const std::string& value, Shown shown) {
    if (shown == Shown::url) secrets.add_url(value);
    const std::size_t colon = value.find(':');
    if (shown != Shown::header || colon == std::string::npos) return;
    secrets.add_field(value.substr(0, colon),
                      http::trim_ows(std::string_view(value).substr(colon + 1)));
  });
  return secrets;
}

namespace {

/// `arguments` as they may be shown, without the flags of reports and those for which `wanted` is
/// false.
template <class Wanted>
std::vector<std::string> shown_arguments(const std::vector<std::string>& arguments, Systems systems,
                                         const redact::Secrets& secrets, Wanted&& wanted) {
  std::vector<std::string> words;
  each_argument(arguments, systems,
                [&](const std::string& flag, const std::string& value, Shown shown) {
                  if (shown == Shown::not_at_all || !wanted(flag, value, shown)) return;
                  if (!flag.empty()) words.push_back(flag);
                  switch (shown) {
                    case Shown::url:
                      words.push_back(secrets.mask(redact::shown_url(value)));
                      return;
                    case Shown::header:
                      words.push_back(shown_header(value));
                      return;
                    default:
                      words.push_back(secrets.mask(value));
                  }
                });
  return words;
}

}  // namespace

std::string rerun_line(const std::vector<std::string>& arguments, Systems systems,
                       const redact::Secrets& secrets) {
  std::string out = "dex-conformance";
  const auto no_selection = [](const auto&, const auto&, Shown shown) {
    return shown != Shown::selection;
  };
  for (const auto& word : shown_arguments(arguments, systems, secrets, no_selection)) {
    out += " " + shell_quoted(word);
  }
  return out;
}

std::vector<std::string> judging_arguments(const std::vector<std::string>& arguments,
                                           Systems systems, const redact::Secrets& secrets) {
  return shown_arguments(arguments, systems, secrets,
                         [](const std::string& flag, const std::string& value, Shown) {
                           return flag != "--url" && !(flag.empty() && value == "run");
                         });
}

std::string rerun_line_alone(const std::vector<std::string>& arguments, Systems systems,
                             const redact::Secrets& secrets) {
  std::vector<std::string> others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--jobs") {
      ++i;
    } else if (!arguments[i].starts_with("--jobs=")) {
      others.push_back(arguments[i]);
    }
  }
  return rerun_line(others, systems, secrets) + " --jobs 1";
}

Result<Command> parse_command_line(const std::vector<std::string>& arguments, Systems systems) {
  CLI::App app("Says which rules of tus 1.0 and of the DEX Upload API a server breaks.",
               "dex-conformance");
  app.footer(examples);
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("dex-conformance {}", harness_version()));
  app.get_formatter()->column_width(30);
  schemas::add_flag(app, "Options", {"baseline", "requirement", "run-report", "verdicts"});

  RunCommand run;
  run.system = systems.front();
  CLI::App* running = app.add_subcommand("run", "Judge a server");
  running->footer(examples);
  settings::add_flags(*running, run_settings(systems), run);
  running->get_option("--url")->required();

  RunCommand planned = run;
  CLI::App* planning =
      app.add_subcommand("plan", "Say what a run with these flags would send and leave behind");
  settings::add_flags(*planning, run_settings(systems), planned);
  planning->get_option("--url")->required();

  ListCommand list;
  CLI::App* listing = app.add_subcommand("list", "List the requirements");
  settings::add_flags(*listing, list_settings(systems), list);

  ExplainCommand explain;
  CLI::App* explaining = app.add_subcommand("explain", "Explain one requirement");
  settings::add_word(*explaining, {"ID", "TEXT", "As in TUS-CORE-HEAD-004, or the row's name"},
                     [&](const std::string& text) -> Result<void> {
                       if (text.empty()) return tl::unexpected(empty_value("ID"));
                       explain.row = text;
                       return {};
                     });
  explaining->get_option("ID")->required();

  DiffCommand diff;
  CLI::App* comparing = app.add_subcommand("diff", "Compare two records or reports");
  for (const auto& [name, member] :
       {std::pair{"BEFORE", &DiffCommand::before}, std::pair{"AFTER", &DiffCommand::after}}) {
    settings::add_word(
        *comparing, {name, "FILE", "What --record or --json wrote"},
        [&diff, name = name, member = member](const std::string& text) -> Result<void> {
          if (text.empty()) return tl::unexpected(empty_value(name));
          diff.*member = text;
          return {};
        });
    comparing->get_option(name)->required();
  }
  settings::add_flag(*comparing,
                     {"verdicts-only", "",
                      "Answers may differ: not what servers say, but what it "
                      "means"},
                     [&](const std::string& text) -> Result<void> {
                       diff.verdicts_only = text == "true";
                       return {};
                     });

  OnboardCommand walk = new_walk(systems);
  CLI::App* walking =
      app.add_subcommand("onboard", "Walk a partner through sending a file, and say what to mend");
  walking->footer(walk_examples);
  settings::add_flags(*walking, onboard_settings(systems), walk);
  for (const char* const needed : {"--url", "--file"}) walking->get_option(needed)->required();

  const auto parsed = settings::parse(app, arguments);
  if (!parsed) {
    Error error = parsed.error();
    if (error.where.empty()) {
      error.hint += error.hint.empty() ? "" : "; ";
      error.hint += "`dex-conformance --help` shows the flags";
    }
    return tl::unexpected(std::move(error));
  }
  if (*parsed) return PrintCommand{**parsed};
  if (explaining->parsed()) return explain;
  if (listing->parsed()) return list;
  if (comparing->parsed()) return diff;
  if (walking->parsed()) {
    if (auto sound = check(walk.access, systems); !sound) return tl::unexpected(sound.error());
    walk.access.arguments = arguments;
    return walk;
  }
  RunCommand& meant = planning->parsed() ? planned : run;
  if (auto sound = check(meant, systems); !sound) return tl::unexpected(sound.error());
  meant.arguments = arguments;
  if (planning->parsed()) return PlanCommand{std::move(planned)};
  return run;
}

}  // namespace conformance
