// How the tool itself asks after the load: with credentials, and again when that may help.
#pragma once

#include <functional>

#include "system/client.hpp"
#include "transport/load_engine.hpp"
#include "upload/authorizer.hpp"

namespace loadgen {

/// On one loop; outlives what it asked.
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
  /// A lost connection, 429 and 5xx are tried again, and a 401 with a new token. A download that
  /// breaks off is not: it tells that the target cannot be read.
  void ask(Question question, transport::LoadTransport::Done done) {
    ask(std::move(question), std::move(done), false, 0);
  }
  void ask(transport::LoadRequest request, transport::LoadTransport::Done done) {
    ask({[request = std::move(request)] { return request; }}, std::move(done));
  }

 private:
  void ask(Question question, transport::LoadTransport::Done done, bool renewed, int attempt);

  transport::LoadTransport& transport_;
  Authorizer& authorizer_;
  const Client& client_;
  Milliseconds stall_timeout_;
};

}  // namespace loadgen
