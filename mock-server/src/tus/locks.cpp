#include "tus/locks.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace mock {

namespace {

struct Holder {
  std::uint64_t ticket = 0;
  std::function<void()> revoked;
};

struct Table {
  std::map<std::string, Holder, std::less<>> holders;
  std::uint64_t tickets = 0;
};

class HeldLease : public Lease {
 public:
  HeldLease(std::shared_ptr<Table> table, std::string id, std::uint64_t ticket)
      : table_(std::move(table)), id_(std::move(id)), ticket_(ticket) {}
  ~HeldLease() override {
    const auto holder = table_->holders.find(id_);
    if (holder != table_->holders.end() && holder->second.ticket == ticket_) {
      table_->holders.erase(holder);
    }
  }

 private:
  std::shared_ptr<Table> table_;
  std::string id_;
  std::uint64_t ticket_;
};

class TableLocks : public Locks {
 public:
  std::unique_ptr<Lease> acquire(std::string_view id, std::function<void()> revoked) override {
    if (const auto holder = table_->holders.find(id); holder != table_->holders.end()) {
      // A copy: letting go destroys the entry that the callback lives in.
      if (const auto tell = holder->second.revoked) tell();
      if (locked(id)) return nullptr;
    }
    const auto ticket = ++table_->tickets;
    table_->holders.emplace(std::string(id), Holder{ticket, std::move(revoked)});
    return std::make_unique<HeldLease>(table_, std::string(id), ticket);
  }

  bool locked(std::string_view id) const override { return table_->holders.count(id) > 0; }

 private:
  // Shared, so that a lease may outlive the Locks.
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace

std::unique_ptr<Locks> make_locks() { return std::make_unique<TableLocks>(); }

}  // namespace mock
