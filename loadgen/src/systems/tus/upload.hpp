// One upload as a tus client does it: create, PATCH, and after a loss HEAD and PATCH again.
#pragma once

#include <cstdint>
#include <memory>
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
/// other 4xx end the upload, but in answer to HEAD they make a new one. On top: a 401 is answered
/// by one new token. What clients do otherwise are their TusHabits. Ends when the last byte is
/// acknowledged and the server knows that it was the last; of parts, when they are joined.
class TusUpload final : public Upload {
 public:
  TusUpload(const UploadHost& host, const TusClient& client, std::uint64_t index, Bytes size,
            Time intended, Events events);

  void start() override;
  [[nodiscard]] const UploadResult& result() const override { return result_; }
  [[nodiscard]] UploadResult interrupted() const override;

 private:
  /// PATCHes of the same bytes.
  struct Two {
    Two(const UploadHost& host, UploadResult& result) : second(host, result) {}
    Requester second;
    std::optional<transport::LoadOutcome> of_first, of_second;
  };

  void create();
  void created(Bytes carried, const transport::LoadOutcome& outcome);
  void go_on();
  /// The next bytes of the part, which `request` carries.
  void carry(transport::LoadRequest& request, Bytes length);
  /// All that is left of the part or one chunk of it; nothing where only its end is to be told.
  void patch();
  void send_patch(Bytes length, const std::string& checksum);
  void tell_end(transport::LoadRequest& patch, bool last) const;
  void patched(Bytes from, const transport::LoadOutcome& outcome);
  /// Counts what a request sent, whatever became of it.
  void count_sent(Bytes from, const transport::LoadOutcome& outcome);
  void go_on_from(Bytes from, const transport::LoadOutcome& outcome);
  /// `patch`, and the same once more by another connection.
  void send_twice(transport::LoadRequest patch);
  /// Once both are answered.
  void patched_twice(Bytes from);
  void head();
  void headed(const transport::LoadOutcome& outcome);
  void begin_again(const Cause& cause);
  void was_sent(ByteRange bytes);
  /// In positions of the file.
  void advance_to(Bytes offset);
  void next_part();
  void join();
  void count_unsent();
  /// Takes the URL that an answer to a creation names; false: there is none to follow, and the
  /// upload has failed.
  [[nodiscard]] bool located(const transport::LoadOutcome& outcome);
  [[nodiscard]] Bytes next_length() const;
  /// Waits and continues (create or HEAD), or gives up.
  void retry(const Cause& cause, const transport::LoadOutcome& outcome);
  /// Retries or fails, by the status.
  void refused(const char* what, const transport::LoadOutcome& outcome);
  void all_acknowledged();
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  const TusClient& client_;
  const UploadOptions& options_;
  const TusHabits& habits_;
  SentFile file_;
  RetryBudget budget_;
  Events events_;
  UploadResult result_;
  Requester requests_{host_, result_};
  std::unique_ptr<Two> two_;  ///< PATCHes under way
  std::optional<Time> lost_at_;
  std::size_t limited_ = 0;         ///< 429s so far, where Retry-After is not heeded
  std::vector<std::string> parts_;  ///< URLs of those that are whole, where there are several
  ByteRange part_;                  ///< of the file, that goes to the present URL
  // Of the present URL:
  bool length_known_ = false;       ///< the server has said so
  bool length_may_arrive_ = false;  ///< a PATCH that told it had no answer
  Bytes farthest_;                  ///< ever acknowledged
  Bytes sent_to_;                   ///< no byte from here on was handed to a connection
  std::vector<ByteRange> unsent_;   ///< before `sent_to_`, in order: acknowledged without that
};

}  // namespace loadgen
