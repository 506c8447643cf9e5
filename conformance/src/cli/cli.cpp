#include "cli/cli.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>

#include "catalogue/catalogue.hpp"
#include "cli/options.hpp"
#include "client/secret.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"
#include "protocol/version.hpp"
#include "redact/printable.hpp"
#include "redact/secrets.hpp"
#include "report/files.hpp"
#include "report/masked.hpp"
#include "report/terminal.hpp"
#include "run/cleanup.hpp"
#include "run/gtest_rows.hpp"
#include "run/live_context.hpp"
#include "run/plan.hpp"
#include "run/summary.hpp"

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

Result<Credentials> credentials_for(const RunCommand& command, const Target& target,
                                    const transport::ClientOptions& client,
                                    redact::Secrets& secrets) {
  if (!command.token_env.empty()) {
    auto token = client::secret_in("--token-env", command.token_env);
    if (!token) return tl::unexpected(token.error());
    target.presentation().hide(*token, secrets);
    if (!http::is_field_value(*token)) return failure("--token-env", "holds no token");
    return Credentials::given(std::move(*token), target.presentation());
  }
  if (command.username_env.empty()) return Credentials();
  auto username = client::secret_in("--username-env", command.username_env);
  if (!username) return tl::unexpected(username.error());
  auto password = client::secret_in("--password-env", command.password_env);
  if (!password) return tl::unexpected(password.error());
  secrets.add(*password);
  const auto endpoint = target.token_endpoint();
  if (!endpoint) return tl::unexpected(endpoint.error());
  PasswordGrant grant{endpoint->url, endpoint->refresh_url, *username, *password};
  return Credentials::password(std::move(grant), client, std::chrono::steady_clock::now, secrets,
                               target.presentation());
}

/// Those of --trust-origin, and of the addresses that are a system's own settings.
transport::Origins trusted_origins(const RunCommand& command, Systems systems) {
  transport::Origins origins;
  for (const std::string& url : command.trusted_origins) origins.add(url);
  for (const OwnSetting& own : settings::own_settings(owners(systems))) {
    const auto url = settings::given(command.own, own.name);
    if (own.address && url) origins.add(*url);
  }
  return origins;
}

/// Every value of `tokens` and what it is made of.
void add_tokens(redact::Secrets& secrets, const GivenTokens& tokens) {
  for (const auto& [kind, value] : tokens) {
    secrets.add_field(kind == TokenKind::session ? "Cookie" : "Authorization", value);
  }
}

Result<transport::ClientOptions> client_options(const RunCommand& command,
                                                const transport::Origins& trusted,
                                                const std::string& run_id) {
  transport::ClientOptions client;
  client.user_agent = fmt::format("dex-conformance/{} (run {})", harness_version(), run_id);
  client.tls.ca_file = command.ca_file;
  client.tls.client_cert = command.client_cert;
  client.proxy = command.proxy;
  client.extra_headers = command.headers;
  // Not to --oauth-url, where it has an origin of its own: any of them may be the target's key.
  transport::Origins origins = trusted;
  origins.add(command.url);
  client.extra_headers_to = std::move(origins);
  if (auto ok = transport::validate(client); !ok) return tl::unexpected(ok.error());
  return client;
}

/// Deleting what a run made may take this long after its time is up, and after an interruption.
constexpr std::chrono::seconds cleanup_allowance{5};
constexpr std::chrono::seconds longest_cleanup{60};

Result<GivenTokens> given_tokens(const RunCommand& command, redact::Secrets& secrets) {
  if (command.tokens_file.empty()) return GivenTokens{};
  const auto text = json::detail::read_file(command.tokens_file);
  if (!text) return tl::unexpected(text.error());
  auto tokens = parse_tokens(*text, command.tokens_file);
  if (tokens) add_tokens(secrets, *tokens);
  return tokens;
}

/// One run, in three steps: what is asked is read and checked; the target is found out; its rows
/// are judged and told.
class Run {
 public:
  Run(const RunCommand& command, Systems systems, std::ostream& out, std::ostream& err)
      : command_(command),
        systems_(systems),
        out_(out),
        err_(err),
        secrets_(secrets_of(command.arguments, systems)) {}

