// tus as a system of its own, and what systems built on it begin with.
#pragma once

#include <utility>

#include "system/system.hpp"
#include "tus/attributes.hpp"
#include "tus/hooks.hpp"
#include "tus/tus_handler.hpp"
#include "tus/upkeep.hpp"

namespace mock {

/// What the head of a creation with these fields says.
[[nodiscard]] AskedFor asked_for(const ::http::Fields& fields);

class TusSystem final : public System {
 public:
  /// `behind` has the hooks of the system that is built on this one; all of it outlives this.
  TusSystem(TusOptions options, const TusServices& behind)
      : options_(std::move(options)), upkeep_(behind, options_) {}

  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override;
  void read_method(const Request& request, Addressed& addressed) const override;
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request,
                                                     Services& services) override;
  void complete_refusal(const Request& request, Reply& refusal) const override;
  void add_cors(const Request& request, Reply& reply) const override;
  void removed(const Upload& upload) override {
    if (is_tus(upload)) upkeep_.hooks().after_terminate(upload);
  }
  [[nodiscard]] AskedFor asked_for(const Request&, const ::http::Fields& fields) const override {
    return mock::asked_for(fields);
  }
  [[nodiscard]] std::optional<std::string> metadata_asked_for(const Request& request,
                                                              const ::http::Fields& fields,
                                                              std::string_view key) const override;
  [[nodiscard]] bool signals_end(const ::http::Fields& fields) const override;
  void start() override { upkeep_.start(); }
  void catch_up() override { upkeep_.sweep(); }
  void stop() override { upkeep_.stop(); }

 private:
  TusOptions options_;
  Upkeep upkeep_;
};

}  // namespace mock
