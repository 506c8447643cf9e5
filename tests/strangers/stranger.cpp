// A server that is wrong in one way: a relay in front of a right one.
//   stranger --upstream HOST:PORT [--wrong NAME] [--speed N]   serves on a free port of 127.0.0.1
//   stranger --list                                            what there is
// Prints "ready URL" once it serves. Runs until it is ended by a signal. Exit codes: 0 listed,
// 2 usage.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "catalogue.hpp"
#include "relay.hpp"

namespace {

using namespace strangers;

void list() {
  for (const auto& entry : catalogue()) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", entry.name, entry.system, entry.kind,
               to_string(entry.needs), entry.does, entry.breaks, entry.loses);
  }
}

/// A socket that listens, and its port.
std::pair<int, std::uint16_t> listen_anywhere() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, where, size) != 0 || ::listen(listener, 256) != 0 ||
      ::getsockname(listener, where, &size) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  return {listener, ntohs(address.sin_port)};
}

[[noreturn]] void run(World::Options options, Wrong* wrong) {
  const auto [listener, port] = listen_anywhere();
  options.own = fmt::format("127.0.0.1:{}", port);
  World world(std::move(options));
  fmt::print("ready http://127.0.0.1:{}\n", port);
  std::fflush(stdout);
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::thread([&world, wrong, client = Socket(fd)]() mutable {
      serve(std::move(client), world, wrong);
    }).detach();
  }
}

int parse_and_run(int argc, char** argv) {
  std::string upstream, name;
  World::Options options;
  bool listing = false;
  CLI::App app{"A server that is wrong in one way: a relay in front of a right one", "stranger"};
  auto* where = app.add_option("--upstream", upstream, "HOST:PORT of the right server");
  app.add_option("--wrong", name, "what it does wrong; without it, nothing");
  app.add_option("--speed", options.speed, "of the time that the wrong goes by")
      ->check(CLI::PositiveNumber);
  app.add_flag("--list", listing, "print what there is, a line each")->excludes(where);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (listing) {
    list();
    return 0;
  }
  const auto colon = upstream.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : number(std::string_view(upstream).substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) {
    throw std::runtime_error("--upstream: not HOST:PORT (as 127.0.0.1:8080)");
  }
  const auto wrong = make_wrong(name);
  if (!wrong && !name.empty()) throw std::runtime_error("--wrong: no such wrong (try --list)");
  options.host = upstream.substr(0, colon);
  options.port = static_cast<std::uint16_t>(*port);
  run(std::move(options), wrong.get());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "stranger: {}\n", error.what());
  }
  return 2;
}
