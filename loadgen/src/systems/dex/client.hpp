// DEX as a partner uses it: tus, and then /info until the file was delivered.
#pragma once

#include <string>
#include <vector>

#include "systems/tus/client.hpp"

namespace loadgen {

struct DeliveryOptions {
  std::string
      info_url;  ///< "{info_url}/{id}" is an upload's status; empty: beside the creation URL
  Milliseconds timeout{std::chrono::seconds{60}};  ///< from the last byte to the delivery
  std::string route_url;   ///< "{route_url}/{id}" delivers again; empty: it is not known
  unsigned redeliver = 0;  ///< how often each target is asked for again after a failure
  /// Deliveries needed; empty: at least one and all good; no_target: Complete is enough.
  std::vector<std::string> targets;
};

class DexClient final : public TusClient {
 public:
  DexClient(UploadOptions options, DeliveryOptions deliveries, TusHabits habits = {});

  [[nodiscard]] std::vector<std::string> urls() const override;
  void settle_on(std::string creation_url) override;
  [[nodiscard]] std::optional<Recognition> recognition() const override;
  [[nodiscard]] std::unique_ptr<Upload> upload(const UploadHost& host, std::uint64_t index,
                                               Bytes size, Time intended,
                                               Upload::Events events) const override;
  [[nodiscard]] std::optional<transport::LoadRequest> account(
      const std::string& url) const override;
  [[nodiscard]] Result<Account> read_account(const transport::LoadResponse& answer,
                                             const UploadResult& upload) const override;

 private:
  void derive();

  DeliveryOptions deliveries_;
  bool info_given_;
};

[[nodiscard]] SystemKind dex_system();

}  // namespace loadgen
