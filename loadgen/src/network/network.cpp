#include "network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "embedded/embedded.hpp"
#include "network/read.hpp"
#include "protocol/json/decode.hpp"
#include "settings/choice.hpp"

namespace loadgen {

TcpPath Network::path() const {
  const auto seconds = [](Milliseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  TcpPath path;
  path.round_trip = seconds(round_trip);
  path.jitter = seconds(jitter);
  path.rate = upload_rate.value;
  path.queue = seconds(queue);
  path.loss = loss.always;
  if (tcp) {
    path.control = tcp->control;
    path.segment = static_cast<double>(tcp->segment.value);
    path.window = static_cast<double>(tcp->window.value);
  }
  return path;
}

double Network::mean_upload_rate() const {
  if (!tcp) return upload_rate.value;
  // A burst is mostly a pause, and so is an outage.
  const double lost = loss.bursts.share() + (outages ? outages->share() : 0);
  return mean_rate(path()) * std::max(0.0, 1 - lost);
}

Milliseconds Network::longest_silence() const {
  Milliseconds longest = round_trip + jitter;
  const bool cuts = cut_probability > 0 || cut_every || cuts_per_hour > 0;
  const bool silent = cuts && silent_share > 0;
  const bool dead = outages || (tcp && tcp->idle_timeout.count() > 0);
  if (silent || dead || (question_cut_probability > 0 && silent_share > 0)) {
    longest = std::max(longest, stall_timeout);
  }
  if (cuts && restart_share > 0) longest = std::max(longest, restart_time);
  if (outages) {  // exponential: one in twenty is longer than three times the mean
    longest = std::max(longest, Milliseconds{static_cast<std::int64_t>(3000 * outages->length)});
  }
  if (portal) longest = std::max(longest, portal->lasts);
  return longest;
}

Result<Network> parse_network(std::string_view text, const std::string& document) {
  return json::decode(text, document, read_network);
}

const std::vector<Network>& built_in_networks() {
  static const std::vector<Network> networks = [] {
    std::vector<Network> list;
    for (const auto& [path, text] : network_files()) {
      auto network = parse_network(text, "fixtures/" + std::string(path));
      // They were compiled in and a test reads every one.
      if (!network) throw std::logic_error(network.error().line());
      list.push_back(std::move(*network));
    }
    return list;
  }();
  return networks;
}

Result<Network> load_network(const std::string& name_or_file) {
  std::vector<std::string_view> names;
  for (const auto& network : built_in_networks()) {
    if (network.name == name_or_file) return network;
    names.push_back(network.name);
  }
  std::error_code ignored;
  if (!std::filesystem::exists(name_or_file, ignored)) {
    const auto nearest = settings::nearest_choice(name_or_file, names);
    return failure("", fmt::format("there is no network or file {}", quote(name_or_file)),
                   fmt::format("one of {}, or a JSON file{}", fmt::join(names, ", "),
                               nearest.empty() ? "" : "; " + nearest));
  }
  return json::decode_file(name_or_file, read_network);
}

}  // namespace loadgen
