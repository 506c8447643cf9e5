#include "network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "embedded/embedded.hpp"
#include "protocol/json/decode.hpp"
#include "settings/choice.hpp"

namespace loadgen {
namespace {

/// More than this would hardly ever let a large upload end.
constexpr double most_cuts = 0.95;

double share(const json::Cursor& at, double most) {
  const double value = at.number();
  if (value < 0 || value > most) at.fail(fmt::format("{} is not between 0 and {}", value, most));
  return value;
}

Network read_network(const json::Cursor& root) {
  root.only({"$schema", "name", "description", "cut_probability", "silent_share", "stall_timeout",
             "upload_rate", "round_trip"});
  Network n;
  n.name = root.at("name").string();
  if (n.name.empty()) root.at("name").fail("a network needs a name");
  n.description = root.at("description").string();
  if (const auto c = root.find("cut_probability")) n.cut_probability = share(*c, most_cuts);
  if (const auto c = root.find("silent_share")) n.silent_share = share(*c, 1);
  if (const auto c = root.find("stall_timeout")) {
    n.stall_timeout = c->unwrap(parse_duration(c->string()));
    if (n.stall_timeout < Milliseconds{100}) c->fail("at least 100ms is expected");
  }
  if (const auto c = root.find("upload_rate")) {
    n.upload_rate = c->unwrap(parse_rate(c->string()));
    if (n.upload_rate.value < 1) c->fail("at least 1 byte per second is expected");
  }
  if (const auto c = root.find("round_trip")) {
    n.round_trip = c->unwrap(parse_duration(c->string()));
    if (n.round_trip > std::chrono::minutes{1}) c->fail("at most 1 minute is expected");
  }
  return n;
}

}  // namespace

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
