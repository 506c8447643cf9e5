#include "store/locks.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mock {

namespace {

using Instant = std::chrono::steady_clock::time_point;

/// How long a holder whose bytes keep coming is left alone after somebody else asked, and how long
/// its first byte may take.
constexpr Milliseconds longest_grace{1'000};
/// A holder of which nothing came for this long is taken for gone: a client that resumes has
/// noticed the end of the old connection long before the server does.
constexpr Milliseconds quiet{250};

struct Holder {
  std::function<void()> revoked;
  Instant since;
  std::optional<Instant> progressed = std::nullopt;
  std::optional<Instant> contested = std::nullopt;
};

struct Table {
  std::map<std::string, std::shared_ptr<Holder>, std::less<>> holders;
  SteadyNow now;
};

class HeldLease : public Lease {
 public:
  HeldLease(std::shared_ptr<Table> table, std::string id, std::shared_ptr<Holder> holder)
      : table_(std::move(table)), id_(std::move(id)), holder_(std::move(holder)) {}
  ~HeldLease() override {
    const auto holder = table_->holders.find(id_);
    if (holder != table_->holders.end() && holder->second == holder_) {
      table_->holders.erase(holder);
    }
  }
  void progressed() override { holder_->progressed = table_->now(); }

 private:
  std::shared_ptr<Table> table_;
  std::string id_;
  std::shared_ptr<Holder> holder_;
};

class TableLocks : public Locks {
 public:
  explicit TableLocks(SteadyNow now) { table_->now = std::move(now); }

  std::unique_ptr<Lease> acquire(std::string_view id, std::function<void()> revoked) override {
    if (const auto holder = table_->holders.find(id); holder != table_->holders.end()) {
      // Kept: letting go destroys the entry that the callback lives in.
      const auto kept = holder->second;
      if (kept->revoked) kept->revoked();
      if (locked(id)) return nullptr;
    }
    auto holder = std::make_shared<Holder>(Holder{std::move(revoked), table_->now()});
    table_->holders.emplace(std::string(id), holder);
    return std::make_unique<HeldLease>(table_, std::string(id), std::move(holder));
  }

  bool locked(std::string_view id) const override { return table_->holders.count(id) > 0; }

  std::vector<std::string> all_locked() const override {
    std::vector<std::string> ids;
    for (const auto& [id, holder] : table_->holders) ids.push_back(id);
    return ids;
  }

  Milliseconds grace(std::string_view id) override {
    const auto found = table_->holders.find(id);
    if (found == table_->holders.end()) return Milliseconds{0};
    auto& holder = *found->second;
    const auto now = table_->now();
    if (!holder.contested) holder.contested = now;
    const auto until =
        holder.progressed ? *holder.progressed + quiet : holder.since + longest_grace;
    const auto left = std::min(until, *holder.contested + longest_grace) - now;
    return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(left));
  }

 private:
  // Shared, so that a lease may outlive the Locks.
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace

std::unique_ptr<Locks> make_locks(SteadyNow now) {
  return std::make_unique<TableLocks>(std::move(now));
}

}  // namespace mock
