#include "verify/asker.hpp"

#include <string>
#include <utility>

#include "upload/cause.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

constexpr int get_attempts = 4;

}  // namespace

void Asker::ask(Question question, transport::LoadTransport::Done done, bool renewed, int attempt) {
  authorizer_.authorize([=, this](const Result<std::string>& credential) {
    LoadRequest request = question.request();
    request.stall_timeout = stall_timeout_;
    const std::string used = credential ? *credential : std::string{};
    if (question.with_credentials) {
      client_.dress(request);
      client_.present(used, request);
    }
    const bool download = request.sink != nullptr;
    transport_.send(std::move(request), [=, this](const LoadOutcome& outcome) {
      const int status = status_of(outcome);
      if (!renewed && question.with_credentials && status == 401 && authorizer_.refused(used)) {
        ask(question, done, true, attempt);
        return;
      }
      // A download that breaks off tells that the target cannot be read.
      const bool again = (status == 0 && !download) || status == 429 || status >= 500;
      if (again && attempt + 1 < get_attempts) {
        transport_.after(Milliseconds{500} * (1 << attempt),
                         [=, this] { ask(question, done, renewed, attempt + 1); });
        return;
      }
      done(outcome);
    });
  });
}

}  // namespace loadgen