  int operator()() {
    if (auto ok = prepare(); !ok) return complain({err_, secrets_}, ok.error(), not_prepared_);
    if (auto ok = find_out(); !ok) return stop(ok.error());
    if (auto ok = judge_all(); !ok) return stop(ok.error());
    return tell();
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Catalogue, files, flags and credentials; nothing is sent yet.
  Result<void> prepare() {
    auto catalogue = load_catalogue(embedded_requirements(), words_of(systems_));
    if (!catalogue) {
      not_prepared_ = ExitCode::harness;
      return tl::unexpected(catalogue.error());
    }
    catalogue_.emplace(std::move(*catalogue));
    if (auto ok = validate(command_.selection, *catalogue_); !ok) return ok;
    if (!command_.baseline.empty()) {
      auto loaded = load_baseline(command_.baseline, *catalogue_);
      if (!loaded) return tl::unexpected(loaded.error());
      baseline_ = std::move(*loaded);
    }
    report_.version = harness_version();
    report_.run_id = random_id();
    report_.seed = command_.seed;
    report_.baseline = command_.baseline;
    report_.started = std::chrono::system_clock::now();
    start_ = Clock::now();
    if (auto ok = prepare_target(); !ok) return ok;
    // Before the run: a report that cannot be written must not cost one.
    auto reports = Reports::open(command_.junit, command_.json, command_.evidence);
    if (!reports) return tl::unexpected(reports.error());
    reports_.emplace(std::move(*reports));
    return {};
  }

  /// What the run knows of its target before it asks.
  Result<void> prepare_target() {
    auto tokens = given_tokens(command_, secrets_);
    if (!tokens) return tl::unexpected(tokens.error());
    TargetOptions options;
    options.trusted = trusted_origins(command_, systems_);
    auto client = client_options(command_, options.trusted, report_.run_id);
    if (!client) return tl::unexpected(client.error());
    options.url = command_.url;
    options.own = command_.own;
    options.oauth_url = command_.oauth_url;
    options.run_id = report_.run_id;
    options.client = *client;
    options.deadline = start_ + command_.run_timeout;
    options.secrets = secrets_;
    session_->client = std::move(*client);
    session_->seed = command_.seed;
    session_->patience = command_.patience;
    session_->tokens = std::move(*tokens);
    session_->trusted = options.trusted;
    auto target = command_.system->make_target(std::move(options));
    if (!target) return tl::unexpected(target.error());
    target_ = std::move(*target);
    report_.target = target_->facts();
    auto credentials = credentials_for(command_, *target_, session_->client, secrets_);
    if (!credentials) return tl::unexpected(credentials.error());
    session_->credentials = std::move(*credentials);
    return {};
  }

  /// The target, and with it the list of what is judged.
  Result<void> find_out() {
    auto found = target_->discover(session_->credentials);
    if (!found) {
      stopped_ = ExitCode::unreachable;
      return tl::unexpected(found.error());
    }
    auto plan =
        make_plan(*catalogue_, checks_of(systems_), command_.selection, *command_.system, *target_);
    if (!plan) return tl::unexpected(plan.error());
    plan_ = std::move(*plan);
    session_->target = target_;
    session_->secrets = secrets_;
    for (const std::string& upload : found->created) session_->created(upload);
    report_.target = target_->facts();
    report_.remarks = found->remarks;
    report_.unchecked = plan_.unchecked;
    report_.slow_left_out = plan_.slow_left_out;
    rules_.strict = command_.strict;
    rules_.required = {command_.required.begin(), command_.required.end()};
    rules_.today = std::chrono::floor<std::chrono::days>(report_.started);
    for (const std::string& extension : rules_.required) {
      const bool there =
          extension == integrity ? shows_bytes(report_.target) : target_->offers(extension);
      if (!there) report_.missing_extensions.push_back(extension);
    }
    return {};
  }

  Result<void> judge_all() {
    TerminalStyle style = style_for(STDOUT_FILENO);
    style.notes = command_.notes;
    style.rerun = rerun_line(command_.arguments, systems_, secrets_);
    TerminalReport& terminal = terminal_.emplace(out_, style);
    terminal.begin(masked(report_.target, secrets_), report_.run_id, plan_.cases.size());
    for (const std::string& remark : report_.remarks) terminal.remark(secrets_.mask(remark));

    std::vector<const Requirement*> rows;
    for (const Case& c : plan_.cases) rows.push_back(c.row);
    RunnerOptions running;
    running.jobs = command_.jobs;
    running.case_timeout = command_.case_timeout;
    running.run_timeout = time_left();
    running.interrupted = [] { return interrupted.load(); };
    running.hopeless = [session = session_] { return session->lost(); };
    checks_running = true;
    Runner runner(running, live_contexts(session_), plan_.cases);
    const auto told = run_as_gtest_rows(rows, [&](std::size_t index) -> const Judgement& {
      const CaseResult& result = runner.wait(
          index, [&](std::size_t finished) { terminal.progress(finished, runner.size()); });
      report_.judgements.push_back(judge(masked(result, secrets_), plan_.cases[index].check.needs,
                                         baseline_ ? &*baseline_ : nullptr, rules_));
      terminal.judged(report_.judgements.back());
      return report_.judgements.back();
    });
    if (told) left_threads = runner.abandoned() > 0;
    return told;
  }

  /// Takes away what was made, and writes the reports.
  int tell() {
    report_.interrupted = interrupted;
    auto cleanup = remove_uploads(
        *session_, command_.jobs,
        report_.interrupted
            ? cleanup_allowance
            : std::clamp<Milliseconds>(time_left(), cleanup_allowance, longest_cleanup));
    report_.uploads_removed = cleanup.removed;
    report_.uploads_left = std::move(cleanup.left);
    write_reports();
    terminal_->end(report_);
    return static_cast<int>(exit_code(report_));
  }

  /// A run that ended before its end is reported as that.
  int stop(const Error& error) {
    report_.stopped = RunReport::Stopped{stopped_, shown(error, secrets_).line()};
    complain({err_, secrets_}, error, stopped_);
    write_reports();
    return static_cast<int>(stopped_);
  }

  void write_reports() {
    report_.duration = std::chrono::duration_cast<Milliseconds>(Clock::now() - start_);
    report_ = masked(std::move(report_), secrets_);
    reports_->write(report_, err_);
  }

  [[nodiscard]] Milliseconds time_left() const {
    return std::chrono::duration_cast<Milliseconds>(start_ + command_.run_timeout - Clock::now());
  }

  const RunCommand& command_;
  Systems systems_;
  std::ostream& out_;
  std::ostream& err_;
  redact::Secrets secrets_;
  ExitCode not_prepared_ = ExitCode::usage;
  ExitCode stopped_ = ExitCode::harness;
  Clock::time_point start_;
  std::optional<Catalogue> catalogue_;
  std::optional<Baseline> baseline_;
  std::optional<Reports> reports_;
  std::shared_ptr<Target> target_;
  std::shared_ptr<Session> session_ = std::make_shared<Session>();
  Plan plan_;
  Rules rules_;
  RunReport report_;
  std::optional<TerminalReport> terminal_;
};

int list(const ListCommand& command, Systems systems, std::ostream& out, const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements(), words_of(systems));
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  if (auto ok = validate(command.selection, *catalogue); !ok) {
    return complain(err, ok.error(), ExitCode::usage);
  }
  std::size_t count = 0;
  for (const Requirement& row : catalogue->rows()) {
    if (command.system != nullptr && !applies(row, *command.system)) continue;
    if (!selects(command.selection, row)) continue;
    ++count;
    out << fmt::format("{:<24} {:<10}  {}\n", row.id, to_string(row.level), row.text);
  }
  if (count == 0) {
    return complain(err, Error{"--select", "nothing is selected", ""}, ExitCode::usage);
  }
  return 0;
}

