// How the tool itself asks after the load: with credentials, and again when that may help.
#pragma once

#include <functional>
#include <optional>

#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"

namespace loadgen {

/// One kind of question, to which a target as a whole may have no answer. On one loop; outlives
/// what it asked.
class Asker {
 public:
  Asker(transport::LoadTransport& transport, Authorizer& authorizer, const Client& client,
        Milliseconds stall_timeout)
      : transport_(transport),
        authorizer_(authorizer),
        client_(client),
        stall_timeout_(stall_timeout) {}

  struct Question {
    std::function<transport::LoadRequest()> request;  ///< made anew for every attempt
    bool with_credentials = true;
  };
  /// Lost connections, 429 and 5xx are tried again, and a 401 with a new token. A download that
  /// breaks off is not: it shows that the target cannot be read. After some questions in a row
  /// without an answer, each further one is asked only once. If the last of them met silence, no
  /// more are asked, so that the end of a run does not wait for silence upload by upload.
  void ask(const Question& question, transport::LoadTransport::Done done) {
    ask(question, std::move(done), false, 0);
  }
  void ask(transport::LoadRequest request, transport::LoadTransport::Done done) {
    ask({[request = std::move(request)] { return request; }}, std::move(done));
  }

 private:
  void ask(const Question& question, transport::LoadTransport::Done done, bool renewed,
           int attempt);
  /// How long to wait before asking again; nullopt: it would not help.
  [[nodiscard]] std::optional<Milliseconds> wait_after(const transport::LoadOutcome& outcome,
                                                       int attempt, bool download) const;

  transport::LoadTransport& transport_;
  Authorizer& authorizer_;
  const Client& client_;
  Milliseconds stall_timeout_;
  unsigned in_vain_ = 0;  ///< questions in a row without an answer
  bool silent_ = false;   ///< the last of them had no answer in all its time
};

}  // namespace loadgen
