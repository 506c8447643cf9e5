// An upload to DEX: its bytes go by tus, and what follows is asked of /info.
#pragma once

#include <functional>
#include <memory>

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
  /// `loss`: the server has told that something is missing, and not only not told anything.
  void follow_later(Cause cause, bool loss);
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  const DeliveryOptions& options_;
  Events events_;
  UploadResult result_;
  Requester requests_;
  std::unique_ptr<Upload> sending_;
  bool was_sent_ = false;
  Milliseconds poll_delay_{50};
};

}  // namespace loadgen
