#include "run/run.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>

#include "client/secret.hpp"
#include "payload/hash.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "protocol/version.hpp"
#include "run/digests.hpp"
#include "run/worker.hpp"
#include "safety/production.hpp"
#include "transport/client.hpp"
#include "transport/proxy.hpp"

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

/// Sockets that the loops of a run may have open together.
struct Sockets {
  std::uint64_t open = 0;
  std::uint64_t abandoned = 0;  ///< of silent cuts
};

/// Shares out the descriptors that this process may have: to its files and loops, to what is under
/// way (an upload, and beside it what asks after others), and to what silent cuts leave behind.
Result<Sockets> share_descriptors(const Settings& settings, std::uint64_t concurrency) {
  const std::uint64_t threads = settings.threads;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::uint64_t own = 64 + 8 * threads;
  const std::uint64_t needed = concurrency + own;
  if (limit.rlim_cur < needed) {
    return failure("--concurrency",
                   fmt::format("{} uploads need {} open files, but this process may have {}",
                               concurrency, needed, limit.rlim_cur),
                   "raise 'ulimit -n' or lower the concurrency");
  }
  const std::uint64_t more = limit.rlim_cur - needed;
  Sockets sockets;
  sockets.open = concurrency + std::min(more / 2, concurrency + 64);
  sockets.abandoned = std::min<std::uint64_t>(limit.rlim_cur - own - sockets.open, 4096 * threads);
  if (settings.max_connections) sockets.open = std::min(sockets.open, *settings.max_connections);
  return sockets;
}

/// Before and behind the first colon.
std::pair<std::string, std::string> halves(const std::string& user_and_password) {
  const auto colon = user_and_password.find(':');
  if (colon == std::string::npos) return {};
  return {user_and_password.substr(0, colon), user_and_password.substr(colon + 1)};
}

/// Hosts that the environment's proxies are not for: those that it names itself, and this machine.
std::string without_proxy(const std::vector<transport::ResolvedHost>& hosts) {
  std::string all = transport::no_proxy_of_environment();
  if (all == "*") return all;
  for (const auto& host : hosts) {
    if (host.loopback) all += (all.empty() ? "" : ",") + host.host;
  }
  return all;
}

/// Looks up every host that requests go to, and refuses those that may not be loaded.
RunResult<void> find_hosts(RunPlan& plan, const std::vector<std::string>& urls) {
  const Settings& settings = plan.settings();
  for (const auto* all : {&urls, &settings.trusted_origins}) {
    for (const auto& url : *all) {
      if (const auto good = not_production(url); !good) {
        return give_up(ExitCode::usage, good.error());
      }
    }
  }
  const auto check = [&](const std::string& url, bool here) -> RunResult<void> {
    if (here || settings.i_own_this_target) return {};
    return give_up(ExitCode::usage,
                   {url, "is not on this machine, and load is sent to the loopback only",
                    "give --i-own-this-target if you may load it"});
  };
  bool all_here = true;
  for (const auto& url : urls) {
    auto host = transport::resolve(url);
    // A proxy may know hosts that this machine does not.
    if (!host && settings.proxy.empty() && !transport::proxy_of_environment(url)) {
      return give_up(ExitCode::unreachable, host.error());
    }
    const bool here = host && host->loopback;
    if (auto good = check(url, here); !good) return good;
    all_here = all_here && here;
    if (host) plan.hosts.push_back(std::move(*host));
  }
  if (!settings.proxy.empty()) {
    const auto proxy = transport::resolve(settings.proxy);
    if (!proxy) return give_up(ExitCode::unreachable, proxy.error());
    if (auto good = check(settings.proxy, proxy->loopback); !good) return good;
    plan.engine.proxy = settings.proxy;
  } else if (!all_here) {
    plan.engine.proxy = "";
    plan.engine.no_proxy = without_proxy(plan.hosts);
  }
  return {};
}

