// Open Humans as a system: its own endpoints, and the object store that they send files to.
#pragma once

#include <memory>

#include "objects/objects_system.hpp"
#include "openhumans/api.hpp"
#include "openhumans/files.hpp"
#include "openhumans/project_gate.hpp"
#include "system/ground.hpp"
#include "system/system.hpp"

namespace mock {

class OpenHumansSystem final : public System {
 public:
  /// `objects` has the bucket of `options`, and no other. `services` are the lane's, and outlive
  /// it.
  OpenHumansSystem(OpenHumansOptions options, std::unique_ptr<ObjectsSystem> objects,
                   const Services& services);

  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override;
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request,
                                                     Services& services) override;
  [[nodiscard]] const Gate* gate(Route route) const override;
  void complete_refusal(const Request& request, Reply& refusal) const override;
  void add_cors(const Request& request, Reply& reply) const override;
  [[nodiscard]] AskedFor asked_for(const Request& request,
                                   const ::http::Fields& fields) const override;
  [[nodiscard]] std::vector<AccessKey> access_keys() const override {
    return objects_->access_keys();
  }
  void removed(const Upload& upload) override;
  void start() override;
  void catch_up() override { files_.expunge(); }
  void stop() override { files_.stop(); }

 private:
  OpenHumansOptions options_;
  Services services_;
  std::unique_ptr<ObjectsSystem> objects_;
  ProjectGate gate_;
  Files files_;
  OpenHumansApi api_;
};

}  // namespace mock
