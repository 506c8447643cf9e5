// Which room answers which request of a lane.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "auth/auth.hpp"
#include "dex/dex.hpp"
#include "http/handler.hpp"
#include "services.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// A lane's correct behaviour, composed. Everything by reference outlives it; loop thread only.
class MockApplication : public Application {
 public:
  struct Parts {
    Services services;
    TusOptions tus;
    const HttpOptions& http;
    Auth& auth;
    Dex* dex = nullptr;  ///< null: plain tus; /info, /health and the like are 404
    /// Answers /_mock/...; empty: 404.
    std::function<std::unique_ptr<Handler>(const Request&)> control;
  };
  explicit MockApplication(Parts parts) : parts_(std::move(parts)) {}

  /// Says what the request is about, in the manner of this lane.
  void admit(Request& request) override;
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override;

 private:
  std::unique_ptr<Handler> server_handler(const Request& request, Intercept* intercept);
  std::unique_ptr<Handler> dex_handler(const Addressed& addressed, Services& services);

  Parts parts_;
};

}  // namespace mock
