#include "verify/asker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "upload/cause.hpp"
#include "upload/retry.hpp"

namespace loadgen {
namespace {

using transport::LoadOutcome;
using transport::LoadRequest;

constexpr int most_attempts = 4;
constexpr unsigned enough_in_vain = 3;

bool is_no_answer(int status) { return status == 0 || status == 429 || status >= 500; }

}  // namespace

std::optional<Milliseconds> Asker::wait_after(const LoadOutcome& outcome, int attempt,
                                              bool download) const {
  const int status = status_of(outcome);
  const bool may_help = is_no_answer(status) && (status != 0 || !download);
  if (!may_help || attempt + 1 >= most_attempts || in_vain_ >= enough_in_vain) return std::nullopt;
  const Milliseconds ours = Milliseconds{500} * (1 << attempt);
  if (!outcome.response) return ours;
  return std::max(ours, retry_after(outcome.response->headers).value_or(Milliseconds{0}));
}

void Asker::ask(const Question& question, transport::LoadTransport::Done done, bool renewed,
                int attempt) {
  if (silent_ && in_vain_ >= enough_in_vain) {
    transport_.after(Milliseconds{0}, [done = std::move(done), asked = in_vain_] {
      LoadOutcome outcome;
      outcome.failure =
          transport::Failure{transport::Failure::Kind::timeout,
                             fmt::format("not asked: to {} before it nobody answered", asked)};
      done(std::move(outcome));
    });
    return;
  }
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
      if (const auto wait = wait_after(outcome, attempt, download)) {
        transport_.after(*wait, [=, this] { ask(question, done, renewed, attempt + 1); });
        return;
      }
      in_vain_ = is_no_answer(status) ? in_vain_ + 1 : 0;
      silent_ = outcome.failure && outcome.failure->kind == transport::Failure::Kind::timeout;
      done(outcome);
    });
  });
}

}  // namespace loadgen
