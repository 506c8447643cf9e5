#include "run/run.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <random>
#include <thread>

#include "client/secret.hpp"
#include "payload/hash.hpp"
#include "protocol/version.hpp"
#include "run/worker.hpp"
#include "transport/client.hpp"

namespace loadgen {
namespace {

tl::unexpected<RunError> give_up(ExitCode code, Error error) {
  return tl::unexpected(RunError{code, std::move(error)});
}

/// Different for every run, also for two that start in the same microsecond.
std::string new_run_id() {
  std::random_device entropy;
  const std::uint64_t bits = (static_cast<std::uint64_t>(entropy()) << 32U) | entropy();
  return fmt::format("{:012x}", bits & 0xffffffffffffULL);
}

Result<void> check_descriptors(std::uint64_t concurrency) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::uint64_t needed = concurrency + 64;
  if (limit.rlim_cur < needed) {
    return failure("--concurrency",
                   fmt::format("{} uploads need {} open files, but this process may have {}",
                               concurrency, needed, limit.rlim_cur),
                   "raise 'ulimit -n' or lower the concurrency");
  }
  return {};
}

/// A target that is silent must not keep a signal waiting.
void stop_when_interrupted(transport::LoadEngine& engine, const RunHooks& hooks) {
  if (hooks.interrupted() > 0) {
    engine.stop();
    return;
  }
  engine.after(Milliseconds{100}, [&] { stop_when_interrupted(engine, hooks); });
}

/// Where a URL names only a host, takes the first shape under which a server of the system answers;
/// without one, what was given stays, and the uploads tell what came.
void find_creation_url(RunPlan& plan, const RunHooks& hooks) {
  const auto shapes = plan.client->creation_urls();
  if (shapes.empty()) return;
  transport::LoadEngine engine(plan.engine);
  for (const auto& host : plan.hosts) engine.pin(host);
  std::size_t at = 0;
  std::function<void()> ask = [&] {
    transport::LoadRequest request;
    request.method = "OPTIONS";
    request.url = shapes[at];
    request.stall_timeout = Milliseconds{10'000};
    engine.send(std::move(request), [&](const transport::LoadOutcome& outcome) {
      if (outcome.response && plan.client->recognises(*outcome.response)) {
        plan.client->settle_on(shapes[at]);
      } else if (outcome.response && ++at < shapes.size()) {
        ask();
        return;
      }
      engine.stop();
    });
  };
  engine.after(Milliseconds{0}, ask);
  stop_when_interrupted(engine, hooks);
  engine.run();
}

/// One token and one request before any load: an absent target is not a thousand failed uploads.
RunResult<void> probe(const RunPlan& plan, const RunHooks& hooks) {
  transport::LoadEngine engine(plan.engine);
  for (const auto& host : plan.hosts) engine.pin(host);
  Authorizer authorizer(engine, plan.credentials);
  RunResult<void> verdict;
  engine.after(Milliseconds{0}, [&] {
    authorizer.authorize([&](const Result<std::string>& token) {
      if (!token) {
        verdict = give_up(ExitCode::unreachable,
                          {plan.credentials.oauth_url, token.error().what,
                           authorizer.credentials_refused() ? "check the user name and password"
                                                            : "is --oauth-url right?"});
        engine.stop();
        return;
      }
      transport::LoadRequest request = plan.client->probe();
      plan.client->dress(request);
      plan.client->present(*token, request);
      request.stall_timeout = Milliseconds{10'000};
      engine.send(std::move(request), [&](const transport::LoadOutcome& outcome) {
        if (outcome.failure) {
          verdict = give_up(ExitCode::unreachable,
                            {plan.client->options().create_url,
                             fmt::format("target unreachable: {}", outcome.failure->message),
                             outcome.failure->kind == transport::Failure::Kind::tls
                                 ? "does --ca-file hold the certificate that signed the server's?"
                                 : "is the server running there?"});
        } else if (outcome.response->status == 401) {
          verdict = give_up(ExitCode::unreachable,
                            {plan.client->options().create_url,
                             fmt::format("credentials refused: {}", outcome.response->status),
                             "give --username-env and --password-env, or --token-env"});
        }
        engine.stop();
      });
    });
  });
  stop_when_interrupted(engine, hooks);
  engine.run();
  if (hooks.interrupted() > 0) {
    return give_up(ExitCode::interrupted, {"", "interrupted before the load began", ""});
  }
  return verdict;
}

}  // namespace

Result<Credentials> credentials_of(const Settings& settings) {
  Credentials c;
  c.oauth_url = settings.oauth_url;
  const auto read = [](const char* flag, const std::string& name,
                       std::string& into) -> Result<void> {
    if (name.empty()) return {};
    auto secret = client::secret_in(flag, name);
    if (!secret) return tl::unexpected(secret.error());
    into = std::move(*secret);
    if (!http::is_field_value(into)) {
      return failure(flag, fmt::format("the environment variable {} holds a line break", name));
    }
    return {};
  };
  for (const auto& done : {read("--username-env", settings.username_env, c.username),
                           read("--password-env", settings.password_env, c.password),
                           read("--token-env", settings.token_env, c.token)}) {
    if (!done) return tl::unexpected(done.error());
  }
  return c;
}

ExitCode RunReport::exit_code() const {
  if (stopped) return stopped->code;
  if (was_interrupted) return ExitCode::interrupted;
  const bool unverified = settings.verify != VerifyMethod::none && stats.unverified > 0;
  const bool nothing = stats.uploaded == 0;
  const bool bad = stats.failed > 0 || stats.lost > 0 || stats.interrupted > 0 || unverified ||
                   nothing || !conditions_hit.empty();
  return bad ? ExitCode::bad_run : ExitCode::good;
}

RunResult<RunReport> run(const Settings& settings, const RunHooks& hooks) {
  ::signal(SIGPIPE, SIG_IGN);
  for (const auto& checked :
       {transport::validate(transport::TlsOptions{settings.ca_file, settings.client_cert}),
        check_descriptors(*settings.concurrency)}) {
    if (!checked) return give_up(ExitCode::usage, checked.error());
  }
  if (!settings.delivered_dir.empty() && !std::filesystem::is_directory(settings.delivered_dir)) {
    return give_up(
        ExitCode::usage,
        {"--delivered-dir", fmt::format("{} is not a folder", quote(settings.delivered_dir)), ""});
  }
  const std::string run_id = new_run_id();
  auto client = client_of(settings, run_id);
  if (!client) return give_up(ExitCode::usage, client.error());
  redact::Secrets secrets = hooks.secrets;
  for (const auto* url : {&settings.url, &settings.oauth_url}) secrets.add_url(*url);
  for (const auto& url : (*client)->urls()) secrets.add_url(url);
  auto credentials = credentials_of(settings);
  if (!credentials) return give_up(ExitCode::usage, credentials.error());
  (*client)->presentation().hide(credentials->token, secrets);
  secrets.add(credentials->password);
  credentials->secrets = secrets;

  RunReport report;
  report.run_id = run_id;
  report.settings = settings;
  report.secrets = secrets;

  RunPlan plan{settings, std::move(*client), std::move(*credentials), {}, {}, {}};
  std::vector<std::string> urls = plan.client->urls();
  urls.insert(urls.begin(), settings.url);
  if (!plan.credentials.username.empty()) urls.push_back(settings.oauth_url);
  urls.insert(urls.end(), settings.trusted_origins.begin(), settings.trusted_origins.end());
  for (const auto& url : urls) {
    auto host = transport::resolve(url);
    if (!host) return give_up(ExitCode::unreachable, host.error());
    if (!host->loopback && !settings.i_own_this_target) {
      return give_up(ExitCode::usage,
                     {url, "is not on this machine, and load is sent to the loopback only",
                      "give --i-own-this-target if you may load it"});
    }
    plan.hosts.push_back(std::move(*host));
  }
  plan.control_url = plan.client->control_url();

  const std::uint64_t concurrency = *settings.concurrency;
  plan.engine.user_agent = fmt::format("dex-loadgen/{} (run {})", harness_version(), report.run_id);
  plan.engine.tls = {settings.ca_file, settings.client_cert};
  plan.engine.max_connections = concurrency / settings.threads + 8;
  // Throughput for a few uploads, memory for many (measured: 80 KB each against 29 KB).
  plan.engine.upload_buffer = Bytes{concurrency > 500 ? 16U << 10U : 256U << 10U};

  find_creation_url(plan, hooks);
  if (const auto ready = probe(plan, hooks); !ready) return tl::unexpected(ready.error());
  report.settings.url = plan.client->options().create_url;
  hooks.begun(report.run_id, report.settings.url);

  std::vector<std::unique_ptr<Worker>> workers;
  report.begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < settings.threads; ++i) {
    ScheduleOptions schedule;
    schedule.uploads = settings.uploads;
    if (settings.duration) schedule.duration = *settings.duration;
    schedule.concurrency =
        concurrency / settings.threads + (i < concurrency % settings.threads ? 1 : 0);
    schedule.rate = settings.rate;
    schedule.first = i;
    schedule.stride = settings.threads;
    workers.push_back(std::make_unique<Worker>(plan, hooks, schedule, report.begin));
  }
  std::vector<std::exception_ptr> failures(workers.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        workers[i]->run();
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  }
  try {
    workers[0]->run();
  } catch (...) {
    failures[0] = std::current_exception();
  }
  for (auto& thread : threads) thread.join();
  for (const auto& thrown : failures) {
    if (thrown) std::rethrow_exception(thrown);
  }

  for (auto& worker : workers) {
    Stats stats;
    stats.not_started = worker->not_started();
    for (auto& result : worker->results()) {
      stats.add(result);
      report.uploads.push_back(std::move(result));
    }
    report.stats.merge(stats);
    if (worker->verified_by() != VerifyMethod::none) report.verified_by = worker->verified_by();
  }
  std::sort(report.uploads.begin(), report.uploads.end(),
            [](const UploadResult& a, const UploadResult& b) { return a.index < b.index; });
  report.was_interrupted = hooks.interrupted() > 0;
  for (const auto& criterion : settings.fail_if) {
    if (const auto value = criterion.hit(report.stats)) {
      report.conditions_hit.push_back(fmt::format("{} (it is {:.6g})", criterion.text(), *value));
    }
  }
  return report;
}

}  // namespace loadgen
