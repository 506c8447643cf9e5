// Which room answers which request of a lane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "auth/auth.hpp"
#include "http/handler.hpp"
#include "http/route.hpp"
#include "system/system.hpp"

namespace mock {

/// A lane's correct behaviour, composed. Everything by reference outlives it; loop thread only.
class MockApplication : public Application {
 public:
  struct Parts {
    const HttpOptions& http;
    const RouteTable& routes;
    std::span<const std::unique_ptr<System>> systems;
    Auth& auth;
    Services& services;                          ///< of the lane
    UnreadBody early_error = UnreadBody::drain;  ///< of the gates' refusals
    /// Answers /_mock/...; empty: 404.
    std::function<std::unique_ptr<Handler>(const Request&)> control;
  };
  explicit MockApplication(Parts parts);

  /// Says what the request is about, in the manner of this lane.
  void admit(Request& request) override;
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override;
  void add_cors(const Request& request, Reply& reply) const override;
  /// nullptr: no system of the lane serves it.
  [[nodiscard]] System* system_of(const RouteMatch& match) const;

 private:
  [[nodiscard]] std::optional<Reply> check(const Request& request, const System* system) const;
  std::unique_ptr<Handler> server_handler(const Request& request, Intercept* intercept);
  std::unique_ptr<Handler> own_handler(const Request& request);

  Parts parts_;
  /// Systems may share an endpoint: an object store has one path of it for each bucket.
  struct Served {
    Route route;
    std::string_view base;
    System* system;
  };
  std::vector<Served> served_;
};

}  // namespace mock
