#include "app/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "app/log.hpp"
#include "app/server_log.hpp"
#include "control/control.hpp"
#include "lane/lanes.hpp"
#include "lane/listen_address.hpp"
#include "misbehave/interceptor.hpp"
#include "misbehave/load.hpp"
#include "net/self_signed.hpp"
#include "profile/profile.hpp"
#include "protocol/version.hpp"
#include "redact/command_line.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"
#include "system/registered.hpp"

namespace mock {
namespace {

namespace fs = std::filesystem;

// What a memory store may hold in all before it answers as a full disk does.
constexpr Bytes memory_limit{4ULL << 30U};

bool on_disk(const Options& options) {
  return options.store != "memory" && options.store != "discard";
}

Result<std::unique_ptr<Store>> make_store(const Options& options, Loop& loop, Notify notify) {
  if (options.store == "memory") return make_memory_store(loop, memory_limit);
  if (options.store == "discard") return make_discard_store(loop);
  return make_disk_store({options.store, options.fsync,
                          [notify = std::move(notify)](std::string_view line) {
                            notify({"damage", {}, {}, std::string(line)});
                          },
                          attribute_schemas()},
                         loop);
}

/// The part of the command line that is about /_mock/.
struct ControlSetup {
  std::string token;                          ///< empty: none is demanded
  std::optional<ListenAddress> address = {};  ///< of a listener of its own
};

Result<ControlSetup> control_setup(const Options& options) {
  ControlSetup setup;
  if (!options.control_token_env.empty()) {
    const char* token = std::getenv(options.control_token_env.c_str());
    if (token == nullptr || *token == '\0') {
      if (!redact::is_variable_name(options.control_token_env)) {
        return failure("--control-token-env", "no environment variable has that name",
                       "it takes the name of a variable, not the token itself");
      }
      return failure("--control-token-env",
                     fmt::format("the environment variable '{}' is not set, or empty",
                                 options.control_token_env),
                     "export it with the token that /_mock/ is to demand");
    }
    setup.token = token;
  }
  if (!options.control_listen.empty()) {
    auto address = parse_listen_address(options.control_listen);
    if (!address) return tl::unexpected(address.error());
    if (setup.token.empty() && !is_loopback_host(address->host)) {
      return failure("--control", fmt::format("'{}' is no loopback address", address->host),
                     "whoever reaches it could control the server: give --control-token-env too");
    }
    setup.address = *std::move(address);
  }
  return setup;
}

Result<void> open_lanes(const Options& options, MockLanes& lanes) {
  for (const auto& [name, listen, file] : options.lanes) {
    auto opened = file.empty() ? lanes.open_alike(name, listen) : lanes.open_from(name, file);
    if (!opened) return opened;
  }
  return {};
}

// Written under another name first, so that whoever waits for the file never reads half of it.
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

/// Warns of rules that have nothing to do at these listeners.
void warn_of_tls_rules(Lanes& lanes, const std::optional<TlsFiles>& tls) {
  for (const auto& lane : lanes.names()) {
    const auto& rules = lanes.find(lane)->rules();
    if (!tls) {
      for (const auto& rule : rules.needing_tls()) {
        log_warning(
            fmt::format("rule '{}' is about TLS handshakes, and there are none: it does nothing "
                        "without --tls-self-signed or --tls-cert",
                        rule));
      }
    } else if (!tls->bad) {
      for (const auto& rule : rules.needing_bad_certificates()) {
        log_warning(
            fmt::format("rule '{}' wants a bad certificate, and only --tls-self-signed "
                        "makes them: the one of --tls-cert is shown",
                        rule));
      }
    }
  }
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
  ServerLog log(loop);
  server->on_trouble(log.notices());
  auto store = make_store(options, loop, log.notices());
  if (!store) return tl::unexpected(store.error());
  const auto locks = make_locks();
  LaneIndex index;

  const auto control = control_setup(options);
  if (!control) return tl::unexpected(control.error());
  const ControlOptions control_options{std::string(harness_version()), options.run_id};
  Lanes* all_lanes = nullptr;
  LaneGround ground{**store, index, *locks, loop};
  if (on_disk(options)) ground.folder = options.store;
  ground.keeps_bytes = options.store != "discard";
  ground.log = [notify = log.notices()](std::string_view line) {
    notify({"server", {}, {}, std::string(line)});
  };
  ground.notify = log.notices();
  ground.fired = [&log](const std::string& rule, const std::string& upload,
                        const std::string& lane) { log.rule_fired(rule, upload, lane); };
  if (!options.lane_files.empty()) {
    std::error_code error;
    if (!fs::is_directory(options.lane_files, error)) {
      return failure("--lane-files", fmt::format("'{}' is not a folder", options.lane_files));
    }
    ground.lane_files = options.lane_files;
  }
  ground.outage = [&server = *server](const std::string& lane, Milliseconds duration) {
    server.outage({duration, lane});
  };
  ground.unanswered = [&server = *server](const std::string& lane, Milliseconds duration) {
    server.outage({.duration = duration, .lane = lane, .unanswered = true});
  };
  ground.answer_again = [&server = *server](const std::string& lane) { server.answer_again(lane); };
  ground.serves_control = [&control](const std::string& host) {
    return !control->address &&
           control_access(host, control->token).serves == ControlGate::Access::Serves::open;
  };
  ground.control = [&all_lanes, &control_options](const Request& request, Lane& lane) {
    return make_control_handler(request, *all_lanes, lane, control_options);
  };
  LaneNetwork network{*server};
  network.log = &log;
  bool closed_somewhere = false;
  network.gate = [&control, &closed_somewhere](const std::string& host, Application& next) {
    auto access = control_access(host, control->token);
    if (control->address) access.serves = ControlGate::Access::Serves::closed;
    closed_somewhere |= access.serves == ControlGate::Access::Serves::closed;
    return std::make_unique<ControlGate>(next, access);
  };
  network.listen.tls = options.tls;
  if (!options.tls_self_signed.empty()) {
    auto files = self_signed(options.tls_self_signed);
    if (!files) return tl::unexpected(files.error());
    network.listen.tls = *std::move(files);
  }
  const auto tls = network.listen.tls;
  ListenOptions control_listen = network.listen;
  auto made = MockLanes::make(std::move(ground), std::move(network), options.main);
  if (!made) return tl::unexpected(made.error());
  MockLanes& lanes = **made;
  all_lanes = &lanes;
  if (auto listening = lanes.listen(); !listening) return listening;
  if (auto opened = open_lanes(options, lanes); !opened) return opened;
  warn_of_tls_rules(lanes, tls);
  ControlGate control_gate(lanes, {ControlGate::Access::Serves::only, control->token});
  std::string control_url;
  if (control->address) {
    control_listen.host = control->address->host;
    control_listen.port = control->address->port;
    control_listen.lane = no_lane;
    auto listening = server->listen(control_listen, control_gate, nullptr, &lanes);
    if (!listening) return tl::unexpected(listening.error());
    control_url = *listening;
  }
  lanes.start();
  if (closed_somewhere && !control->address) {
    log_warning(
        "/_mock/ is closed on addresses that are not loopback: --control-token-env opens it");
  }
  // On the loop, so that SIGTERM already means an orderly stop when someone hears that we are
  // ready.
  Result<void> announced;
  loop.post([&] {
    if (!options.ready_file.empty())
      announced = write_ready_file(options.ready_file, server->url());
    if (!announced) return server->stop();
    for (const auto& name : lanes.names()) {
      const auto& url = lanes.find(name)->url();
      if (!name.empty() && !url.empty()) std::printf("lane %s %s\n", name.c_str(), url.c_str());
    }
    if (!control_url.empty()) std::printf("control %s\n", control_url.c_str());
    std::printf("ready %s\n", server->url().c_str());
    std::fflush(stdout);
  });

  const auto cut_off = server->run(/*handle_signals=*/true);
  log.finish();
  if (cut_off > 0) {
    log_warning(fmt::format("stopped; {} requests in flight were cut off", cut_off));
  }
  return announced;
}

}  // namespace mock
