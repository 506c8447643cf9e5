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
  /// Tells its systems that an upload was removed.
  virtual void removed(const Upload& upload) = 0;
  /// Its own uploads only: another lane's do not exist here.
  [[nodiscard]] virtual Services& services() = 0;
  [[nodiscard]] virtual Application& application() = 0;
  /// URL of the listener that belongs to this lane alone; empty when there is none.
  [[nodiscard]] virtual const std::string& url() const = 0;
  /// Puts it back to how it was opened. Gone are its uploads, what was delivered into its own
  /// folder, the tokens it gave out, and wrong passwords; the journal is empty and counts from 1,
  /// the mock's own metrics are zero. Rules are those of its configuration with counts of zero, the
  /// clock is the wall clock, and the first key signs again. What its folder kept of these goes
  /// too.
  /// Uploads are no longer found at once, and are removed a handful at a time. Then `done` is
  /// called, unless the lane is closed before; an Error says what could not be put back.
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
/// the main lane. A lane that a request names and that does not exist is opened with the main
/// lane's configuration, and forgotten once it holds nothing (MockLane::holds_something). There are
/// up to `lane_limit` declared lanes, and as many that requests only named.
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
  /// A new lane, declared. An Error without a place: the state of the lane cannot be kept. Else the
  /// name is taken or no lane's name, there are too many lanes, or something that the configuration
  /// names cannot be had (the place is the key).
  virtual Result<Lane*> open(const std::string& name, const LaneConfig& config) = 0;
  /// The same, but what `config` names is read off the loop; `done` is called later, on the loop.
  /// The Error is for whoever sent `config`.
  virtual void open(const std::string& name, const LaneConfig& config,
                    std::function<void(Result<Lane*>)> done) = 0;
  /// Removes it and its uploads; requests in flight are cut off. The main lane cannot be closed.
  virtual Result<void> close(const std::string& name) = 0;
};

inline constexpr std::string_view lane_header = "X-Dex-Lane";
inline constexpr std::string_view lane_prefix = "/_lane/";
inline constexpr std::size_t lane_limit = 1024;
/// How many lanes that requests only named, and that hold nothing, are kept; with more, the one
/// used longest ago is forgotten.
inline constexpr std::size_t spare_lanes = 256;
/// Such a lane is forgotten after this time without a request.
inline constexpr std::chrono::minutes spare_time{10};

/// Letters, digits, '-', '_', '.', at most 64; not empty.
[[nodiscard]] bool is_lane_name(std::string_view name);

}  // namespace mock
