#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "link/sender.hpp"
#include "netlab.hpp"

namespace netlab {
namespace {

using loadgen::Congestion;

loadgen::Network network_of(const ModelOptions& options) {
  const auto milliseconds = [](double value) {
    return Milliseconds{static_cast<std::int64_t>(std::llround(value))};
  };
  loadgen::Network network;
  network.round_trip = milliseconds(options.round_trip_ms);
  network.loss.always = options.loss;
  network.upload_rate = BytesPerSecond{options.kilobits * 125};
  if (options.kilobits > 0) {
    // Packets of 1500 bytes, headers included.
    network.queue = milliseconds(static_cast<double>(options.queue) * 12'000 / options.kilobits);
  }
  network.tcp.emplace();
  for (const auto control : loadgen::all_congestions) {
    if (to_string(control) == options.congestion_control) {
      network.tcp->control = control;
      return network;
    }
  }
  throw std::invalid_argument("there is no model of " + options.congestion_control);
}

double seconds_of(const loadgen::Network& network, std::uint64_t seed, std::uint64_t bytes) {
  const transport::LoadTime begin{};
  transport::LoadTime now = begin;
  loadgen::Sender sender(std::make_shared<loadgen::Path>(network, seed, now), now);
  while (bytes > 0) {
    const auto may = std::min(sender.available(now, bytes), bytes);
    if (may == 0) {
      now += std::max(sender.wait(bytes), transport::LoadClock::duration{1});
      continue;
    }
    sender.spend(may);
    bytes -= may;
  }
  return std::chrono::duration<double>(now - begin + network.round_trip).count();
}

}  // namespace

double model(const ModelOptions& options) {
  const loadgen::Network network = network_of(options);
  std::vector<double> seconds;
  for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
    seconds.push_back(seconds_of(network, seed, options.bytes));
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

}  // namespace netlab
