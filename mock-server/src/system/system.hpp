// A system: what clients upload to, as one object. A lane puts one or more together, and neither it
// nor rules, journal and control API know which.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.hpp"
#include "http/message.hpp"
#include "http/route.hpp"
#include "protocol/http/fields.hpp"
#include "services.hpp"
#include "store/store.hpp"

namespace mock {

class Effects;
class Gate;

/// What the head of a request says of the upload that it makes, or goes on with. What it says
/// wrongly is left out.
struct AskedFor {
  std::optional<Bytes> length = std::nullopt;  ///< how many bytes are to be sent for it, in all
  bool deferred = false;                       ///< the length is to be declared later
  std::shared_ptr<const Attributes> attributes = nullptr;
  std::vector<std::string> parts = {};  ///< ids of those that it is to be joined of
};

/// A key whose secret clients sign their requests with.
struct AccessKey {
  std::string id;
  /// It was given to the lane by its configuration: what is signed with it is meant for that lane.
  bool names_lane = false;
};

/// Loop thread only. What a system does not have, the defaults leave as it is.
class System {
 public:
  System() = default;
  virtual ~System() = default;
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  // ---- requests
  /// Where it answers; all of them are in the registration too (registered.hpp).
  [[nodiscard]] virtual std::vector<std::span<const RoutePattern>> routes() const = 0;
  /// Puts into `addressed` the method by which the endpoint acts. It is one of this system's
  /// endpoints, and has the method of the request line so far.
  virtual void read_method(const Request&, Addressed&) const {}
  /// Of a request that is addressed to it. `services` are its lane's, or decorated ones; they and
  /// this outlive the handler.
  [[nodiscard]] virtual std::unique_ptr<Handler> handler_for(const Request& request,
                                                             Services& services) = 0;
  /// The gate before its endpoints with Guard::system; null: there is none. Lives as long as this.
  [[nodiscard]] virtual const Gate* gate(Route) const { return nullptr; }
  /// Adds what its replies carry to a gate's refusal of a request that is addressed to it.
  virtual void complete_refusal(const Request&, Reply&) const {}
  /// Adds the CORS fields of its own replies to a reply that no handler made, to a request that is
  /// addressed to it.
  virtual void add_cors(const Request&, Reply&) const {}
  /// `handler`, with replies in its lane's words: for any endpoint, the server's own included.
  [[nodiscard]] virtual std::unique_ptr<Handler> in_its_words(Route,
                                                              std::unique_ptr<Handler> handler) {
    return handler;
  }

  // ---- what it is told, and tells
  /// An upload was removed by other means than a request to it; it may be another system's.
  virtual void removed(const Upload&) {}
  /// Asked before each effect (delivery, event, report); outlives this.
  virtual void use(Effects&) {}
  virtual void on_exchange(const ExchangeRecord&) {}
  virtual void on_connections(std::size_t) {}
  /// Its families for /metrics, as Prometheus text.
  [[nodiscard]] virtual std::string metrics() const { return {}; }
  /// For rules. `fields` stand in for those of the request.
  [[nodiscard]] virtual AskedFor asked_for(const Request&, const ::http::Fields& /*fields*/) const {
    return {};
  }
  /// One value of that metadata; a system may find it for less.
  [[nodiscard]] virtual std::optional<std::string> metadata_asked_for(const Request& request,
                                                                      const ::http::Fields& fields,
                                                                      std::string_view key) const {
    const auto asked = asked_for(request, fields);
    const auto value = asked.attributes ? asked.attributes->metadata_of(key) : std::nullopt;
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }
  /// Metadata keys whose value it makes.
  [[nodiscard]] virtual std::set<std::string, std::less<>> server_metadata() const { return {}; }
  /// The keys that it takes.
  [[nodiscard]] virtual std::vector<AccessKey> access_keys() const { return {}; }
  /// Whether a PATCH with these fields ends an upload of deferred length with its body.
  [[nodiscard]] virtual bool signals_end(const ::http::Fields&) const { return false; }

  // ---- its life
  /// Once, when all is there: finishes what a kill interrupted, and begins what it does by itself.
  virtual void start() {}
  /// Time was moved: does what has become due.
  virtual void catch_up() {}
  /// What clients named is forgotten, as when the lane was opened. Uploads are the lane's.
  virtual void forget_clients() {}
  /// Nothing more happens by itself.
  virtual void stop() {}
};

}  // namespace mock
