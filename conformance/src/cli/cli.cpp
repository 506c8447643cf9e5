#include "cli/cli.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>

#include "catalogue/catalogue.hpp"
#include "cli/options.hpp"
#include "client/endpoints.hpp"
#include "client/stored.hpp"
#include "client/token.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/version.hpp"
#include "redact/command_line.hpp"
#include "redact/printable.hpp"
#include "redact/secrets.hpp"
#include "report/files.hpp"
#include "report/masked.hpp"
#include "report/terminal.hpp"
#include "run/gtest_rows.hpp"
#include "run/live_context.hpp"
#include "run/plan.hpp"
#include "run/summary.hpp"
#include "target/discover.hpp"

namespace conformance {
namespace {

std::atomic<bool> interrupted{false};
std::atomic<bool> checks_running{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set by a signal handler");
std::atomic<bool> left_threads{false};

/// Where complaints go, without the secrets that are known by then.
struct Complaints {
  std::ostream& out;
  const redact::Secrets& secrets;
};

/// `error` without secrets and without what steers a terminal.
Error shown(Error error, const redact::Secrets& secrets) {
  if (error.where.find("://") != std::string::npos) error.where = redact::shown_url(error.where);
  for (std::string* part : {&error.where, &error.what, &error.hint}) {
    *part = redact::printable(secrets.mask(*part), redact::Lines::kept);
  }
  return error;
}

/// One line on `err`, and the exit code.
int complain(const Complaints& err, const Error& error, ExitCode code) {
  err.out << "dex-conformance: " << shown(error, err.secrets).line() << '\n';
  return static_cast<int>(code);
}

std::string random_id() {
  std::random_device device;
  return fmt::format("{:08x}", device());
}

Result<std::string> secret(const std::string& flag, const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr || *value == '\0') {
    if (!redact::is_variable_name(variable)) {
      return failure(flag, "no environment variable has that name",
                     "it takes the name of a variable, as in DEX_TOKEN, not the secret itself");
    }
    return failure(flag, "the environment variable " + quote(variable) + " is not set");
  }
  return std::string(value);
}

Result<Credentials> credentials_for(const RunCommand& command,
                                    const transport::ClientOptions& client,
                                    redact::Secrets& secrets) {
  if (!command.token_env.empty()) {
    auto token = secret("--token-env", command.token_env);
    if (!token) return tl::unexpected(token.error());
    secrets.add(*token);
    if (!http::is_field_value(*token)) return failure("--token-env", "holds no token");
    return Credentials::bearer(std::move(*token));
  }
  if (command.username_env.empty()) return Credentials();
  auto username = secret("--username-env", command.username_env);
  if (!username) return tl::unexpected(username.error());
  auto password = secret("--password-env", command.password_env);
  if (!password) return tl::unexpected(password.error());
  secrets.add(*password);
  const auto candidates = candidate_urls(command.url);
  if (!candidates) return tl::unexpected(candidates.error());
  TargetOptions options;
  options.system = System::dex;
  options.oauth_url = command.oauth_url;
  const auto urls = derive_urls(options, candidates->front());
  if (!urls) return tl::unexpected(urls.error());
  PasswordGrant grant{urls->oauth_url, client::refresh_url_of(urls->oauth_url), *username,
                      *password};
  return Credentials::password(std::move(grant), client, std::chrono::steady_clock::now, secrets);
}

transport::Origins trusted_origins(const RunCommand& command) {
  transport::Origins origins;
  for (const std::string& url : command.trusted_origins) origins.add(url);
  return origins;
}

/// Every value of `tokens` and what it is made of.
void add_tokens(redact::Secrets& secrets, const GivenTokens& tokens) {
  for (const auto& [kind, value] : tokens) {
    secrets.add_field(kind == TokenKind::session ? "Cookie" : "Authorization", value);
  }
}

Result<transport::ClientOptions> client_options(const RunCommand& command,
                                                const std::string& run_id) {
  transport::ClientOptions client;
  client.user_agent = fmt::format("dex-conformance/{} (run {})", harness_version(), run_id);
  client.tls.ca_file = command.ca_file;
  client.tls.client_cert = command.client_cert;
  client.proxy = command.proxy;
  client.extra_headers = command.headers;
  // Not to --oauth-url, where it has an origin of its own: any of them may be the target's key.
  transport::Origins origins = trusted_origins(command);
  for (const auto* url : {&command.url, &command.info_url, &command.health_url}) origins.add(*url);
  client.extra_headers_to = std::move(origins);
  if (auto ok = transport::validate(client); !ok) return tl::unexpected(ok.error());
  return client;
}

/// Whether the target tells digests of stored uploads, as our mock server does.
std::string digest_endpoint(const Session& session, Milliseconds at_most) {
  const std::vector<std::string> uploads = session.uploads();
  if (uploads.empty() || at_most <= Milliseconds{0}) return "";
  transport::Client client(session.client);
  transport::Request request;
  request.method = "GET";
  const auto place = client::place_of(session.target.creation_url);
  if (!place) return "";
  std::string url = client::stored_url(*place);
  request.url = url + "/" + client::last_segment(uploads.front());
  request.timeout = std::min<Milliseconds>(std::chrono::seconds{5}, at_most);
  const transport::Exchange seen = client.send(request);
  if (!seen.response || seen.response->status != 200) return "";
  return client::parse_stored(seen.response->body) ? url : "";
}

/// Deleting what a run made may take this long after its time is up, and after an interruption.
constexpr std::chrono::seconds cleanup_allowance{5};
constexpr std::chrono::seconds longest_cleanup{60};

int run(const RunCommand& command, const std::vector<Check>& checks, std::ostream& out,
        std::ostream& stream) {
  redact::Secrets secrets = secrets_of(command.arguments);
  const Complaints err{stream, secrets};
  const auto catalogue = load_catalogue(embedded_requirements());
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  if (auto ok = validate(command.selection, *catalogue); !ok) {
    return complain(err, ok.error(), ExitCode::usage);
  }
  std::optional<Baseline> baseline;
  if (!command.baseline.empty()) {
    auto loaded = load_baseline(command.baseline, *catalogue);
    if (!loaded) return complain(err, loaded.error(), ExitCode::usage);
    baseline = std::move(*loaded);
  }
  RunReport report;
  report.version = harness_version();
  report.run_id = random_id();
  report.seed = command.seed;
  report.baseline = command.baseline;
  report.started = std::chrono::system_clock::now();
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + command.run_timeout;
  const auto time_left = [&] {
    return std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
  };
  report.target.creation_url = command.url;
  report.target.system = command.system;
  report.target.contract = command.contract;

  TargetOptions options;
  options.deadline = deadline;
  options.url = command.url;
  options.system = command.system;
  options.contract = command.contract;
  options.info_url = command.info_url;
  options.health_url = command.health_url;
  options.oauth_url = command.oauth_url;
  options.run_id = report.run_id;
  options.manifest = default_manifest();
  if (!command.manifest_file.empty()) {
    const auto text = json::detail::read_file(command.manifest_file);
    if (!text) return complain(err, text.error(), ExitCode::usage);
    auto manifest = dex::parse_manifest_json(*text, command.manifest_file);
    if (!manifest) return complain(err, manifest.error(), ExitCode::usage);
    options.manifest = std::move(*manifest);
  }
  GivenTokens tokens;
  if (!command.tokens_file.empty()) {
    const auto text = json::detail::read_file(command.tokens_file);
    if (!text) return complain(err, text.error(), ExitCode::usage);
    auto parsed = parse_tokens(*text, command.tokens_file);
    if (!parsed) return complain(err, parsed.error(), ExitCode::usage);
    tokens = std::move(*parsed);
    add_tokens(secrets, tokens);
  }
  auto client = client_options(command, report.run_id);
  if (!client) return complain(err, client.error(), ExitCode::usage);
  options.client = *client;
  options.trusted = trusted_origins(command);
  options.secrets = secrets;
  auto credentials = credentials_for(command, *client, secrets);
  if (!credentials) return complain(err, credentials.error(), ExitCode::usage);

  if (std::error_code ignored; !command.delivered_dir.empty() &&
                               !std::filesystem::is_directory(command.delivered_dir, ignored)) {
    return complain(err,
                    Error{"--delivered-dir", quote(command.delivered_dir) + " is not a folder", ""},
                    ExitCode::usage);
  }
  // Before the run: a report that cannot be written must not cost one.
  auto reports = Reports::open(command.junit, command.json, command.evidence);
  if (!reports) return complain(err, reports.error(), ExitCode::usage);
  const auto stop = [&](const Error& error, ExitCode code) {
    report.stopped = RunReport::Stopped{code, shown(error, secrets).line()};
    report.duration =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
    complain(err, error, code);
    report = masked(std::move(report), secrets);
    reports->write(report, stream);
    return static_cast<int>(code);
  };

  auto found = discover(options, *credentials);
  if (!found) return stop(found.error(), ExitCode::unreachable);

  auto plan = make_plan(*catalogue, checks, command.selection, found->target);
  if (!plan) return stop(plan.error(), ExitCode::harness);

  const auto session = std::make_shared<Session>();
  session->target = std::move(found->target);
  session->credentials = std::move(*credentials);
  session->client = *client;
  session->seed = command.seed;
  session->patience = command.patience;
  session->target.delivered_dir = command.delivered_dir;
  session->tokens = std::move(tokens);
  session->trusted = options.trusted;
  session->secrets = secrets;
  for (const std::string& upload : found->created) session->created(upload);
  session->target.digest_url = digest_endpoint(*session, time_left());
  report.target = session->target;
  report.remarks = found->remarks;
  report.unchecked = plan->unchecked;

  Rules rules;
  rules.strict = command.strict;
  rules.required = {command.required.begin(), command.required.end()};
  rules.today = std::chrono::floor<std::chrono::days>(report.started);
  for (const std::string& extension : rules.required) {
    if (!session->target.discovery.offers(extension))
      report.missing_extensions.push_back(extension);
  }

  TerminalStyle style = style_for(STDOUT_FILENO);
  style.notes = command.notes;
  style.rerun = rerun_line(command.arguments, secrets);
  TerminalReport terminal(out, style);
  terminal.begin(masked(session->target, secrets), report.run_id, plan->cases.size());
  for (const std::string& remark : report.remarks) terminal.remark(secrets.mask(remark));

  std::vector<std::string_view> needs;
  std::vector<const Requirement*> rows;
  for (const Case& c : plan->cases) {
    needs.push_back(c.check.needs);
    rows.push_back(c.row);
  }
  RunnerOptions running;
  running.jobs = command.jobs;
  running.case_timeout = command.case_timeout;
  running.run_timeout = time_left();
  running.interrupted = [] { return interrupted.load(); };
  running.hopeless = [session] { return session->lost(); };
  {
    checks_running = true;
    Runner runner(running, live_contexts(session), plan->cases);
    const auto told = run_as_gtest_rows(rows, [&](std::size_t index) -> const Judgement& {
      const CaseResult& result = runner.wait(
          index, [&](std::size_t finished) { terminal.progress(finished, runner.size()); });
      report.judgements.push_back(
          judge(masked(result, secrets), needs[index], baseline ? &*baseline : nullptr, rules));
      terminal.judged(report.judgements.back());
      return report.judgements.back();
    });
    if (!told) return stop(told.error(), ExitCode::harness);
    left_threads = runner.abandoned() > 0;
  }
  report.interrupted = interrupted;
  auto cleanup = remove_uploads(
      *session, command.jobs,
      report.interrupted
          ? cleanup_allowance
          : std::clamp<Milliseconds>(time_left(), cleanup_allowance, longest_cleanup));
  report.uploads_removed = cleanup.removed;
  report.uploads_left = std::move(cleanup.left);
  report.duration =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
  report = masked(std::move(report), secrets);
  reports->write(report, stream);
  terminal.end(report);
  return static_cast<int>(exit_code(report));
}

int list(const ListCommand& command, std::ostream& out, const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements());
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  if (auto ok = validate(command.selection, *catalogue); !ok) {
    return complain(err, ok.error(), ExitCode::usage);
  }
  std::size_t count = 0;
  for (const Requirement& row : catalogue->rows()) {
    if (command.system && !applies(row, *command.system)) continue;
    if (!selects(command.selection, row)) continue;
    ++count;
    out << fmt::format("{:<24} {:<10}  {}\n", row.id, to_string(row.level), row.text);
  }
  if (count == 0) {
    return complain(err, Error{"--select", "nothing is selected", ""}, ExitCode::usage);
  }
  return 0;
}

int explain(const ExplainCommand& command, const std::vector<Check>& checks, std::ostream& out,
            const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements());
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  const Requirement* row = nullptr;
  for (const Requirement& r : catalogue->rows()) {
    if (http::same_name(r.id, command.id)) row = &r;
  }
  if (row == nullptr) {
    return complain(err,
                    Error{"explain", quote(command.id) + " is not in the catalogue",
                          "`dex-conformance list` shows all ids"},
                    ExitCode::usage);
  }
  out << fmt::format("{}  [{}, area {}]\n  {}\n\n", row->id, to_string(row->level), row->area,
                     row->text);
  out << "Source:            " << row->section << '\n';
  if (!row->test.empty()) out << "How it is tested:  " << row->test << '\n';
  for (const Check& check : checks) {
    if (check.requirement == row->id && !check.needs.empty()) {
      out << "Needs:             the extension " << check.needs << '\n';
    }
  }
  if (!row->excludes.empty()) {
    out << fmt::format("Not judged for targets that are or offer: {}\n",
                       fmt::join(row->excludes, ", "));
  }
  out << "\nWhat known servers do:\n";
  for (const auto& [name, what] :
       {std::pair<const char*, const std::string&>{"tusd 2.4 / 2.10", row->tusd},
        {"@tus/server 2.4.5", row->tus_node},
        {"DEX 2.8", row->dex}}) {
    if (!what.empty()) out << fmt::format("  {:<18} {}\n", name, what);
  }
  const auto defects = defects_breaking(row->id);
  if (!defects.empty()) {
    out << fmt::format("\nProven red by: {}\n", fmt::join(defects, ", "));
  }
  const bool checked = std::any_of(checks.begin(), checks.end(),
                                   [&](const Check& c) { return c.requirement == row->id; });
  if (!checked) out << "\nNo check judges it in this version.\n";
  return 0;
}

}  // namespace

void interrupt() noexcept {
  // There is nothing to report before the first check, and no patience after a second signal.
  if (!checks_running || interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::harness));
}
bool must_exit_at_once() noexcept { return left_threads; }

int run_command_line(const std::vector<std::string>& arguments, const std::vector<Check>& checks,
                     std::ostream& out, std::ostream& stream) {
  const redact::Secrets secrets = secrets_of(arguments);
  const Complaints err{stream, secrets};
  const auto command = parse_command_line(arguments);
  if (!command) return complain(err, command.error(), ExitCode::usage);
  if (const auto* print = std::get_if<PrintCommand>(&*command)) {
    out << print->text;
    return 0;
  }
  if (const auto* l = std::get_if<ListCommand>(&*command)) return list(*l, out, err);
  if (const auto* e = std::get_if<ExplainCommand>(&*command)) return explain(*e, checks, out, err);
  return run(std::get<RunCommand>(*command), checks, out, stream);
}

}  // namespace conformance
