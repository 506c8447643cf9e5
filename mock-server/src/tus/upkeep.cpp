#include "tus/upkeep.hpp"

#include <algorithm>
#include <utility>

#include "loop/loop.hpp"
#include "protocol/tus/headers.hpp"
#include "store/in_background.hpp"
#include "store/store.hpp"
#include "tus/discovery.hpp"
#include "tus/locks.hpp"
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

}  // namespace

class Upkeep::PartsNoticed : public Hooks {
 public:
  PartsNoticed(Hooks& behind, Upkeep& upkeep) : behind_(behind), upkeep_(upkeep) {}

  tl::expected<void, Reply> before_create(const Request& request, Upload& upload) override {
    return behind_.before_create(request, upload);
  }
  void after_create(const Upload& upload) override { behind_.after_create(upload); }
  void after_receive(const Upload& upload) override { behind_.after_receive(upload); }
  tl::expected<void, Reply> before_finish(const Upload& upload) override {
    return behind_.before_finish(upload);
  }
  void after_finish(const Upload& upload) override {
    behind_.after_finish(upload);
    if (upload.kind != tus::UploadKind::partial) return;
    // Looked up: a final may have come to wait for it while its last bytes arrived.
    const auto part = upkeep_.services_.store.find(upload.id);
    if (!part) return;
    for (const auto& id : part->finals) upkeep_.join_when_ready(id);
  }
  void after_terminate(const Upload& upload) override { behind_.after_terminate(upload); }

 private:
  Hooks& behind_;
  Upkeep& upkeep_;
};

Upkeep::Upkeep(const Services& services, const TusOptions& options)
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
  if (!started_ || std::exchange(visiting_, true)) return;
  to_visit_ = services_.store.ids();
  visit_some(0);
}

void Upkeep::stop() {
  started_ = false;
  next_.reset();
}

void Upkeep::visit_some(std::size_t from) {
  const auto end = std::min(from + handful, to_visit_.size());
  for (auto i = from; i < end; ++i) visit(to_visit_[i]);
  if (end < to_visit_.size()) {
    return services_.loop.post([this, end, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) visit_some(end);
    });
  }
  to_visit_.clear();
  visiting_ = false;
  if (!started_) return;
  next_ = services_.loop.after(between_passes(), [this] {
    // Not inside its own callback: that would destroy the function that runs.
    services_.loop.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) sweep();
    });
  });
}

void Upkeep::visit(const std::string& id) {
  const auto upload = services_.store.find(id);
  if (!upload) return;
  if (!has_expired(*upload, services_.loop.now() - remembered)) {
    if (upload->awaits_parts()) join_when_ready(id);
    return;
  }
  if (services_.locks.locked(id) || !services_.store.remove(id)) return;
  services_.hooks.after_terminate(*upload);
}

void Upkeep::join_when_ready(const std::string& final_id) {
  const auto upload = services_.store.find(final_id);
  if (!upload || !upload->awaits_parts() || joining_.count(final_id) > 0) return;
  for (const auto& id : upload->parts) {
    const auto part = services_.store.find(id);
    if (!part || !part->complete()) return;
  }
  // What fails here is tried again in the next pass.
  auto join = services_.store.join(*upload);
  if (!join) return;
  joining_.insert(final_id);
  in_background(services_.loop, std::move(join->work),
                [this, commit = std::move(join->commit), final_id,
                 alive = std::weak_ptr(alive_)](const StoreResult<void>& copied) {
                  if (alive.expired()) return;
                  joining_.erase(final_id);
                  // It may have been deleted meanwhile.
                  const auto waiting = services_.store.find(final_id);
                  if (!waiting || !waiting->awaits_parts()) return;
                  if (copied && commit()) joined(final_id);
                });
}

void Upkeep::joined(const std::string& final_id) {
  const auto upload = services_.store.find(final_id);
  // Nobody waits for an answer that could tell what the hooks think of it.
  if (upload) std::ignore = finish(services_.hooks, *upload);
}

Milliseconds Upkeep::between_passes() const {
  if (!offers(options_, ext::expiration)) return at_least_every;
  return std::clamp(*options_.expire_after / 2, at_most_every, at_least_every);
}

}  // namespace mock
