#include "dex/deliveries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "dex/copy.hpp"
#include "dex/metrics.hpp"
#include "dex/reports.hpp"
#include "dex/spoiled_reader.hpp"
#include "protocol/http/date.hpp"
#include "store/in_background.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

constexpr const char* file_ready = "FileReady";
constexpr const char* no_source = "source file does not exist";
/// How soon a record that could not be read is looked at again.
constexpr Milliseconds reread_delay{5000};

/// Whether a target has the upload, and how many attempts failed so far.
struct Outcome {
  bool delivered = false;
  unsigned failures = 0;
};
Outcome outcome_of(const std::vector<dex::Delivery>& attempts, const std::string& target) {
  Outcome outcome;
  for (const dex::Delivery& attempt : attempts) {
    if (attempt.name != target) continue;
    if (attempt.status == dex::delivery_state::success) outcome.delivered = true;
    if (attempt.status == dex::delivery_state::failure) ++outcome.failures;
  }
  return outcome;
}

}  // namespace

struct Deliveries::Job {
  Upload upload;
  std::string target;
  std::filesystem::path folder;
  Result<std::filesystem::path> path;  ///< below the folder, or why there is none
  unsigned retries_left = 0;
  unsigned attempt = 1;
  bool forgotten = false;
  bool asked = false;  ///< `plan` is what becomes of this attempt
  EffectPlan plan = {};

  [[nodiscard]] Key key() const { return {upload.id, target}; }
  /// Where this attempt copies to, below the folder.
  [[nodiscard]] Result<std::filesystem::path> place() const {
    return plan.path ? Result<std::filesystem::path>(*plan.path) : path;
  }
};

Deliveries::Deliveries(DeliveryConfig config, DeliveryOptions options, Store& store, Loop& loop,
                       Reports& reports, Metrics& metrics, Notify notify)
    : config_(std::move(config)),
      options_(options),
      store_(store),
      loop_(loop),
      reports_(reports),
      metrics_(metrics),
      notify_(std::move(notify)),
      delayed_(loop) {
  for (const DeliveryTarget& target : config_.targets) metrics_.delivery_target(target.name);
}
Deliveries::~Deliveries() = default;

Result<std::vector<dex::Delivery>*> Deliveries::record_of(const std::string& id) {
  const auto found = records_.find(id);
  if (found != records_.end()) return &found->second;
  auto recovered = reports_.recover_deliveries(id);
  if (!recovered) return tl::unexpected(recovered.error());
  return &records_.emplace(id, std::move(*recovered)).first->second;
}

Result<std::optional<std::vector<dex::Delivery>>> Deliveries::attempts(const std::string& id) {
  const auto record = record_of(id);
  if (!record) return tl::unexpected(record.error());
  return (*record)->empty() ? std::nullopt : std::optional(**record);
}

bool Deliveries::is_delivered(const Upload& upload) {
  return tus_of(upload).kind != tus::UploadKind::partial ||
         effects_->before({Effect::Kind::part, {}}, upload).deliver;
}

void Deliveries::deliver(const Upload& upload) {
  if (!is_delivered(upload)) return;
  const dex::Manifest manifest = dex::manifest_of(tus_of(upload).metadata);
  const auto* group = config_.group_of(manifest);
  if (!group) return;
  const auto record = record_of(upload.id);
  if (!record) return deliver_later(upload, record.error());
  for (const RoutedTarget& routed : *group) {
    const Outcome outcome = outcome_of(**record, routed.name);
    const bool exhausted = outcome.failures > options_.retries;
    if (outcome.delivered || exhausted || pending_.contains({upload.id, routed.name})) continue;
    auto path = routed.path.render(upload.id, manifest);
    const auto announced = reports_.has_file_ready(upload.id, routed.name);
    if (!announced) return deliver_later(upload, announced.error());
    if (!*announced) {
      reports_.file_ready(upload, routed.name, path ? path->string() : std::string{});
      metrics_.published(file_ready);
    }
    enqueue(std::make_shared<Job>(Job{upload, routed.name, config_.target(routed.name)->folder,
                                      std::move(path), options_.retries - outcome.failures,
                                      outcome.failures + 1}));
  }
  unreadable_.erase(upload.id);
}