/// A wait that the run itself asks for is no lack of progress.
Milliseconds patience(const Scenario& scenario) {
  Milliseconds own{0};
  for (const Group& group : scenario.groups) {
    own = std::max({own, group.settings.network.longest_silence(), group.think.most});
    for (const Event& event : scenario.events) {
      if (event.concerns(group)) own = std::max(own, event.lasts);
    }
    for (const auto delay : group.settings.retry_delays) own = std::max(own, delay);
  }
  return std::max(scenario.settings.give_up, 2 * own);
}

/// For the questions before the load: whether the target was there, and then the connection was
/// lost.
bool worth_another_try(const transport::LoadOutcome& outcome) {
  using Kind = transport::Failure::Kind;
  return outcome.failure &&
         (outcome.failure->kind == Kind::reset || outcome.failure->kind == Kind::closed);
}
constexpr int probe_attempts = 4;

/// A silent target must not delay the end that a signal asks for.
void stop_when_interrupted(transport::LoadEngine& engine, const RunHooks& hooks) {
  if (hooks.interrupted() > 0) {
    engine.stop();
    return;
  }
  engine.after(Milliseconds{100}, [&] { stop_when_interrupted(engine, hooks); });
}

/// Sends what `make` makes, and again after a lost connection.
void ask(transport::LoadEngine& engine, std::function<transport::LoadRequest()> make,
         transport::LoadTransport::Done done, int attempt = 1) {
  transport::LoadRequest request = make();
  request.stall_timeout = Milliseconds{10'000};
  engine.send(std::move(request), [&engine, make = std::move(make), done = std::move(done),
                                   attempt](const transport::LoadOutcome& outcome) {
    if (worth_another_try(outcome) && attempt < probe_attempts) {
      engine.after(Milliseconds{50} * (1 << attempt),
                   [&engine, make, done, attempt] { ask(engine, make, done, attempt + 1); });
      return;
    }
    done(outcome);
  });
}

/// Where a URL names only a host, takes the first usual path at which a server of the system
/// answers. Without one the given URL stays, and the uploads show what comes of it.
void find_creation_url(const RunPlan& plan, Client& client, const RunHooks& hooks) {
  const auto shapes = client.creation_urls();
  if (shapes.empty()) return;
  transport::LoadEngine engine(plan.engine);
  for (const auto& host : plan.hosts) engine.pin(host);
  std::size_t at = 0;
  std::function<void()> try_next = [&] {
    const auto make = [&] {
      transport::LoadRequest request;
      request.method = "OPTIONS";
      request.url = shapes[at];
      return request;
    };
    ask(engine, make, [&](const transport::LoadOutcome& outcome) {
      if (outcome.response && client.recognises(*outcome.response)) {
        client.settle_on(shapes[at]);
      } else if (outcome.response && ++at < shapes.size()) {
        try_next();
        return;
      }
      engine.stop();
    });
  };
  engine.after(Milliseconds{0}, try_next);
  stop_when_interrupted(engine, hooks);
  engine.run();
}

transport::LoadRequest presented(const Client& client, transport::LoadRequest request,
                                 const std::string& token) {
  client.dress(request);
  client.present(token, request);
  return request;
}

/// Before any load, one token and one request, and whether it is the right system. An absent target
/// is one error and not a thousand failed uploads; another system is not a thousand lost ones.
RunResult<void> probe(const RunPlan& plan, const GroupPlan& group, const RunHooks& hooks) {
  const Client& client = *group.client;
  const Credentials& credentials = group.accounts.front();
  transport::LoadEngine engine(plan.engine);
  for (const auto& host : plan.hosts) engine.pin(host);
  Authorizer authorizer(engine, credentials);
  RunResult<void> verdict;
  const auto recognition = client.recognition();
  std::size_t strange = 0;  // how many answers to `recognition` were strange
  std::function<void(const std::string&)> recognise = [&](const std::string& token) {
    if (!recognition) {
      engine.stop();
      return;
    }
    if (strange == recognition->requests.size()) {
      verdict = give_up(ExitCode::usage, recognition->otherwise);
      engine.stop();
      return;
    }
    const auto make = [&, token] {
      return presented(client, recognition->requests[strange], token);
    };
    ask(engine, make, [&, token](const transport::LoadOutcome& outcome) {
      if (outcome.response && recognition->is_strange(*outcome.response)) {
        ++strange;
        recognise(token);
      } else {
        engine.stop();
      }
    });
  };
  const auto probed = [&](const transport::LoadOutcome& outcome, const std::string& token) {
    if (outcome.failure) {
      using Kind = transport::Failure::Kind;
      const Kind kind = outcome.failure->kind;
      // The message of a TLS failure says itself what to do.
      const bool told = kind == Kind::tls || outcome.failure->explained;
      verdict =
          give_up(ExitCode::unreachable,
                  {client.options().create_url,
                   fmt::format("target unreachable: {}", outcome.failure->message),
                   told                ? ""
                   : kind == Kind::own ? "it is this machine that has none left, not the target"
                   : kind == Kind::proxy || kind == Kind::resolve
                       ? "is the proxy right, --proxy or that of the environment?"
                       : "is the server running there?"});
    } else if (outcome.response->status == 401) {
      verdict = give_up(ExitCode::unreachable,
                        {client.options().create_url,
                         fmt::format("credentials refused: {}", outcome.response->status),
                         "give --username-env and --password-env, or --token-env"});
    } else {
      recognise(token);
      return;
    }
    engine.stop();
  };
  int grants_tried = 0;
  std::function<void()> begin = [&] {
    authorizer.authorize([&](const Result<std::string>& token) {
      if (!token && !authorizer.credentials_refused() && ++grants_tried < probe_attempts) {
        engine.after(Milliseconds{50} * (1 << grants_tried), begin);
        return;
      }
      if (!token) {
        verdict = give_up(ExitCode::unreachable,
                          {credentials.oauth_url, token.error().what,
                           authorizer.credentials_refused() ? "check the user name and password"
                                                            : "is --oauth-url right?"});
        engine.stop();
        return;
      }
      const auto make = [&client, token = *token] {
        return presented(client, client.probe(), token);
      };
      ask(engine, make, [&probed, token = *token](const transport::LoadOutcome& outcome) {
        probed(outcome, token);
      });
    });
  };
  engine.after(Milliseconds{0}, begin);
  stop_when_interrupted(engine, hooks);
  engine.run();
  if (hooks.interrupted() > 0) {
    return give_up(ExitCode::interrupted, {"", "interrupted before the load began", ""});
  }
  return verdict;
}

/// Waits for a time of the system's clock, which may be set meanwhile, and returns that time by the
/// steady clock.
RunResult<Time> wait_until(http::TimePoint at, const RunHooks& hooks) {
  constexpr Duration look{std::chrono::milliseconds{100}};
  const auto left = [at] {
    return std::chrono::duration_cast<Duration>(at - std::chrono::system_clock::now());
  };
  if (const auto late = -left(); late > Duration{0}) {
    return give_up(
        ExitCode::usage,
        {"--start-at",
         fmt::format("{} was over {} before the target had answered", http::format_rfc3339(at),
                     ::to_string(std::chrono::duration_cast<Milliseconds>(late))),
         "give a later time"});
  }
  hooks.waits(at);
  for (auto rest = left(); rest > Duration{0}; rest = left()) {
    if (hooks.interrupted() > 0) {
      return give_up(ExitCode::interrupted, {"", "interrupted before the load began", ""});
    }
    hooks.progress->starts_at =
        (std::chrono::steady_clock::now() + rest).time_since_epoch().count();
    std::this_thread::sleep_for(std::min(rest, look));
  }
  return std::chrono::steady_clock::now() + left();
}

}  // namespace

