// netlab relay | receive | send | model: see netlab.hpp, and scripts/netlab.sh, which runs it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "netlab.hpp"

int main(int argc, char** argv) {
  CLI::App app("Holds the model of TCP to the kernel's (scripts/netlab.sh)");
  app.require_subcommand(1);

  netlab::RelayOptions relay;
  auto* const relays = app.add_subcommand("relay", "carries packets between two namespaces");
  relays->add_option("--from", relay.from)->required();
  relays->add_option("--to", relay.to)->required();
  relays->add_option("--rtt", relay.round_trip_ms, "ms");
  relays->add_option("--loss", relay.loss);
  relays->add_option("--kbit", relay.kilobits);
  relays->add_option("--queue", relay.queue, "packets");
  relays->add_option("--seed", relay.seed);

  std::uint16_t port = 0;
  std::uint64_t bytes = 0;
  std::string address;
  std::string control;
  auto* const receives = app.add_subcommand("receive", "takes one transfer");
  auto* const sends = app.add_subcommand("send", "prints the seconds that a transfer took");
  for (auto* const one : {receives, sends}) {
    one->add_option("--port", port)->required();
    one->add_option("--bytes", bytes)->required();
  }
  sends->add_option("--address", address)->required();
  sends->add_option("--cc", control)->required();

  netlab::ModelOptions model;
  auto* const models = app.add_subcommand("model", "prints the seconds that the model has");
  models->add_option("--cc", model.congestion_control)->required();
  models->add_option("--rtt", model.round_trip_ms, "ms");
  models->add_option("--loss", model.loss);
  models->add_option("--kbit", model.kilobits);
  models->add_option("--queue", model.queue, "packets");
  models->add_option("--bytes", model.bytes)->required();
  models->add_option("--seeds", model.seeds)->check(CLI::PositiveNumber);

  CLI11_PARSE(app, argc, argv);
  try {
    if (*relays) netlab::relay(relay);
    if (*receives) netlab::receive(port, bytes);
    if (*sends) std::printf("%.4f\n", netlab::transfer(address, port, bytes, control));
    if (*models) std::printf("%.4f\n", netlab::model(model));
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "netlab: %s\n", thrown.what());
    return 1;
  }
  return 0;
}