/// Not knowing what was delivered is no reason to deliver it again.
void Deliveries::deliver_later(const Upload& upload, const Error& why) {
  if (unreadable_.insert(upload.id).second && notify_) {
    notify_({"report",
             {},
             upload.id,
             "it is not delivered as long as what was delivered cannot be read: " + why.what});
  }
  if (!postponed_.insert(upload.id).second) return;
  delayed_.in(reread_delay, [this, upload] {
    if (postponed_.erase(upload.id) > 0) deliver(upload);
  });
}

tl::expected<void, RedeliveryRefusal> Deliveries::redeliver(const std::string& id,
                                                            const std::string& target) {
  if (!is_upload_id(id)) return tl::unexpected(RedeliveryRefusal::no_source);
  const auto upload = store_.find(id);
  if (!upload || !is_tus(*upload) || !upload->complete() || !is_delivered(*upload)) {
    return tl::unexpected(RedeliveryRefusal::no_source);
  }
  const DeliveryTarget* destination = config_.target(target);
  if (!destination) return tl::unexpected(RedeliveryRefusal::unknown_target);
  const dex::Manifest manifest = dex::manifest_of(tus_of(*upload).metadata);
  const auto* group = config_.group_of(manifest);
  if (!group) return tl::unexpected(RedeliveryRefusal::not_routed);
  const auto routed = std::find_if(group->begin(), group->end(),
                                   [&](const RoutedTarget& t) { return t.name == target; });
  if (routed == group->end()) return tl::unexpected(RedeliveryRefusal::not_routed);
  if (!record_of(id)) return tl::unexpected(RedeliveryRefusal::unreadable);
  auto path = routed->path.render(id, manifest);
  reports_.file_ready(*upload, target, path ? path->string() : std::string{});
  metrics_.published(file_ready);
  enqueue(std::make_shared<Job>(
      Job{*upload, target, destination->folder, std::move(path), options_.retries}));
  return {};
}

void Deliveries::forget(const std::string& id) {
  for (auto at = pending_.lower_bound({id, {}}); at != pending_.end() && at->first.first == id;
       ++at) {
    at->second->forgotten = true;
  }
  records_.erase(id);
  unreadable_.erase(id);
  postponed_.erase(id);
}

void Deliveries::enqueue(std::shared_ptr<Job> job) {
  pending_.emplace(job->key(), job);
  queue_.push_back(std::move(job));
  start_some();
}

void Deliveries::start_some() {
  for (auto next = queue_.begin();
       next != queue_.end() && running_.size() < options_.concurrency;) {
    const std::shared_ptr<Job> job = *next;
    // Two copies of one upload to one place would share a temporary file.
    if (running_.contains(job->key())) {
      ++next;
      continue;
    }
    next = queue_.erase(next);
    if (job->forgotten) {
      settle(job);
    } else if (admitted(job)) {
      start(job);
    }
  }
  metrics_.queue(queue_.size());
}

bool Deliveries::admitted(const std::shared_ptr<Job>& job) {
  if (job->asked) return true;
  job->asked = true;
  job->plan = effects_->before({Effect::Kind::delivery, job->target, job->attempt}, job->upload);
  if (job->plan.drop) {
    settle(job);
    return false;
  }
  if (job->plan.delay <= Milliseconds{0}) return true;
  delayed_.in(job->plan.delay, [this, job] {
    queue_.push_back(job);
    start_some();
  });
  return false;
}

/// What is to be copied, as the plan has it.
StoreResult<std::unique_ptr<Reader>> Deliveries::open_source(const Job& job) {
  const auto& plan = job.plan;
  auto opened = store_.open(plan.from.value_or(job.upload.id));
  if (!opened && plan.from) opened = store_.open(job.upload.id);
  if (!opened || (!plan.bytes && plan.corrupt.empty())) return opened;
  return spoiled_reader(std::move(*opened), plan.bytes, plan.corrupt);
}