Result<Credentials> credentials_of(const Settings& settings, std::uint64_t account) {
  Credentials c;
  c.oauth_url = settings.oauth_url;
  const auto read = [account](const char* flag, const std::string& given,
                              std::string& into) -> Result<void> {
    if (given.empty()) return {};
    const std::string name = filled_in(given, "account", account + 1);
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
                           read("--token-env", settings.token_env, c.token),
                           read("--proxy-user-env", settings.proxy_user_env, c.proxy_user)}) {
    if (!done) return tl::unexpected(done.error());
  }
  if (!c.proxy_user.empty() && c.proxy_user.find(':') == std::string::npos) {
    return failure("--proxy-user-env", fmt::format("the environment variable {} does not hold "
                                                   "USER:PASSWORD",
                                                   settings.proxy_user_env));
  }
  return c;
}

Ending RunReport::ending() const {
  Ending ending{was_interrupted, gave_up, {}, conditions_hit};
  if (is_part()) ending.part = to_string(*scenario->shard);
  if (stopped) ending.stopped = Stop{stopped->code, stopped->error.line()};
  return ending;
}

namespace {

/// Gives each group what it uploads with, and collects what of it is secret.
RunResult<void> equip(RunPlan& plan, const std::string& run_id, redact::Secrets& secrets) {
  for (const Group& group : plan.scenario.groups) {
    GroupPlan of;
    of.settings = &group.settings;
    auto client = client_of(group.settings, run_id, plan.roster.numbering(group));
    if (!client) return give_up(ExitCode::usage, client.error());
    of.client = std::move(*client);
    for (const auto* url : {&group.settings.url, &group.settings.oauth_url}) secrets.add_url(*url);
    for (const auto& url : of.client->urls()) secrets.add_url(url);
    for (std::uint64_t account = 0; account < group.accounts; ++account) {
      auto credentials = credentials_of(group.settings, account);
      if (!credentials) return give_up(ExitCode::usage, credentials.error());
      of.client->presentation().hide(credentials->token, secrets);
      secrets.add(credentials->password);
      of.accounts.push_back(std::move(*credentials));
    }
    plan.groups.push_back(std::move(of));
  }
  return {};
}

/// Every URL that requests go to.
std::vector<std::string> urls_of(const RunPlan& plan) {
  std::vector<std::string> urls{plan.settings().url};
  const auto add = [&](const std::string& url) {
    if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(url);
  };
  for (const GroupPlan& group : plan.groups) {
    for (const auto& url : group.client->urls()) add(url);
    if (!group.settings->username_env.empty()) add(group.settings->oauth_url);
  }
  for (const Event& event : plan.scenario.events) {
    if (!event.revocation_url.empty()) add(event.revocation_url);
  }
  for (const auto& url : plan.settings().trusted_origins) add(url);
  return urls;
}

}  // namespace

