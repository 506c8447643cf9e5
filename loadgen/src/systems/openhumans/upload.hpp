// Uploads to Open Humans.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "payload/payload.hpp"
#include "system/requester.hpp"
#include "systems/openhumans/client.hpp"
#include "upload/retry.hpp"

namespace loadgen {

/// What both ways have in common. The protocol has no offsets: whatever of a file was lost on the
/// way, all of it is sent again. When to try again is as for tus, but a file that is not through
/// is no progress.
class OpenHumansUpload : public Upload {
 public:
  OpenHumansUpload(const UploadHost& host, const OpenHumansClient& client, std::uint64_t index,
                   Bytes size, Time intended, Events events);

  void start() final;
  [[nodiscard]] const UploadResult& result() const final { return result_; }
  [[nodiscard]] UploadResult interrupted() const final;

 protected:
  /// Does the next thing that has to be done, now or after a wait.
  virtual void go_on() = 0;

  [[nodiscard]] const OpenHumansClient& client() const { return client_; }
  [[nodiscard]] UploadResult& result() { return result_; }
  [[nodiscard]] Time now() const { return host_.transport.now(); }
  [[nodiscard]] const std::string& member() const { return client_.member_of(result_.index); }
  /// The field "metadata".
  [[nodiscard]] std::string metadata() const;
  void send(transport::LoadRequest request, Requester::Handler handler);
  /// The body of `request` becomes the file between `head` and `tail`.
  void send_file(transport::LoadRequest request, std::string head, std::string tail,
                 Requester::Handler handler, bool with_credentials);
  void acknowledge_all();
  /// Tries again or fails, by the status.
  void refused(const char* what, const transport::LoadOutcome& outcome);
  /// Waits and goes on, or gives up.
  void retry(const Cause& cause, const transport::LoadOutcome& outcome);
  void fail(Cause cause) { end(UploadState::failed, std::move(cause)); }
  void lose(Cause cause) { end(UploadState::lost, std::move(cause)); }
  /// The server has said that all of the file is there.
  void stored();

 private:
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  const OpenHumansClient& client_;
  const UploadOptions& options_;
  Payload payload_;
  RetryBudget budget_;
  Events events_;
  UploadResult result_;
  Requester requests_{host_, result_};
  bool was_sent_ = false;  ///< some of the file, or all of it
};

/// A form with the file.
class SimpleUpload final : public OpenHumansUpload {
 public:
  using OpenHumansUpload::OpenHumansUpload;

 private:
  void go_on() override;
  void answered(const transport::LoadOutcome& outcome);
};

/// A URL of the storage is asked for, the file is PUT there without any credentials, and then is
/// said to be complete. While the URL is good, what is lost is PUT there again; where it was
/// refused, which is also how it expires, a new one is asked for.
class DirectUpload final : public OpenHumansUpload {
 public:
  using OpenHumansUpload::OpenHumansUpload;

 private:
  void go_on() override;
  void begin();
  void begun(const transport::LoadOutcome& outcome);
  void put();
  void was_put(const transport::LoadOutcome& outcome);
  void complete();
  void completed(const transport::LoadOutcome& outcome);

  std::uint64_t id_ = 0;
  std::string storage_url_;  ///< empty: has to be asked for. A secret
  bool is_there_ = false;    ///< the storage has acknowledged the file
};

}  // namespace loadgen
