// An upload that is made step by step.
#pragma once

#include <optional>
#include <string>

#include "payload/payload.hpp"
#include "system/client.hpp"
#include "system/requester.hpp"
#include "upload/retry.hpp"
#include "upload/upload.hpp"

namespace loadgen {

/// What a body holds of the file, and what is around it.
struct FileBody {
  Bytes from;
  Bytes length;
  std::string head = {};
  std::string tail = {};
};

/// For protocols without offsets: if some of a body is lost, all of it is sent again. Retries are
/// as for tus, but a body that did not get through is no progress.
class SteppedUpload : public Upload {
 public:
  SteppedUpload(const UploadHost& host, std::uint64_t index, Bytes size, Time intended,
                Events events);

  void start() final;
  [[nodiscard]] const UploadResult& result() const final { return result_; }
  [[nodiscard]] UploadResult interrupted() const final;

 protected:
  /// Does the next thing that has to be done, now or after a wait.
  virtual void go_on() = 0;
  /// The client's process has ended. No client of these protocols stores what it has begun, so the
  /// first thing is to be done again.
  virtual void forget() = 0;

  [[nodiscard]] const UploadOptions& options() const { return host_.client.options(); }
  [[nodiscard]] const Payload& payload() const { return payload_; }
  [[nodiscard]] UploadResult& result() { return result_; }
  [[nodiscard]] Time now() const { return host_.transport.now(); }
  /// Separates the parts of a form. A pure function of seed and upload; with 64 bits it is all but
  /// certain that the file does not contain it.
  [[nodiscard]] std::string boundary() const;
  /// With the credentials of the run.
  void send(transport::LoadRequest request, Requester::Handler handler);
  /// Without them: to a storage, for which requests are signed.
  void send_bare(transport::LoadRequest request, Requester::Handler handler);
  /// The body of `request` becomes `body`.
  void send_file(transport::LoadRequest request, FileBody body, Requester::Handler handler,
                 bool with_credentials);
  /// The URL that an answer to `what` named in its field `name`; nullopt: it cannot be followed,
  /// and the upload has failed.
  [[nodiscard]] std::optional<std::string> followed(const char* what, const char* name,
                                                    const std::string& url);
  /// The server has that many bytes more.
  void acknowledge(Bytes more);
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
  Payload payload_;
  RetryBudget budget_;
  Events events_;
  UploadResult result_;
  Requester requests_{host_, result_};
};

}  // namespace loadgen
