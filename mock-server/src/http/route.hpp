// Which endpoint a path names. An endpoint is a value of the room that serves it. The table of a
// lane holds what its systems serve and what the server itself does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace mock {

/// One endpoint, by whatever paths it is reached. Each is one object in the process, and is
/// compared by its address.
struct Endpoint {
  /// Which gate stands before it, and when. `always`, `secure` and `guide` are the lane's, which
  /// demands tokens with --auth only (Auth::guards).
  enum class Guard {
    never,
    always,
    secure,  ///< with --secure
    guide,   ///< with --contract guide
    system,  ///< the system's own (System::gate), whatever --auth says
  };
  std::string_view name;      ///< as rules, journal, logs and metrics spell it
  bool creates = false;       ///< uploads are made there
  bool names_upload = false;  ///< its id is that of an upload
  Guard guarded = Guard::never;
  bool control = false;  ///< neither recorded nor touched by rules, which are managed there
};

/// An endpoint, or none, which is called "unknown". A value type.
class Route {
 public:
  constexpr Route() = default;
  constexpr Route(const Endpoint& endpoint) : endpoint_(&endpoint) {}

  [[nodiscard]] constexpr std::string_view name() const { return endpoint_->name; }
  [[nodiscard]] constexpr bool creates() const { return endpoint_->creates; }
  [[nodiscard]] constexpr bool names_upload() const { return endpoint_->names_upload; }
  [[nodiscard]] constexpr Endpoint::Guard guarded() const { return endpoint_->guarded; }
  [[nodiscard]] constexpr bool is_control() const { return endpoint_->control; }
  [[nodiscard]] constexpr bool known() const { return endpoint_ != &nothing; }
  constexpr bool operator==(const Route&) const = default;

 private:
  static constexpr Endpoint nothing{"unknown"};
  const Endpoint* endpoint_ = &nothing;
};

struct RouteMatch {
  Route route;
  std::string id;    ///< percent-decoded; may hold '/' when the client sent %2F
  std::string base;  ///< RoutePattern::base
  bool operator==(const RouteMatch&) const = default;
};

/// What a request is about, read once for all who ask: the handlers, the gate in front of them, the
/// rules and the journal (addressed.hpp).
struct Addressed : RouteMatch {
  /// The method by which the endpoint acts, as its system says; else that of the request line.
  std::string method;
  /// The request names a method besides that of its request line, heeded by the endpoint or not.
  bool overridden = false;
  bool contradictory = false;  ///< the request names several methods: nothing is to be done
};

/// What is an id in a path.
enum class Ids {
  segments,  ///< one segment of it
  rest,      ///< all that stands behind a base (HttpOptions::ids_hold_slashes); it may hold a NUL
};

/// One way to reach an endpoint. Its texts and the endpoint are never destroyed.
struct RoutePattern {
  /// "/health"; "/info/{id}", of one segment; "/_mock/*", all below.
  std::string_view path;
  const Endpoint& endpoint;
  /// Of creations and their uploads: what Location starts with. Of objects: their bucket.
  std::string_view base = {};
};

/// A value type.
class RouteTable {
 public:
  /// An Error: a path that leads to an endpoint already.
  Result<void> add(std::span<const RoutePattern> patterns);
  /// `path` is percent-encoded and has no query. A fixed path counts first, then the trees ("/*")
  /// in the order in which they were added, then the longest pattern with an id: since there is
  /// /upload/info/{id}, no upload is called "info". An id with a NUL or a bad escape is `unknown`.
  [[nodiscard]] RouteMatch match(std::string_view path, Ids ids = Ids::segments) const;
  /// In the order in which they were added.
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Entry {
    std::string_view text;  ///< all of the path, or what stands before the variable part
    const RoutePattern* pattern;
  };
  Result<void> add(std::vector<Entry>& into, const Entry& entry);
  [[nodiscard]] const Entry* fixed(std::string_view path) const;
  [[nodiscard]] bool is_claimed(std::string_view path, const Entry& by_others_than) const;
  [[nodiscard]] RouteMatch match_whole_ids(std::string_view path) const;
  [[nodiscard]] RouteMatch match_segments(std::string_view path) const;

  std::vector<Entry> fixed_;
  std::vector<Entry> trees_;
  std::vector<Entry> ids_;  ///< the longest first
  std::vector<Route> routes_;
};

/// The path without empty and dot segments (RFC 3986 section 5.2.4), still percent-encoded; a slash
/// at its end stays. `path` starts with a slash.
[[nodiscard]] std::string clean_path(std::string_view path);

namespace routes {
// The mock's own.
inline constexpr Endpoint metrics{.name = "metrics", .guarded = Endpoint::Guard::secure};
inline constexpr Endpoint control{.name = "control", .control = true};
}  // namespace routes

inline constexpr RoutePattern own_routes[]{
    {"/metrics", routes::metrics},
    {"/_mock", routes::control},
    {"/_mock/*", routes::control},
};

}  // namespace mock
