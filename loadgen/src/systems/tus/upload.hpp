// One upload as a tus client does it: create, PATCH, and after a loss HEAD and PATCH again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "payload/sent_file.hpp"
#include "system/requester.hpp"
#include "systems/tus/client.hpp"
#include "upload/retry.hpp"

namespace loadgen {

/// The rules are tus-js-client's, so that a server meets what its users will send: delays that
/// start anew when the offset advanced; network errors, 5xx, 409 and 423 are followed by HEAD;
/// other 4xx end the upload, but in answer to HEAD they make a new one. On top: 429 waits for
/// Retry-After, and a 401 is answered by one new token. Ends when the last byte is acknowledged.
class TusUpload final : public Upload {
 public:
  TusUpload(const UploadHost& host, const TusClient& client, std::uint64_t index, Bytes size,
            Time intended, Events events);

  void start() override;
  [[nodiscard]] const UploadResult& result() const override { return result_; }
  [[nodiscard]] UploadResult interrupted() const override;

 private:
  void create();
  void created(const transport::LoadOutcome& outcome);
  void patch();
  void patched(Bytes from, const transport::LoadOutcome& outcome);
  void head();
  void headed(const transport::LoadOutcome& outcome);
  void begin_again(const Cause& cause);
  void was_sent(ByteRange bytes);
  void advance_to(Bytes offset);
  /// Waits and continues (create or HEAD), or gives up.
  void retry(const Cause& cause, const transport::LoadOutcome& outcome);
  /// Retries or fails, by the status.
  void refused(const char* what, const transport::LoadOutcome& outcome);
  void all_acknowledged();
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  const TusClient& client_;
  const UploadOptions& options_;
  SentFile file_;
  RetryBudget budget_;
  Events events_;
  UploadResult result_;
  Requester requests_{host_, result_};
  std::optional<Time> lost_at_;
  // Of the present URL:
  Bytes farthest_;                 ///< ever acknowledged
  Bytes sent_to_;                  ///< no byte from here on was handed to a connection
  std::vector<ByteRange> unsent_;  ///< before `sent_to_`, in order: acknowledged without that
};

}  // namespace loadgen
