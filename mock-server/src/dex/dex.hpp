// The DEX upload service around the tus handler: hooks, /info, /route, /health, /version, / and
// /metrics. The composition root makes one and asks it for replies.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dex/deliveries.hpp"
#include "dex/upload_configs.hpp"
#include "http/message.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "protocol/dex/contract.hpp"
#include "protocol/dex/environment.hpp"
#include "protocol/dex/health.hpp"
#include "protocol/error.hpp"
#include "store/store.hpp"
#include "tus/hooks.hpp"

namespace mock {

class Delayed;
class Deliveries;
class DexHooks;
class Effects;
class Metrics;
class Observer;
class Reports;

struct DexOptions {
  /// The disk store's folder: <id>.meta goes beside the uploads, reports/ and events/ below it.
  /// Without it (other stores) none of these is written and deliveries are remembered in memory.
  std::optional<std::filesystem::path> store_folder;
  /// --upload-configs; without it there is one config, for dextesting / testevent1.
  std::optional<std::filesystem::path> upload_configs;
  /// In place of `upload_configs`; was checked before.
  std::optional<UploadConfigSource> config_source = {};
  /// --deliver; without it every stream is delivered to one target, "edav", in `delivery_folder`.
  std::optional<std::filesystem::path> delivery_file;
  /// In place of `delivery_file`.
  std::optional<DeliveryConfig> delivery = {};
  /// Where the built-in target is; without it and a delivery file nothing is delivered.
  std::optional<std::filesystem::path> delivery_folder;
  DeliveryOptions deliveries;
  /// --contract: what /info, manifests and errors look like.
  dex::Contract contract = dex::Contract::server;
  dex::VersionInfo version{"dex-upload-harness", "", ""};
  /// Named in /health as "oauth validator {issuer}" when set, before the other services and with
  /// an empty health_issue (DEX-HEALTH-004, -005).
  std::function<std::string()> oauth_issuer;
  dex::Environment environment = dex::process_environment;
  /// For what cannot be told to a client.
  Notify notify;
};

/// Loop thread only. No method sends anything: each returns the reply.
class Dex {
 public:
  /// `store` and `loop` outlive the result. An Error names the file or folder that is wrong.
  [[nodiscard]] static Result<std::unique_ptr<Dex>> make(DexOptions options, Store& store,
                                                         Loop& loop);
  ~Dex();
  Dex(const Dex&) = delete;
  Dex& operator=(const Dex&) = delete;

  [[nodiscard]] dex::Contract contract() const { return options_.contract; }
  /// For TusServices; lives as long as this object.
  [[nodiscard]] Hooks& hooks();
  /// Counts exchanges for /metrics; lives as long as this object.
  [[nodiscard]] Observer& observer();
  /// From now on asked before each delivery, event and report; outlives this object.
  void use(Effects& effects);
  /// Once, after start: finishes what a kill interrupted - reports, .meta files, deliveries. What
  /// cannot be read now is read later.
  void resume();

  /// /info/{id} (DEX-INFO-*), of what `store` holds; any method. OPTIONS, which passes without a
  /// token, is answered without the document (DEX-SEC-005). By the guide an upload that is
  /// incomplete is 404.
  [[nodiscard]] Reply info(const Request& request, const std::string& id, Store& store);
  /// POST /route/{id}, {"target": NAME} (DEX-RETRY-*). Other methods are 400, by the guide's
  /// "standard HTTP response codes" 405.
  [[nodiscard]] Reply redelivery(const Request& request, const std::string& id,
                                 const std::string& body);
  /// /health: 200 with "UP" or "DEGRADED" (DEX-HEALTH-*).
  [[nodiscard]] Reply health() const;
  /// /version (DEX-ROUTE-003).
  [[nodiscard]] Reply version() const;
  /// / (DEX-ROUTE-001).
  [[nodiscard]] Reply banner() const;
  /// /metrics (DEX-ROUTE-004).
  [[nodiscard]] Reply metrics() const;
  /// Drops the series that clients named from the metrics.
  void forget_clients();

 private:
  Dex(DexOptions options, DeliveryConfig config, Store& store, Loop& loop);
  void resume(const std::vector<std::string>& ids);
  void resume_later(const std::string& what, std::function<void()> resume);

  DexOptions options_;
  Store& store_;
  Loop& loop_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Reports> reports_;
  std::unique_ptr<UploadConfigs> configs_;
  std::unique_ptr<Deliveries> deliveries_;
  std::unique_ptr<DexHooks> hooks_;
  std::unique_ptr<Delayed> delayed_;
};

}  // namespace mock
