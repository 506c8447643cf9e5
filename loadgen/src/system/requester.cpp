#include "system/requester.hpp"

#include <utility>

#include "upload/cause.hpp"

namespace loadgen {

using transport::Failure;
using transport::LoadOutcome;
using transport::LoadRequest;

void Requester::send(LoadRequest request, Handler handler, bool renewed) {
  if (const std::string* const credential = host_.authorizer.given()) {
    host_.client.dress(request);
    host_.client.present(*credential, request);
    ++result_.requests;
    host_.transport.send(std::move(request), std::move(handler));
    return;
  }
  host_.authorizer.authorize(
      host_.transport, [this, request = std::move(request), handler = std::move(handler),
                        renewed](const Result<std::string>& credential) mutable {
        if (!credential) {
          LoadOutcome outcome;
          outcome.failure = Failure{Failure::Kind::other, credential.error().line()};
          handler(std::move(outcome));
          return;
        }
        host_.client.dress(request);
        host_.client.present(*credential, request);
        ++result_.requests;
        LoadRequest copy = request;
        host_.transport.send(
            std::move(copy), [this, request = std::move(request), handler = std::move(handler),
                              renewed, used = *credential](LoadOutcome outcome) mutable {
              if (!renewed && status_of(outcome) == 401 && host_.authorizer.refused(used)) {
                under_way = Bytes{0};
                result_.sent += request.of_file(outcome.sent);
                send(std::move(request), std::move(handler), true);
                return;
              }
              handler(std::move(outcome));
            });
      });
}

}  // namespace loadgen