RunResult<RunReport> run(const std::shared_ptr<const Scenario>& scenario, const RunHooks& hooks) {
  ::signal(SIGPIPE, SIG_IGN);
  RunPlan plan(*scenario);
  const Settings& settings = plan.settings();
  const transport::TlsOptions tls{settings.ca_file, settings.client_cert};
  if (const auto good = transport::validate(tls); !good) {
    return give_up(ExitCode::usage, good.error());
  }
  const std::uint64_t at_once = plan.roster.at_once();
  const auto sockets = share_descriptors(settings, at_once);
  if (!sockets) return give_up(ExitCode::usage, sockets.error());
  if (!settings.delivered_dir.empty() && !std::filesystem::is_directory(settings.delivered_dir)) {
    return give_up(
        ExitCode::usage,
        {"--delivered-dir", fmt::format("{} is not a folder", quote(settings.delivered_dir)), ""});
  }
  redact::Secrets secrets = hooks.secrets;
  RunReport report;
  report.run_id = new_run_id();
  if (const auto good = equip(plan, report.run_id, secrets); !good) {
    return tl::unexpected(good.error());
  }
  secrets.add_url(settings.proxy);
  secrets.add_url(transport::proxy_of_environment(settings.url).value_or(""));
  const auto [proxy_user, proxy_password] = halves(plan.groups.front().accounts.front().proxy_user);
  secrets.add(proxy_password);
  for (GroupPlan& group : plan.groups) {
    for (Credentials& account : group.accounts) account.secrets = secrets;
  }
  report.settings = settings;
  report.scenario = scenario;
  report.secrets = secrets;

  if (settings.give_up.count() > 0) plan.give_up = patience(*scenario);
  plan.told_in_full = !settings.report.empty();
  if (const auto found = find_hosts(plan, urls_of(plan)); !found) {
    return tl::unexpected(found.error());
  }
  plan.engine.user_agent = fmt::format("dex-loadgen/{} (run {})", harness_version(), report.run_id);
  plan.engine.tls = tls;
  if (!proxy_user.empty()) {
    plan.engine.proxy_user = fmt::format("{}:{}", http::percent_encode(proxy_user),
                                         http::percent_encode(proxy_password));
  }
  const auto of_a_loop = [&](std::uint64_t all) {
    return static_cast<std::size_t>((all + settings.threads - 1) / settings.threads);
  };
  plan.engine.max_sockets = of_a_loop(sockets->open);
  plan.engine.ceiling = BytesPerSecond{settings.max_rate.value / settings.threads};
  plan.engine.max_connections =
      std::min(plan.engine.max_sockets, of_a_loop(at_once) + std::size_t{8});
  plan.engine.max_abandoned = static_cast<std::size_t>(sockets->abandoned / settings.threads);
  // Throughput for a few uploads, memory for many (measured: 80 KB each against 29 KB).
  plan.engine.upload_buffer = Bytes{at_once > 500 ? 16U << 10U : 256U << 10U};

  for (GroupPlan& group : plan.groups) {
    find_creation_url(plan, *group.client, hooks);
    if (const auto ready = probe(plan, group, hooks); !ready) return tl::unexpected(ready.error());
    choose_digests(*group.client, settings, plan.engine, plan.hosts,
                   [&] { return hooks.interrupted() > 0; });
    group.control_url = group.client->control_url();
  }
  report.settings.url = plan.groups.front().client->options().create_url;
  report.begin = std::chrono::steady_clock::now();
  report.begun = std::chrono::system_clock::now();
  if (scenario->start_at) {
    const auto begin = wait_until(*scenario->start_at, hooks);
    if (!begin) return tl::unexpected(begin.error());
    report.begin = *begin;
    report.begun = *scenario->start_at;
  }
  hooks.begun(report.run_id, report.settings.url, report.begin);

  const auto shared = std::make_shared<Shared>(report.begin, *hooks.progress, plan.roster);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < settings.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(plan, hooks, *shared, i, settings.threads));
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

  report.tally = Tally(scenario->groups.size(), scenario->phases.size());
  for (auto& worker : workers) {
    Stats of_loop;
    of_loop.loop_lag = worker->loop_lag();
    report.tally.all.merge(of_loop);
    report.tally.merge(worker->tally());
    for (const auto& note : worker->notes()) report.notes.push_back(note);
    report.removed += worker->removed();
    report.left_behind += worker->left_behind();
    if (worker->verified_by() != VerifyMethod::none) report.verified_by = worker->verified_by();
  }
  report.tally.all.slowest_second = shared->seconds.slowest();
  report.load_seconds = shared->seconds.of_load();
  report.stats = report.tally.all;
  report.seconds = std::move(shared->happened);
  report.each_upload = [shared](const auto& visit) { shared->results.each(visit); };
  report.was_interrupted = hooks.interrupted() > 0;
  report.gave_up = shared->gave_up;
  if (!report.is_part()) {
    report.conditions_hit = conditions_hit(report.stats, rules_of(settings));
  }
  return report;
}

}  // namespace loadgen
