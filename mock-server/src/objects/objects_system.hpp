// An object store as a system: by itself, or behind a system that hands out forms or URLs for it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "objects/handlers.hpp"
#include "objects/objects.hpp"
#include "objects/objects_options.hpp"
#include "system/system.hpp"

namespace mock {

class ObjectsSystem final : public System {
 public:
  /// An Error names a bucket that cannot be one. `services` are those of the lane, and outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ObjectsSystem>> make(ObjectsOptions options,
                                                                   const Services& services);

  /// "/{bucket}" and what is below, of each bucket.
  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override;
  void add_cors(const Request& request, Reply& reply) const override;
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request,
                                                     Services& services) override;
  /// Bucket and key of any request, and what a PUT says of its bytes.
  [[nodiscard]] AskedFor asked_for(const Request& request,
                                   const ::http::Fields& fields) const override;
  [[nodiscard]] std::vector<AccessKey> access_keys() const override;
  void removed(const Upload& upload) override { objects_.removed(upload); }
  void start() override;

  /// From now on only keys are stored for which `awaits` holds.
  void store_only(std::function<bool(std::string_view bucket, std::string_view key)> awaits) {
    options_.awaits = std::move(awaits);
  }
  [[nodiscard]] Objects& objects() { return objects_; }
  [[nodiscard]] const ObjectsOptions& options() const { return options_; }

 private:
  ObjectsSystem(ObjectsOptions options, const Services& services);
  [[nodiscard]] std::unique_ptr<Handler> own_handler_for(const Request& request,
                                                         Services& services);

  ObjectsOptions options_;
  Services services_;
  Objects objects_;
  std::vector<std::string> paths_;  ///< what the patterns refer to
  std::vector<RoutePattern> patterns_;
};

}  // namespace mock
