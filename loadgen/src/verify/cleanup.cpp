#include "verify/cleanup.hpp"

#include <utility>

#include "upload/cause.hpp"

namespace loadgen {
namespace {
constexpr std::uint64_t at_once = 8;
}

void Cleanup::run(std::function<std::optional<std::string>()> next, std::function<void()> done) {
  next_ = std::move(next);
  done_ = std::move(done);
  fill();
}

void Cleanup::fill() {
  while (in_flight_ < at_once) {
    const auto url = next_();
    if (!url) break;
    auto request = client_.removal(*url);
    if (!request) {
      ++left_;
      continue;
    }
    ++in_flight_;
    asker_.ask(*std::move(request), [this](const transport::LoadOutcome& outcome) {
      const int status = status_of(outcome);
      ++(status / 100 == 2 || status == 404 || status == 410 ? removed_ : left_);
      --in_flight_;
      fill();
    });
  }
  if (in_flight_ == 0 && done_) std::exchange(done_, nullptr)();
}

}  // namespace loadgen
