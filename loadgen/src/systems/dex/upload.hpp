// An upload to DEX: its bytes go by tus, and what follows is asked of /info.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "protocol/dex/info.hpp"
#include "system/requester.hpp"
#include "systems/dex/client.hpp"

namespace loadgen {

/// Asks for the status of the upload with this URL.
[[nodiscard]] transport::LoadRequest info_request(const DeliveryOptions& options,
                                                  const std::string& url);

/// Decorates an upload: when its last byte is acknowledged, /info is followed to Complete and to a
/// delivery at every target.
class DeliveredUpload final : public Upload {
 public:
  /// `sending` makes the upload that is decorated.
  DeliveredUpload(const UploadHost& host, const DeliveryOptions& options,
                  const std::function<std::unique_ptr<Upload>(Events)>& sending, Events events);

  void start() override { sending_->start(); }
  [[nodiscard]] const UploadResult& result() const override { return result_; }
  [[nodiscard]] UploadResult interrupted() const override;

 private:
  void sent();
  void follow();
  void followed(const transport::LoadOutcome& outcome);
  /// `loss`: the server said that something is missing; false: it said nothing.
  void follow_later(Cause cause, bool loss);
  /// Asks for one delivery that has failed and is not tried again by the server itself; false:
  /// there is none to ask for.
  [[nodiscard]] bool ask_again(const dex::Info& info);
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  const DeliveryOptions& options_;
  Events events_;
  UploadResult result_;
  Requester requests_;
  std::unique_ptr<Upload> sending_;
  bool was_sent_ = false;
  Milliseconds poll_delay_{50};
  /// Of a target that was not delivered to.
  struct Failed {
    unsigned failures = 0;      ///< seen
    std::optional<Time> since;  ///< nullopt: it was asked for, and nothing came of that yet
    unsigned asked = 0;
  };
  std::map<std::string, Failed> failed_;
  Time waits_since_;  ///< for a delivery
};

}  // namespace loadgen