void Deliveries::start(const std::shared_ptr<Job>& job) {
  running_.insert(job->key());
  metrics_.delivery_started(job->target);
  metrics_.subscribed(file_ready);
  const TimePoint started = loop_.now();
  Result<void> outcome;
  const auto done = [this, alive = std::weak_ptr<const bool>(alive_), job,
                     started](const Result<void>& ended) {
    if (!alive.expired()) finish(job, ended, started);
  };
  std::unique_ptr<Reader> reader;
  if (job->plan.fail) {
    outcome = failure({}, *job->plan.fail);
  } else if (job->plan.pretend) {
    // reported as done, but not done
  } else if (const auto place = job->place(); !place) {
    outcome = tl::unexpected(place.error());
  } else if (auto opened = open_source(*job); opened) {
    reader = std::move(*opened);
  } else {
    const StoreError& error = opened.error();
    outcome = failure({}, error.kind == StoreError::Kind::not_found || error.detail.empty()
                              ? no_source
                              : error.detail);
  }
  if (!reader) return loop_.post([done, outcome = std::move(outcome)] { done(outcome); });
  in_background(
      loop_,
      [job, reader = std::move(reader)]() -> StoreResult<Result<void>> {
        return copy_to_file(*reader, job->folder / *job->place(),
                            "." + job->upload.id + "." +
                                std::to_string(std::hash<std::string>{}(job->target)) + ".partial");
      },
      [done](const StoreResult<Result<void>>& copied) {
        done(copied ? *copied : failure({}, copied.error().detail));
      });
}

void Deliveries::finish(const std::shared_ptr<Job>& job, const Result<void>& outcome,
                        TimePoint started) {
  running_.erase(job->key());
  const TimePoint now = loop_.now();
  metrics_.delivery_ended(job->target, outcome.has_value(), job->upload.offset,
                          std::chrono::duration_cast<Milliseconds>(now - started));
  dex::Delivery attempt;
  attempt.name = job->plan.rename.value_or(job->target);
  attempt.delivered_at = ::http::format_rfc3339(now);
  if (outcome) {
    attempt.status = dex::delivery_state::success;
    // Without "./", as DEX tells it.
    if (const auto place = job->place())
      attempt.location = (job->folder / *place).lexically_normal().string();
  } else {
    attempt.status = dex::delivery_state::failure;
    auto issue = outcome.error();
    // The file is named by its place in the target, not by its path at the server.
    if (const auto place = job->place(); place && issue.where.starts_with(job->folder.string())) {
      issue.where = place->string();
    }
    attempt.issues.emplace().push_back({"ERROR", issue.line()});
    tell(*job, outcome.error());
  }
  const auto record = record_of(job->upload.id);  // before the report, which it would be read from
  reports_.file_copy(job->upload, attempt, started);
  if (record) (*record)->push_back(std::move(attempt));
  if (job->forgotten) records_.erase(job->upload.id);
  if (outcome) effects_->delivered(job->target, job->upload);
  if (!outcome && job->retries_left > 0 && !job->forgotten) {
    --job->retries_left;
    ++job->attempt;
    job->asked = false;
    retry_later(job);
  } else if (job->plan.repeat > 0 && !job->forgotten) {
    --job->plan.repeat;
    job->plan.delay = Milliseconds{0};
    queue_.push_back(job);
  } else {
    settle(job);
  }
  start_some();
}

/// Without the place: names in it may be the sender's.
void Deliveries::tell(const Job& job, const Error& error) const {
  if (!notify_) return;
  notify_({"delivery",
           {},
           job.upload.id,
           fmt::format("delivery to {} failed in attempt {}, {} left: {}", job.target, job.attempt,
                       job.retries_left, error.what)});
}

void Deliveries::settle(const std::shared_ptr<Job>& job) {
  auto [at, end] = pending_.equal_range(job->key());
  at = std::find_if(at, end, [&](const auto& entry) { return entry.second == job; });
  if (at != end) pending_.erase(at);
}

void Deliveries::retry_later(const std::shared_ptr<Job>& job) {
  if (options_.retry_delay == Milliseconds{0}) return queue_.push_back(job);
  delayed_.in(options_.retry_delay, [this, job] {
    queue_.push_back(job);
    start_some();
  });
}

}  // namespace mock
