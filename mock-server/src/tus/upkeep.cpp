#include "tus/upkeep.hpp"

#include <algorithm>
#include <utility>

#include "loop/loop.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "store/in_background.hpp"
#include "store/locks.hpp"
#include "store/store.hpp"
#include "tus/discovery.hpp"
#include "tus/operation.hpp"

namespace mock {

namespace {

namespace ext = tus::extension;

// A store may hold a great many uploads: between two handfuls requests are served.
constexpr std::size_t handful = 64;
// How long an expired upload is remembered, to be answered 410 Gone and not 404.
constexpr Milliseconds remembered{60'000};
constexpr Milliseconds at_most_every{1'000};
constexpr Milliseconds at_least_every{60'000};
// A store that fails is asked again soon.
constexpr Milliseconds after_failure{1'000};
// Each holds descriptors, and room for the whole final.
constexpr std::size_t joins_at_once = 4;

}  // namespace

class Upkeep::PartsNoticed : public Hooks {
 public:
  PartsNoticed(Hooks& behind, Upkeep& upkeep) : behind_(behind), upkeep_(upkeep) {}

  tl::expected<void, Reply> before_create(const Request& request, Upload& upload) override {
    return behind_.before_create(request, upload);
  }
  void after_create(const Upload& upload) override {
    behind_.after_create(upload);
    if (!awaits_parts(upload)) return;
    upkeep_.ready_.insert(upload.id);
    upkeep_.join_some();
  }
  void after_receive(const Upload& upload) override { behind_.after_receive(upload); }
  tl::expected<void, Reply> before_finish(const Upload& upload) override {
    return behind_.before_finish(upload);
  }
  void after_finish(const Upload& upload) override {
    behind_.after_finish(upload);
    if (tus_of(upload).kind == tus::UploadKind::partial) upkeep_.part_finished(upload.id);
  }
  void after_terminate(const Upload& upload) override {
    behind_.after_terminate(upload);
    upkeep_.waiting_.forget(upload.id);
  }

 private:
  Hooks& behind_;
  Upkeep& upkeep_;
};

Upkeep::Upkeep(const TusServices& services, const TusOptions& options)
    : services_(services),
      options_(options),
      hooks_(std::make_unique<PartsNoticed>(services.hooks, *this)) {}

Upkeep::~Upkeep() = default;

Hooks& Upkeep::hooks() { return *hooks_; }

void Upkeep::start() {
  if (!offers(options_, ext::expiration) && !offers(options_, ext::concatenation_unfinished)) {
    return;
  }
  started_ = true;
  sweep();
}

void Upkeep::sweep() {
  if (!started_) return;
  // An upload that this pass has visited already would wait for the next pass, up to a minute.
  if (visiting_) {
    asked_again_ = true;
    return;
  }
  visiting_ = true;
  visit_some({});
}

void Upkeep::stop() {
  started_ = false;
  next_.reset();
}

void Upkeep::visit_some(const std::string& after) {
  auto pause = after_failure;
  try {
    const auto ids = services_.store.list_after(after, handful);
    if (ids) {
      for (const auto& id : *ids) visit(id);
      join_some();
      if (ids->size() == handful) {
        return services_.loop.post([this, last = ids->back(), alive = std::weak_ptr(alive_)] {
          if (!alive.expired()) visit_some(last);
        });
      }
      // Only after a listing that worked; one that failed is repeated soon.
      pause = between_passes();
    }
  } catch (...) {
    // This ends the pass, not the upkeep.
    services_.loop.trouble("a pass over all uploads", std::current_exception());
  }
  visiting_ = false;
  if (std::exchange(asked_again_, false)) pause = Milliseconds{0};
  if (started_) next_pass(pause);
}

void Upkeep::next_pass(Milliseconds delay) {
  next_ = services_.loop.after(delay, [this] {
    // Posted: Loop does not promise that a callback may destroy its own Timer.
    services_.loop.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) sweep();
    });
  });
}

void Upkeep::visit(const std::string& id) {
  const auto upload = services_.store.find(id);
  if (!upload || !is_tus(*upload)) return;
  if (!has_expired(*upload, services_.loop.now() - remembered)) {
    if (awaits_parts(*upload) && !still_waits(id)) ready_.insert(id);
    return;
  }
  if (services_.locks.locked(id) || !services_.store.remove(id)) return;
  hooks_->after_terminate(*upload);
}

bool Upkeep::still_waits(const std::string& final_id) const {
  const auto* part_id = waiting_.part_of(final_id);
  if (part_id == nullptr) return false;
  const auto part = services_.store.find(*part_id);
  return !part || !part->complete();
}

void Upkeep::part_finished(const std::string& id) {
  for (auto& final_id : waiting_.take(id)) ready_.insert(std::move(final_id));
  join_some();
}

/// A handful at a time, as a great many finals may have waited for the same part.
void Upkeep::join_some() {
  std::size_t seen = 0;
  while (!ready_.empty() && joining_.size() < joins_at_once && seen < handful) {
    const auto final_id = std::move(ready_.extract(ready_.begin()).value());
    seen += join_when_ready(final_id);
  }
  // When all joins are under way, the end of one calls this again.
  if (!ready_.empty() && joining_.size() < joins_at_once) join_some_soon();
}

void Upkeep::join_some_soon() {
  services_.loop.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) join_some();
  });
}

