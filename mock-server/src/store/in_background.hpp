// Work on stored bytes off the loop: whatever goes wrong comes back as a value.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "loop/loop.hpp"
#include "loop/trouble.hpp"
#include "store/store.hpp"

namespace mock {

/// no_space when memory or a disk ran out, else io; nothing of what() is for a client.
[[nodiscard]] inline StoreError store_error_of(const std::exception_ptr& thrown) {
  const bool no_space = trouble_of(thrown).no_space;
  return {no_space ? StoreError::Kind::no_space : StoreError::Kind::io,
          no_space ? "no space is left" : "an unexpected failure"};
}

/// Runs `work` on a worker. On the loop, `done` gets the StoreResult that `work` returned, or the
/// error that stands for what it threw. Both are destroyed on the loop's thread. `done` may throw.
template <class Work, class Done>
void in_background(Loop& loop, Work work, Done done) {
  using Outcome = std::invoke_result_t<Work&>;
  struct Job {
    Work work;
    Done done;
    std::optional<Outcome> outcome;
  };
  auto job = std::make_shared<Job>(Job{std::move(work), std::move(done), std::nullopt});
  auto* const both = job.get();  // the completion owns it, and is there until the work is over
  loop.background([both] { both->outcome.emplace(both->work()); },
                  [job = std::move(job)](const std::exception_ptr& thrown) {
                    if (thrown) job->outcome.emplace(tl::unexpected(store_error_of(thrown)));
                    job->done(*std::move(job->outcome));
                  });
}

}  // namespace mock
