// The network between a partner and the service, as data: fixtures/networks/*.json.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

/// One network. Every partner (upload) has a link of its own.
struct Network {
  std::string name;
  std::string description;

  /// Of connections that carry a body: the share that is lost on the way.
  double cut_probability = 0;
  /// Of those cuts, the share that nobody is told of; the others are seen as RST at once.
  double silent_share = 0;
  /// After a silent cut, how long the client waits before it gives the connection up; also how long
  /// any request may go without progress.
  Milliseconds stall_timeout{std::chrono::seconds{30}};
  BytesPerSecond upload_rate{0};  ///< per partner; 0: unlimited
  Milliseconds round_trip{0};     ///< added before each request
};

/// The networks that are built in, by name.
[[nodiscard]] const std::vector<Network>& built_in_networks();
/// Their files, as they were when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> network_files();
/// A built-in name, or else the path of a JSON file.
[[nodiscard]] Result<Network> load_network(const std::string& name_or_file);
/// `document` names the text in errors.
[[nodiscard]] Result<Network> parse_network(std::string_view text, const std::string& document);

}  // namespace loadgen
