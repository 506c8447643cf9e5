// One upload as a tus client does it: create, PATCH, and after a loss HEAD and PATCH again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "payload/payload.hpp"
#include "protocol/error.hpp"
#include "stats/result.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"
#include "upload/options.hpp"
#include "upload/retry.hpp"

namespace loadgen {

/// What the uploads of one loop share. Not owning: everything outlives every upload.
struct UploadHost {
  transport::LoadTransport& transport;
  Authorizer& authorizer;
  const UploadOptions& options;
};

/// The rules are tus-js-client's, so that a server meets what its users will send: delays that
/// start anew when the offset advanced; network errors, 5xx, 409 and 423 are followed by HEAD;
/// other 4xx end the upload, but in answer to HEAD they make a new one. On top: 429 waits for
/// Retry-After, and a 401 is answered by one new token. Lives on one loop; may be destroyed from
/// `Events::ended`, but not before.
class Upload {
 public:
  struct Events {
    std::function<void()> uploaded;           ///< the last byte was acknowledged, or never will be
    std::function<void()> ended;              ///< nothing more will happen; called after `uploaded`
    std::function<void(Bytes)> acknowledged;  ///< how much further the offset is
  };
  Upload(const UploadHost& host, std::uint64_t index, Bytes size, Time intended, Events events);

  void start();
  [[nodiscard]] const UploadResult& result() const { return result_; }
  /// As it is now, when the run ends before it: with what the request under way has sent.
  [[nodiscard]] UploadResult interrupted() const;

 private:
  using Handler = std::function<void(transport::LoadOutcome)>;
  /// Adds what every request carries, a token included, and renews that once after a 401.
  void request(transport::LoadRequest request, Handler handler, bool renewed = false);
  void create();
  void created(const transport::LoadOutcome& outcome);
  [[nodiscard]] bool may_follow(const std::string& url) const;
  void patch();
  void patched(Bytes from, const transport::LoadOutcome& outcome);
  void head();
  void headed(const transport::LoadOutcome& outcome);
  void begin_again(const Cause& cause);
  void advance_to(Bytes offset);
  /// Waits and continues (create or HEAD), or gives up.
  void retry(const Cause& cause, const transport::LoadOutcome& outcome);
  /// Retries or fails, by the status.
  void refused(const char* what, const transport::LoadOutcome& outcome);
  void all_acknowledged();
  void follow();
  void followed(const transport::LoadOutcome& outcome);
  void follow_later(Cause cause);
  void end(UploadState state, std::optional<Cause> cause);

  UploadHost host_;
  Payload payload_;
  RetryBudget budget_;
  Events events_;
  UploadResult result_;
  std::optional<Time> lost_at_;
  std::uint64_t waits_ = 0;  ///< 429 since the offset was last farther than ever
  Bytes farthest_;           ///< ever acknowledged, of the present URL
  Bytes under_way_;          ///< of the present request's body, handed over
  Milliseconds poll_delay_{50};
};

}  // namespace loadgen
