// A slow line to a server: every byte arrives, at the pace of that name (line.hpp).
//   slow_line --upstream HOST:PORT --pace NAME   serves on a free port of 127.0.0.1
//   slow_line --list                             prints the paces
// Prints "ready URL" once it serves, and runs until a signal ends it. Exit codes: 0 listed,
// 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "line.hpp"

namespace {

using namespace alarms;

[[noreturn]] void run(const relays::Place& behind, const Pace& pace) {
  const relays::Door door(pace.buffer);
  door.serve([&](relays::Socket client) {
    try {
      carry(std::move(client), relays::Socket::connect(behind.host, behind.port, pace.buffer),
            pace);
    } catch (const std::exception&) {
      // The upstream server is gone: the connection ends, as it would without a line.
    }
  });
}

int parse_and_run(int argc, char** argv) {
  std::string upstream, name;
  bool listing = false;
  CLI::App app{"A line to a server: every byte arrives, slowly in one way", "slow_line"};
  auto* where = app.add_option("--upstream", upstream, "HOST:PORT of the server");
  app.add_option("--pace", name, "how it is slow");
  app.add_flag("--list", listing, "print what there is, a line each")->excludes(where);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (listing) {
    for (const auto& pace : paces()) fmt::print("{}\t{}\n", pace.name, pace.does);
    return 0;
  }
  const auto place = relays::read_place(upstream);
  if (!place) throw std::runtime_error("--upstream: not HOST:PORT (as 127.0.0.1:8080)");
  const auto* pace = pace_named(name);
  if (pace == nullptr) throw std::runtime_error("--pace: no such pace (try --list)");
  run(*place, *pace);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "slow_line: {}\n", error.what());
  }
  return 2;
}
