#include "app/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/application.hpp"
#include "app/log.hpp"
#include "auth/auth.hpp"
#include "dex/dex.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "net/self_signed.hpp"
#include "profile/profile.hpp"
#include "store/stores.hpp"
#include "tus/locks.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

// In the `iss` claim of tokens, and in the name of the validator in /health.
constexpr auto issuer = "https://dex-mock-server.invalid/oauth";
// What a memory store may hold in all before it answers as a full disk does.
constexpr Bytes memory_limit{4ULL << 30U};

bool on_disk(const Options& options) {
  return options.store != "memory" && options.store != "discard";
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<std::unique_ptr<Store>> make_store(const Options& options, Loop& loop) {
  if (options.store == "memory") return make_memory_store(loop, memory_limit);
  if (options.store == "discard") return make_discard_store(loop);
  return make_disk_store({options.store, options.fsync, log_warning}, loop);
}

Result<std::unique_ptr<Auth>> make_auth(const Options& options, Loop& loop) {
  AuthOptions auth;
  auth.mode = *parse_auth_mode(options.auth);
  if (!options.users_file.empty()) {
    auto users = Users::load(options.users_file);
    if (!users) return tl::unexpected(users.error());
    auth.users = *std::move(users);
  }
  if (on_disk(options)) auth.state_folder = fs::path(options.store) / "auth";
  auth.issuer = issuer;
  auth.lifetime = options.token_lifetime;
  return Auth::make(std::move(auth), loop);
}

Result<std::unique_ptr<Dex>> make_dex(const Options& options, Store& store, Loop& loop) {
  DexOptions dex;
  if (on_disk(options)) {
    dex.store_folder = options.store;
    dex.delivery_folder = fs::path(options.store) / "deliveries";
  }
  if (!options.upload_configs.empty()) dex.upload_configs = options.upload_configs;
  if (!options.delivery_file.empty()) dex.delivery_file = options.delivery_file;
  if (options.auth == "jwt") dex.oauth_issuer = issuer;
  dex.version.latest_release_version = DEX_VERSION;
  dex.log = log_warning;
  return Dex::make(std::move(dex), store, loop);
}

std::string rules_json(const misbehave::RuleInterceptor* interceptor) {
  auto rules = nlohmann::ordered_json::array();
  if (interceptor != nullptr) {
    for (const auto& rule : interceptor->report()) {
      nlohmann::ordered_json json{{"name", rule.name},
                                  {"matched", rule.matched},
                                  {"fired", rule.fired},
                                  {"exhausted", rule.exhausted}};
      if (!rule.near_miss.empty()) json["near_miss"] = rule.near_miss;
      rules.push_back(std::move(json));
    }
  }
  return nlohmann::ordered_json{{"rules", rules}}.dump(2) + "\n";
}

// Under another name first, so that whoever waits for the file never reads half of it.
Result<void> write_ready_file(const std::string& file, const std::string& url) {
  const fs::path temporary = file + "." + std::to_string(::getpid());
  std::ofstream out(temporary);
  out << url << '\n';
  out.close();
  std::error_code error;
  if (out) fs::rename(temporary, file, error);
  if (!out || error) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    return failure("--ready-file", fmt::format("'{}' cannot be written", file),
                   "name a file in a folder that exists and is writable");
  }
  return {};
}

}  // namespace

std::optional<std::string> listing(const Options& options) {
  const auto list = [](misbehave::Named kind) {
    std::string text;
    for (const auto& one : misbehave::list_named(kind)) {
      text += fmt::format("{:<32} {}\n", one.name, one.description);
    }
    return text;
  };
  if (options.profile == "list") {
    std::string text;
    for (const auto& one : list_profiles()) {
      text += fmt::format("{:<16} {}\n", one.name, one.description);
    }
    return text;
  }
  if (std::ranges::count(options.defects, "list")) return list(misbehave::Named::defect);
  if (std::ranges::count(options.faults, "list")) return list(misbehave::Named::fault);
  return std::nullopt;
}

Result<void> run(const Options& options) {
  const auto profile = load_profile(options.profile);
  if (!profile) return tl::unexpected(profile.error());
  auto rules = misbehave::load_all(options.defects, options.faults, options.rule_files);
  if (!rules) return tl::unexpected(rules.error());
  // Last, so that what the user asked for wins.
  std::ranges::move(misbehaviours_of(*profile, options.defects), std::back_inserter(*rules));

  // Made first, so that it goes last: everything below refers to its loop.
  const auto server = make_server();
  Loop& loop = server->loop();
  auto store = make_store(options, loop);
  if (!store) return tl::unexpected(store.error());
  auto auth = make_auth(options, loop);
  if (!auth) return tl::unexpected(auth.error());
  std::unique_ptr<Dex> dex;
  if (profile->system == Profile::System::dex) {
    auto made = make_dex(options, **store, loop);
    if (!made) return tl::unexpected(made.error());
    dex = *std::move(made);
  }
  Hooks plain;
  const auto locks = make_locks();
  Services services{**store, *locks, dex ? dex->hooks() : plain, loop};

  std::unique_ptr<misbehave::RuleInterceptor> interceptor;
  if (!rules->empty()) {
    misbehave::RuleOptions rule_options;
    rule_options.seed = options.seed;
    if (dex) rule_options.server_metadata = {"upload_id", "dex_ingest_datetime"};
    interceptor = std::make_unique<misbehave::RuleInterceptor>(rule_options, services);
    if (auto added = interceptor->add(*std::move(rules)); !added) return added;
    if (dex) dex->use(*interceptor);
  }
  const bool control = is_loopback(options.listen.host);
  MockApplication application({services, tus_options_of(options, *profile), **auth, dex.get(),
                               control, [&interceptor] { return rules_json(interceptor.get()); }});

  ListenOptions listen = options.listen;
  if (!options.tls_self_signed.empty()) {
    auto files = self_signed(options.tls_self_signed);
    if (!files) return tl::unexpected(files.error());
    listen.tls = *std::move(files);
  }
  const auto observer = make_access_log(dex ? &dex->observer() : nullptr);
  if (auto listening = server->listen(listen, application, interceptor.get(), observer.get());
      !listening) {
    return tl::unexpected(listening.error());
  }
  if (dex) dex->resume();
  if (!control) log_warning("/_mock/ is off: it is served on loopback addresses only");
  // On the loop, so that SIGTERM already means an orderly stop when someone hears that we are
  // ready.
  Result<void> announced;
  loop.post([&] {
    if (!options.ready_file.empty())
      announced = write_ready_file(options.ready_file, server->url());
    if (!announced) return server->stop();
    std::printf("ready %s\n", server->url().c_str());
    std::fflush(stdout);
  });

  if (const auto cut_off = server->run(/*handle_signals=*/true); cut_off > 0) {
    log_warning(fmt::format("stopped; {} requests in flight were cut off", cut_off));
  }
  return announced;
}

}  // namespace mock
