#include "cli/run_plan.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "client/production.hpp"
#include "client/secret.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/version.hpp"
#include "transport/proxy.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

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

/// The origins of --trust-origin, and of the addresses among a system's own settings.
transport::Origins trusted_origins(const RunCommand& command, Systems systems) {
  transport::Origins origins;
  for (const std::string& url : command.trusted_origins) origins.add(url);
  for (const OwnSetting& own : settings::own_settings(owners(systems))) {
    const auto urls = command.own.find(own.name);
    if (!own.address || urls == command.own.end()) continue;
    for (const std::string& url : urls->second) origins.add(url);
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
  client.proxy = command.proxy.empty() ? transport::from_environment : command.proxy;
  client.extra_headers = command.headers;
  client.http = command.http;
  // Only to the target: a storage or an identity provider may not speak HTTP/2.
  client.prior_knowledge.add(command.url);
  // Not to --oauth-url at an origin of its own: any of these fields may be the target's key.
  transport::Origins origins = trusted;
  origins.add(command.url);
  client.extra_headers_to = std::move(origins);
  if (auto ok = transport::validate(client); !ok) return tl::unexpected(ok.error());
  const bool plain = command.url.starts_with("http:");
  if (plain && client.http == transport::HttpVersion::http2 &&
      !transport::proxy_for(client.proxy, command.url).empty()) {
    return failure("--http", "2 under http:// does not go by a proxy, which is asked in HTTP/1.1",
                   "https:// goes by it, and no_proxy leaves a host out");
  }
  return client;
}

Result<GivenTokens> given_tokens(const RunCommand& command, redact::Secrets& secrets) {
  if (command.tokens_file.empty()) return GivenTokens{};
  const auto text = json::detail::read_file(command.tokens_file);
  if (!text) return tl::unexpected(text.error());
  auto tokens = parse_tokens(*text, command.tokens_file);
  if (tokens) add_tokens(secrets, *tokens);
  return tokens;
}

/// The target as far as the options tell it, and what its checks share.
Result<void> plan_target(RunPlan& plan) {
  const RunCommand& command = *plan.command;
  for (const char* const scheme : {"http:", "https:"}) {
    plan.secrets.add_url(transport::proxy_of_environment(scheme).value_or(""));
  }
  auto tokens = given_tokens(command, plan.secrets);
  if (!tokens) return tl::unexpected(tokens.error());
  TargetOptions options;
  options.trusted = trusted_origins(command, plan.systems);
  auto client = client_options(command, options.trusted, plan.report.run_id);
  if (!client) return tl::unexpected(client.error());
  options.url = command.url;
  options.own = command.own;
  options.oauth_url = command.oauth_url;
  options.run_id = plan.report.run_id;
  options.client = *client;
  // A server that is silent must leave time for a verdict.
  options.deadline = plan.start + command.wait_for + command.run_timeout / 2;
  options.secrets = plan.secrets;
  plan.session = std::make_shared<Session>();
  plan.session->client = std::move(*client);
  plan.session->seed = command.seed;
  plan.session->patience = command.patience;
  plan.session->tokens = std::move(*tokens);
  plan.session->trusted = options.trusted;
  plan.session->secrets = plan.secrets;
  plan.target_options = options;
  auto target = command.system->make_target(std::move(options));
  if (!target) return tl::unexpected(target.error());
  plan.target = std::move(*target);
  plan.session->target = plan.target;
  plan.report.target = plan.target->facts();
  auto credentials = credentials_for(command, *plan.target, plan.session->client, plan.secrets);
  if (!credentials) return tl::unexpected(credentials.error());
  plan.session->credentials = std::move(*credentials);
  return {};
}

/// An Error about an address of a service that people depend on, unless it is asked for.
Result<void> not_production(const RunCommand& command, Systems systems) {
  if (command.allow_production) return {};
  std::vector<std::string> urls{command.url, command.oauth_url};
  for (const OwnSetting& own : settings::own_settings(owners(systems))) {
    const auto given = command.own.find(own.name);
    if (!own.address || given == command.own.end()) continue;
    urls.insert(urls.end(), given->second.begin(), given->second.end());
  }
  for (const std::string& url : urls) {
    const auto* const host = client::production_host(url);
    if (host == nullptr) continue;
    return failure(
        transport::parse_url(url)->host,
        fmt::format("is {}, and would get uploads and requests that are wrong on purpose",
                    host->what),
        "judge a test system, or give --allow-production if you may");
  }
  return {};
}

/// What is read before anything else.
Result<void> plan_reading(RunPlan& plan) {
  const RunCommand& command = *plan.command;
  if (auto ok = validate(command.selection, plan.catalogue); !ok) return ok;
  if (auto ok = not_production(command, plan.systems); !ok) return ok;
  if (!command.against.empty()) {
    auto recorded = verdicts::load_column(command.against);
    if (!recorded) return tl::unexpected(recorded.error());
    plan.against = std::move(*recorded);
  }
  if (command.baseline.empty()) return {};
  auto loaded = load_baseline(command.baseline, plan.catalogue);
  if (!loaded) return tl::unexpected(loaded.error());
  plan.baseline = std::move(*loaded);
  return {};
}

}  // namespace

Milliseconds RunPlan::time_left() const {
  return std::chrono::duration_cast<Milliseconds>(start + command->run_timeout -
                                                  std::chrono::steady_clock::now());
}

tl::expected<RunPlan, NotPlanned> plan_run(const RunCommand& command, Systems systems,
                                           redact::Secrets secrets) {
  const auto not_planned = [](const Error& error, ExitCode code = ExitCode::usage) {
    return tl::unexpected(NotPlanned{code, error});
  };
  auto catalogue = load_catalogue(embedded_requirements(), words_of(systems));
  if (!catalogue) return not_planned(catalogue.error(), ExitCode::harness);
  RunPlan plan{.command = &command,
               .systems = systems,
               .secrets = std::move(secrets),
               .start = {},
               .catalogue = std::move(*catalogue),
               .baseline = {},
               .against = {},
               .target_options = {},
               .target = {},
               .session = {},
               .reports = {},
               .report = {}};
  if (auto ok = plan_reading(plan); !ok) return not_planned(ok.error());
  plan.report.version = harness_version();
  plan.report.run_id = random_id();
  plan.report.seed = command.seed;
  plan.report.baseline = command.baseline;
  plan.report.repeat = command.repeat;
  plan.report.http = command.http == transport::HttpVersion::http2 ? 2 : 1;
  plan.report.started = std::chrono::system_clock::now();
  plan.start = std::chrono::steady_clock::now();
  if (auto ok = plan_target(plan); !ok) return not_planned(ok.error());
  // Before the run, so that a report that cannot be written does not cost one.
  auto reports = Reports::open({.junit = command.junit,
                                .json = command.json,
                                .evidence = command.evidence,
                                .record = command.record,
                                .update_baseline = command.update_baseline,
                                .html = command.html,
                                .badge = command.badge});
  if (!reports) return not_planned(reports.error());
  plan.reports = std::move(*reports);
  return plan;
}

}  // namespace conformance
