// A server that is wrong in one way: a relay in front of a right one.
//   stranger --upstream HOST:PORT [--wrong NAME] [--speed N]   serves on a free port of 127.0.0.1
//   stranger --list                                            prints the wrong servers
// Prints "ready URL" once it serves, and runs until a signal ends it. Exit codes: 0 listed,
// 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "catalogue.hpp"
#include "door.hpp"
#include "relay.hpp"

namespace {

using namespace strangers;

void list() {
  for (const auto& entry : catalogue()) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", entry.name, entry.system, entry.kind,
               to_string(entry.needs), entry.does, entry.breaks, entry.loses);
  }
}

[[noreturn]] void run(World::Options options, Wrong* wrong) {
  const relays::Door door;
  options.own = door.authority();
  World world(std::move(options));
  door.serve([&world, wrong](Socket client) { serve(std::move(client), world, wrong); });
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
  const auto place = relays::read_place(upstream);
  if (!place) throw std::runtime_error("--upstream: not HOST:PORT (as 127.0.0.1:8080)");
  const auto wrong = make_wrong(name);
  if (!wrong && !name.empty()) throw std::runtime_error("--wrong: no such wrong (try --list)");
  options.host = place->host;
  options.port = place->port;
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
