#include "verify/cleanup.hpp"

#include <utility>

#include "upload/cause.hpp"

namespace loadgen {
namespace {
constexpr std::uint64_t at_once = 8;
}

void Cleanup::run(std::vector<std::string> urls, std::function<void()> done) {
  urls_ = std::move(urls);
  done_ = std::move(done);
  fill();
}

void Cleanup::fill() {
  while (!urls_.empty() && in_flight_ < at_once) {
    auto request = client_.removal(urls_.back());
    urls_.pop_back();
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
  if (urls_.empty() && in_flight_ == 0 && done_) std::exchange(done_, nullptr)();
}

}  // namespace loadgen
