// The network between a partner and the service, as data: fixtures/networks/*.json.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/embedded.hpp"
#include "network/spells.hpp"
#include "protocol/error.hpp"
#include "protocol/units.hpp"
#include "tcp/congestion.hpp"

namespace loadgen {

/// Loss of segments: always, and more of it in bursts (Gilbert, Elliott).
struct Loss {
  double always = 0;     ///< probability outside bursts
  double in_bursts = 0;  ///< and in them
  Recurrence bursts;
  /// The share of segments lost when they are sent evenly in time.
  [[nodiscard]] double mean() const { return always + (in_bursts - always) * bursts.share(); }
};

/// What the partner's TCP does on this network; without it a network has no slow start, no
/// handshakes, and no loss.
struct Tcp {
  Congestion control = Congestion::cubic;
  Bytes window{4U << 20U};       ///< under way at most
  Bytes segment{1448};           ///< payload of one packet
  unsigned handshakes = 0;       ///< round trips before the first request of a connection
  Milliseconds idle_timeout{0};  ///< a connection that was idle for longer is dead; 0: never
};

/// Something that answers in place of the service until the partner has agreed to its terms.
struct Portal {
  int status = 511;  ///< RFC 6585 section 6; 302 and 200 with a page are what hotels do
  Milliseconds lasts{0};
};

/// Something in between that answers some requests itself, with a page.
struct Proxy {
  std::optional<Bytes> max_body;  ///< larger ones are answered 413
  double bad_gateway = 0;         ///< of requests: answered 502, and nothing of them gets through
  double gateway_timeout = 0;     ///< of requests: got through, and answered 504
};

/// One network. Every partner has a line of their own. A value; thread-safe to read.
struct Network {
  std::string name;
  std::string description;
  std::vector<std::string> sources;      ///< of its figures
  std::vector<std::string> assumptions;  ///< figures that nobody has published

  /// Of connections that carry a body: the share that is lost on the way.
  double cut_probability = 0;
  /// Of those cuts, the share that nobody is told of; the others are seen as RST at once.
  double silent_share = 0;
  /// After a silent cut, how long the client waits before it gives the connection up; also how long
  /// any request may go without progress.
  Milliseconds stall_timeout{std::chrono::seconds{30}};
  BytesPerSecond upload_rate{0};    ///< per partner; 0: unlimited
  BytesPerSecond download_rate{0};  ///< of answers; 0: unlimited
  Milliseconds round_trip{0};       ///< added before each request
  Milliseconds jitter{0};           ///< a round trip is longer or shorter by up to this
  Milliseconds queue{0};            ///< what may wait at the bottleneck, as time at `upload_rate`
  Loss loss;
  std::optional<Tcp> tcp;

  std::optional<Bytes> cut_every;  ///< bytes of a file between two cuts, on average
  double cuts_per_hour = 0;        ///< of sending
  /// Of requests that carry nothing of a file (POST, HEAD): the share that is lost.
  double question_cut_probability = 0;
  // Of all cuts, the shares that are worse than others; together at most 1.
  double lost_answer_share = 0;  ///< everything got through, and only the answer is lost
  double zombie_share = 0;       ///< the old connection goes on sending for `zombie_time`
  double restart_share = 0;  ///< the client's process ends, and begins anew after `restart_time`
  Milliseconds zombie_time{std::chrono::seconds{3}};
  Milliseconds restart_time{std::chrono::seconds{5}};

  std::optional<Recurrence> outages;  ///< nothing gets through
  std::optional<Portal> portal;
  std::optional<Proxy> proxy;

  /// Whether requests are lost on it, other than by outages.
  [[nodiscard]] bool has_cuts() const {
    return cut_probability > 0 || cut_every || cuts_per_hour > 0 || question_cut_probability > 0;
  }
  /// What TCP meets; without `tcp` a path whose rate is `upload_rate`.
  [[nodiscard]] TcpPath path() const;
  /// Bytes per second of a long transfer, 0 where nothing limits it.
  [[nodiscard]] double mean_upload_rate() const;
  /// How long a run on it may see no progress without anything being wrong.
  [[nodiscard]] Milliseconds longest_silence() const;
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
