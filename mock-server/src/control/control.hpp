// /_mock/: what a test wants to know that no real server tells, and to change while it runs.
// docs/guides/control-api.md is its guide, fixtures/openapi/control.json its contract.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/handler.hpp"
#include "http/message.hpp"

namespace mock {

class Lane;
class Lanes;

/// What the endpoints of all lanes share. Outlives their handlers. Loop thread only.
struct ControlOptions {
  std::string version;
  std::string run_id;
};

/// Answers a request under /_mock/, or /metrics (the lane's DEX families, if it has any, and the
/// mock's own; a HEAD or POST is answered as a GET, as DEX does), for the lane it is in;
/// `request.path` is without the lane's mount. Who may come here is `ControlGate`'s business.
/// Everything by reference outlives it.
[[nodiscard]] std::unique_ptr<Handler> make_control_handler(const Request& request, Lanes& lanes,
                                                            Lane& lane,
                                                            const ControlOptions& options);

/// Stands between a listener and the application, and decides who may use /_mock/.
class ControlGate : public Application {
 public:
  struct Access {
    /// closed: /_mock/ is 404 at this listener; open: it is served beside everything else; only: it
    /// is served, and nothing else is (--control).
    enum class Serves { closed, open, only };
    Serves serves = Serves::closed;
    /// Demanded as `Authorization: Bearer`; empty: none is, and then the Host must be a name of
    /// this machine's loopback, so that no web page can reach in by DNS rebinding.
    std::string token;
  };
  /// `next` outlives this.
  ControlGate(Application& next, Access access);

  void admit(Request& request) override { next_.admit(request); }
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override;
  void add_cors(const Request& request, Reply& reply) const override {
    next_.add_cors(request, reply);
  }

 private:
  [[nodiscard]] std::unique_ptr<Handler> refusal(const Request& request) const;

  Application& next_;
  Access access_;
};

/// What a listener on `host` serves: without a token only loopback addresses are open.
[[nodiscard]] ControlGate::Access control_access(const std::string& host, const std::string& token);

/// 127.0.0.0/8, ::1 or localhost.
[[nodiscard]] bool is_loopback_host(const std::string& host);

}  // namespace mock
