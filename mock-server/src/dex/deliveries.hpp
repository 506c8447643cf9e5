// Copies finished uploads to the targets their routing group names (rows DEX-DELIV-*).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dex/delayed.hpp"
#include "dex/delivery_config.hpp"
#include "effects.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/error.hpp"
#include "store/store.hpp"

namespace mock {

class Metrics;
class Reports;

struct DeliveryOptions {
  unsigned retries = 3;         ///< after the first attempt (DEX-DELIV-007)
  Milliseconds retry_delay{0};  ///< DEX puts what failed back into its queue at once
  std::size_t concurrency = 4;  ///< copies under way at the same time; each holds one reader
};

/// Why a redelivery was not started; in the order they are looked for.
enum class RedeliveryRefusal {
  no_source,       ///< no such upload, or it is not finished
  unknown_target,  ///< no target of that name
  not_routed,      ///< the upload's stream has no group, or its group does not name the target
  unreadable,      ///< what was delivered before cannot be read now
};

/// Loop thread only; the copying itself runs in Loop::background. Everything given by reference
/// outlives it. Every attempt is recorded, in memory and as a blob-file-copy report; after a
/// restart the reports are the record, and nothing is delivered while they cannot be read. Delivery
/// is at least once: a kill between a copy and its report, or a report that could not be written,
/// has the copy made again.
class Deliveries {
 public:
  Deliveries(DeliveryConfig config, DeliveryOptions options, Store& store, Loop& loop,
             Reports& reports, Metrics& metrics, Notify notify = {});
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Queues a finished upload for each target that has neither a success nor all its failures on
  /// record; so calling it twice delivers once, and calling it after a restart finishes the job.
  /// Partial uploads are not delivered (TUS-CONCAT-027), unless a rule says so.
  void deliver(const Upload& upload);
  /// Delivers once more, with retries of its own.
  [[nodiscard]] tl::expected<void, RedeliveryRefusal> redeliver(const std::string& id,
                                                                const std::string& target);
  /// The attempts so far, oldest first; nullopt before the first (DEX-INFO-009). An Error when they
  /// cannot be read now.
  [[nodiscard]] Result<std::optional<std::vector<dex::Delivery>>> attempts(const std::string& id);
  /// Starts no further attempt for a terminated upload, and drops its record.
  void forget(const std::string& id);

  [[nodiscard]] const DeliveryConfig& config() const { return config_; }
  /// From now on asked before each attempt; outlives this.
  void use(Effects& effects) { effects_ = &effects; }

 private:
  struct Job;
  using Key = std::pair<std::string, std::string>;  ///< upload id, target

  [[nodiscard]] bool is_delivered(const Upload& upload);
  /// Valid until `id` is forgotten.
  Result<std::vector<dex::Delivery>*> record_of(const std::string& id);
  void deliver_later(const Upload& upload, const Error& why);
  void enqueue(std::shared_ptr<Job> job);
  void start_some();
  void start(const std::shared_ptr<Job>& job);
  StoreResult<std::unique_ptr<Reader>> open_source(const Job& job);
  /// Asks what becomes of the attempt; false: it is not made now.
  bool admitted(const std::shared_ptr<Job>& job);
  void finish(const std::shared_ptr<Job>& job, const Result<void>& outcome, TimePoint started);
  void retry_later(const std::shared_ptr<Job>& job);
  void settle(const std::shared_ptr<Job>& job);
  void tell(const Job& job, const Error& error) const;

  DeliveryConfig config_;
  DeliveryOptions options_;
  Store& store_;
  Loop& loop_;
  Reports& reports_;
  Metrics& metrics_;
  Notify notify_;
  std::unordered_map<std::string, std::vector<dex::Delivery>> records_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::set<std::string> unreadable_;  ///< ids of uploads whose record cannot be read; told once
  std::set<std::string> postponed_;   ///< those that wait to be looked at again
  std::set<Key> running_;
  std::multimap<Key, std::shared_ptr<Job>> pending_;  ///< queued, running or waiting for a retry
  Effects correct_;
  Effects* effects_ = &correct_;
  std::shared_ptr<const bool> alive_ =
      std::make_shared<bool>(true);  ///< for callbacks that outlive us
  Delayed delayed_;
};

}  // namespace mock