int explain(const ExplainCommand& command, Systems systems, std::ostream& out,
            const Complaints& err) {
  const auto catalogue = load_catalogue(embedded_requirements(), words_of(systems));
  if (!catalogue) return complain(err, catalogue.error(), ExitCode::harness);
  const Requirement* row = nullptr;
  std::vector<std::string_view> ids;
  for (const Requirement& r : catalogue->rows()) {
    ids.push_back(r.id);
    if (http::same_name(r.id, command.id)) row = &r;
  }
  if (row == nullptr) {
    return complain(err,
                    Error{"explain", quote(command.id) + " is not in the catalogue",
                          "the nearest are " + nearest_names(command.id, ids) +
                              "; `dex-conformance list` shows all ids"},
                    ExitCode::usage);
  }
  const std::vector<Check> checks = checks_of(systems);
  out << fmt::format("{}  [{}, area {}]\n  {}\n\n", row->id, to_string(row->level), row->area,
                     row->text);
  out << "Source:            " << row->section << '\n';
  if (!row->test.empty()) out << "How it is tested:  " << row->test << '\n';
  if (!row->arguable.empty()) out << "Arguable:          " << row->arguable << '\n';
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
  for (const System* system : systems) {
    for (const KnownServer& server : system->known_servers) {
      const auto what = row->known.find(server.column);
      if (what != row->known.end()) out << fmt::format("  {:<18} {}\n", server.title, what->second);
    }
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

int run_command_line(const std::vector<std::string>& arguments, Systems systems, std::ostream& out,
                     std::ostream& stream) {
  const redact::Secrets secrets = secrets_of(arguments, systems);
  const Complaints err{stream, secrets};
  const auto command = parse_command_line(arguments, systems);
  if (!command) return complain(err, command.error(), ExitCode::usage);
  if (const auto* print = std::get_if<PrintCommand>(&*command)) {
    out << print->text;
    return 0;
  }
  if (const auto* l = std::get_if<ListCommand>(&*command)) return list(*l, systems, out, err);
  if (const auto* e = std::get_if<ExplainCommand>(&*command)) return explain(*e, systems, out, err);
  return Run(std::get<RunCommand>(*command), systems, out, stream)();
}

}  // namespace conformance
