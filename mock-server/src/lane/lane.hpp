// A lane: a whole mock server of its own, beside others on the same listeners and store. It owns
// its configuration, rules, journal, clock, identity and systems; a hundred tests share one
// process and never see each other.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "effects.hpp"
#include "http/handler.hpp"
#include "lane/clock.hpp"
#include "lane/lane_config.hpp"
#include "protocol/error.hpp"
#include "record/server_metrics.hpp"
#include "services.hpp"

namespace mock {

class Auth;
class Journal;
class Observer;
struct Upload;
namespace misbehave {
class RuleInterceptor;
}

/// Loop thread only.
class Lane {
 public:
  virtual ~Lane() = default;
  /// "" is the main lane, which always exists.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual const LaneConfig& config() const = 0;
  [[nodiscard]] virtual LaneClock& clock() = 0;
  [[nodiscard]] virtual misbehave::RuleInterceptor& rules() = 0;
  [[nodiscard]] virtual Journal& journal() = 0;
  [[nodiscard]] virtual ServerMetrics& metrics() = 0;
  [[nodiscard]] virtual Auth& auth() = 0;
  /// The families of its systems, as Prometheus text.
  [[nodiscard]] virtual std::string system_metrics() const = 0;
  /// Its systems learn that an upload of theirs was removed.
  virtual void removed(const Upload& upload) = 0;
  /// Its own uploads only: another lane's do not exist here.
  [[nodiscard]] virtual Services& services() = 0;
  [[nodiscard]] virtual Application& application() = 0;
  /// URL of the listener that belongs to this lane alone; empty when there is none.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// As when the lane was opened: its uploads and what was delivered into its own folder gone,
  /// rules those of its configuration with counts of zero, journal empty and counting from 1, the
  /// mock's own metrics at zero, clock the wall's, tokens it gave out void, the first key the one
  /// that signs, wrong passwords forgotten. What it kept of these goes from its folder.
  /// Uploads are no longer found at once, and removed a handful at a time; then `done` is called,
  /// unless the lane is closed before. An Error says what did not come back to its beginning.
  virtual void reset(std::function<void(Result<void>)> done) = 0;
  /// Its uploads gone, as with `reset`; nothing else.
  virtual void remove_uploads(std::function<void()> done) = 0;
  /// How many uploads are stored, by state.
  [[nodiscard]] virtual ServerMetrics::Uploads upload_counts() = 0;
};

/// All lanes of a server. The one Application, Interceptor and Observer its listeners know; passes
/// each request to the lane it is in. Loop thread only.
///
/// A request is in the lane that its listener belongs to; else in the one its path names
/// (/_lane/NAME/...); else in the one its X-Dex-Lane header names; else in the one that was given
/// the access key it is signed with; else, when it is about an upload, in that upload's; else in
/// the main lane. A lane that does not exist is opened with the main lane's configuration: on loan,
/// for it is forgotten when it holds nothing (mock_lane.hpp). Of lanes that are declared and of
/// those that requests only named there are up to `lane_limit` each.
class Lanes {
 public:
  virtual ~Lanes() = default;
  [[nodiscard]] virtual Lane& main() = 0;
  /// nullptr: no such lane.
  [[nodiscard]] virtual Lane* find(const std::string& name) = 0;
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Whether a lane of that name is declared, or holds something.
  [[nodiscard]] virtual bool is_taken(const std::string& name) const = 0;
  /// Whether there can be no further declared lane.
  [[nodiscard]] virtual bool is_full() const = 0;
  /// A new lane, declared. An Error without a place: its state cannot be kept. An Error: the name
  /// is taken or no lane's name, there are too many lanes, or the configuration names what cannot
  /// be had (the place is the key).
  virtual Result<Lane*> open(const std::string& name, const LaneConfig& config) = 0;
  /// The same, but what `config` names is read off the loop; `done` is called on it, later. The
  /// Error is for whoever sent `config`.
  virtual void open(const std::string& name, const LaneConfig& config,
                    std::function<void(Result<Lane*>)> done) = 0;
  /// Removes it and its uploads; requests in flight are cut off. The main lane cannot be closed.
  virtual Result<void> close(const std::string& name) = 0;
};

inline constexpr std::string_view lane_header = "X-Dex-Lane";
inline constexpr std::string_view lane_prefix = "/_lane/";
inline constexpr std::size_t lane_limit = 1024;
/// Of lanes that requests only named: beyond so many that hold nothing, one that was used longest
/// ago is forgotten.
inline constexpr std::size_t spare_lanes = 256;
/// Such a lane is forgotten after this time without a request.
inline constexpr std::chrono::minutes spare_time{10};

/// Letters, digits, '-', '_', '.', at most 64; not empty.
[[nodiscard]] bool is_lane_name(std::string_view name);

}  // namespace mock