/// Notes the final under the first part that is not finished; joins it when there is none. Returns
/// how many uploads it looked at.
std::size_t Upkeep::join_when_ready(const std::string& final_id) {
  const auto upload = services_.store.find(final_id);
  if (!upload || !awaits_parts(*upload)) return 1;
  if (const auto under_way = joining_.find(final_id); under_way != joining_.end()) {
    under_way->second = Join::asked_for_again;
    return 1;
  }
  const auto most = options_.max_size.value_or(tus::max_length);
  Bytes sum;
  std::size_t seen = 1;
  for (const auto& id : upload->parts) {
    ++seen;
    const auto part = services_.store.find(id);
    // What cannot be looked up now is looked for again in the next pass.
    if (!part) return seen;
    if (!part->complete()) {
      waiting_.wait(final_id, id);
      return seen;
    }
    // Its parts told their lengths after it was created, and are too large together: it stays as it
    // is until it is deleted or expires. They are not refused for it: whoever sends a part need not
    // know of the final.
    if (part->offset > most - sum) return seen;
    sum += part->offset;
  }
  join(*upload);
  return seen;
}

void Upkeep::join(const Upload& final_upload) {
  // What fails here is tried again in the next pass, or at once if one came by in the meantime.
  auto join = services_.store.join(final_upload);
  if (!join) return;
  const auto final_id = final_upload.id;
  joining_.emplace(final_id, Join::begun);
  in_background(services_.loop, std::move(join->work),
                [this, commit = std::move(join->commit), final_id,
                 alive = std::weak_ptr(alive_)](const StoreResult<void>& copied) {
                  if (alive.expired()) return;
                  const bool again = joining_.extract(final_id).mapped() == Join::asked_for_again;
                  // It may have been deleted meanwhile.
                  const auto waiting = services_.store.find(final_id);
                  if (waiting && awaits_parts(*waiting) && copied && commit()) {
                    joined(final_id);
                  } else if (again) {
                    ready_.insert(final_id);
                  }
                  // Posted: this join clears away what it staged when it is destroyed, after this
                  // callback.
                  join_some_soon();
                });
}

void Upkeep::joined(const std::string& final_id) {
  const auto upload = services_.store.find(final_id);
  // No client waits for an answer, so nobody can be told what the hooks refuse.
  if (upload) std::ignore = finish(services_.hooks, *upload);
}

Milliseconds Upkeep::between_passes() const {
  if (!offers(options_, ext::expiration)) return at_least_every;
  return std::clamp(*options_.expire_after / 2, at_most_every, at_least_every);
}

}  // namespace mock
