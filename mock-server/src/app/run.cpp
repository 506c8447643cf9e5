#include "app/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/control.hpp"
#include "app/log.hpp"
#include "lane/lanes.hpp"
#include "lane/listen_address.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "net/self_signed.hpp"
#include "profile/profile.hpp"
#include "store/stores.hpp"
#include "tus/locks.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

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

std::string rules_json(const misbehave::RuleInterceptor& interceptor) {
  auto rules = nlohmann::ordered_json::array();
  for (const auto& rule : interceptor.report()) {
    nlohmann::ordered_json json{{"name", rule.name},
                                {"matched", rule.matched},
                                {"fired", rule.fired},
                                {"exhausted", rule.exhausted}};
    if (!rule.near_miss.empty()) json["near_miss"] = rule.near_miss;
    rules.push_back(std::move(json));
  }
  return nlohmann::ordered_json{{"rules", rules}}.dump(2) + "\n";
}

bool all_on_loopback(const Options& options) {
  const auto loopback = [](const std::string& listen) {
    const auto address = parse_listen_address(listen);
    return address && is_loopback(address->host);
  };
  return loopback(options.main.listen) &&
         std::ranges::all_of(options.lanes, loopback, &NamedLane::listen);
}

Result<void> open_lanes(const Options& options, MockLanes& lanes) {
  for (const auto& [name, listen] : options.lanes) {
    if (auto opened = lanes.open_alike(name, listen); !opened) return opened;
  }
  return {};
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
  if (options.main.profile == "list") {
    std::string text;
    for (const auto& one : list_profiles()) {
      text += fmt::format("{:<16} {}\n", one.name, one.description);
    }
    return text;
  }
  if (std::ranges::count(options.main.defects, "list")) return list(misbehave::Named::defect);
  if (std::ranges::count(options.main.faults, "list")) return list(misbehave::Named::fault);
  return std::nullopt;
}

Result<void> run(const Options& options) {
  // Made first, so that it goes last: everything below refers to its loop.
  const auto server = make_server();
  Loop& loop = server->loop();
  auto store = make_store(options, loop);
  if (!store) return tl::unexpected(store.error());
  const auto locks = make_locks();
  LaneIndex index;

  const bool control = all_on_loopback(options);
  LaneGround ground{**store, index, *locks, loop};
  if (on_disk(options)) ground.folder = options.store;
  ground.log = log_warning;
  ground.outage = [&server = *server](const std::string& lane, Milliseconds duration) {
    server.outage({duration, lane});
  };
  if (control) {
    ground.control = [](const Request&, Lane& lane) {
      return make_control_handler(lane.services(), [&lane] { return rules_json(lane.rules()); });
    };
  }
  const auto log = make_access_log(nullptr);
  LaneNetwork network{*server};
  network.log = log.get();
  network.listen.tls = options.tls;
  if (!options.tls_self_signed.empty()) {
    auto files = self_signed(options.tls_self_signed);
    if (!files) return tl::unexpected(files.error());
    network.listen.tls = *std::move(files);
  }
  auto made = MockLanes::make(std::move(ground), std::move(network), options.main);
  if (!made) return tl::unexpected(made.error());
  MockLanes& lanes = **made;
  if (auto listening = lanes.listen(); !listening) return listening;
  if (auto opened = open_lanes(options, lanes); !opened) return opened;
  lanes.start();
  if (!control) log_warning("/_mock/ is off: it is served on loopback addresses only");
  // On the loop, so that SIGTERM already means an orderly stop when someone hears that we are
  // ready.
  Result<void> announced;
  loop.post([&] {
    if (!options.ready_file.empty())
      announced = write_ready_file(options.ready_file, server->url());
    if (!announced) return server->stop();
    for (const auto& lane : options.lanes) {
      std::printf("lane %s %s\n", lane.name.c_str(), lanes.find(lane.name)->url().c_str());
    }
    std::printf("ready %s\n", server->url().c_str());
    std::fflush(stdout);
  });

  if (const auto cut_off = server->run(/*handle_signals=*/true); cut_off > 0) {
    log_warning(fmt::format("stopped; {} requests in flight were cut off", cut_off));
  }
  return announced;
}

}  // namespace mock
