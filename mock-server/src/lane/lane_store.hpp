// A lane's view of the store that all lanes share: its own uploads, and none besides.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lane/clock.hpp"
#include "lane/lane_uploads.hpp"
#include "notice.hpp"
#include "store/store.hpp"

namespace mock {

/// Which uploads are in which lane; those of the main lane are left out, so that a server without
/// other lanes pays nothing. Loop thread only.
class LaneIndex {
 public:
  void add(const std::string& id, const std::string& lane);
  void remove(std::string_view id);
  [[nodiscard]] bool empty() const { return lane_of_.empty(); }
  /// Whether an upload is in that lane.
  [[nodiscard]] bool has(std::string_view lane) const { return ids_.contains(lane); }
  /// nullptr: it is in no lane but perhaps the main one. Valid until the next change.
  [[nodiscard]] const std::string* lane_of(std::string_view id) const;
  /// Sorted.
  [[nodiscard]] std::vector<std::string> ids(const std::string& lane) const;

 private:
  std::map<std::string, std::string, std::less<>> lane_of_;
  std::map<std::string, std::set<std::string>, std::less<>> ids_;
};

/// Puts the lane's name on what is created; an upload of another lane is not found. Bytes pass
/// unchecked: whoever appends, stages, truncates or updates has found the upload before. Everything
/// by reference outlives it. Loop thread only.
class LaneStore final : public Store {
 public:
  /// `notify` is told of every call that fails because the store has no space or failed itself.
  /// `prepare` is called before each upload of a lane but the main one is created: from then on the
  /// lane holds something.
  LaneStore(Store& store, LaneIndex& index, std::string lane, const LaneClock& clock,
            Notify notify = {}, std::function<StoreResult<void>()> prepare = {})
      : store_(store),
        index_(index),
        lane_(std::move(lane)),
        clock_(clock),
        notify_(std::move(notify)),
        prepare_(std::move(prepare)) {}

  // What is stored, kept up to date as it changes. Call `start` once, before the first request;
  // after it nothing walks the store underneath.

  /// Lists what is there. An Error: it cannot be listed; until `start` succeeds, each `list` asks
  /// the store again.
  StoreResult<void> start();
  /// Looks at up to `most` of what `start` found, beginning after `after`, so that they are
  /// counted. Returns where to go on; empty: all were looked at.
  [[nodiscard]] std::string look_at_some(const std::string& after, std::size_t most);
  /// By state at the lane's time; what was not looked at yet is not counted.
  [[nodiscard]] ServerMetrics::Uploads counts() { return uploads_->counts(clock_.now()); }

  /// Everything that is here is no longer found, and is to be removed.
  void condemn();
  [[nodiscard]] bool any_condemned() const { return uploads_->any_condemned(); }
  [[nodiscard]] std::string some_condemned() const { return uploads_->some_condemned(); }
  /// Removes one for good; nullopt: it was damaged, or it could not be removed and is here again.
  std::optional<Upload> remove_condemned(const std::string& id);

  /// From now on there is nothing here, and nothing can be made: for requests that are still in
  /// flight when a lane is closed.
  void close() { closed_ = true; }

  [[nodiscard]] bool keeps_bytes() const override { return store_.keeps_bytes(); }
  StoreResult<void> create(const Upload& upload) override;
  StoreResult<Upload> find(std::string_view id) override;
  [[nodiscard]] const Upload* peek(std::string_view id) override;
  StoreResult<void> update(const Upload& upload) override;
  StoreResult<Bytes> append(std::string_view id, Bytes at,
                            std::span<const std::byte> bytes) override;
  StoreResult<void> stage(std::string_view id) override;
  StoreResult<void> commit(std::string_view id) override;
  StoreResult<void> truncate(std::string_view id, Bytes length) override;
  StoreResult<void> roll_back(std::string_view id, Bytes length) override;
  StoreResult<void> remove(std::string_view id) override;
  StoreResult<void> withdraw(std::string_view id) override;
  StoreResult<std::unique_ptr<Reader>> open(std::string_view id) override;
  StoreResult<std::vector<std::string>> list() override;
  StoreResult<std::vector<std::string>> list_after(std::string_view after,
                                                   std::size_t most) override;
  StoreResult<Join> join(const Upload& final_upload) override;

 private:
  [[nodiscard]] StoreResult<void> check(std::string_view id);
  void tell(std::string_view id, const StoreError& error) const;
  [[nodiscard]] bool hidden(std::string_view id) const {
    return closed_ || (uploads_->any_condemned() && uploads_->condemned(id));
  }
  void look_at(std::string_view id);
  void failed(std::string_view id, const StoreError& error);
  void forget(std::string_view id);
  [[nodiscard]] Upload stamped(const Upload& upload) const;
  [[nodiscard]] bool is_main() const { return lane_.empty(); }

  Store& store_;
  LaneIndex& index_;
  std::string lane_;
  const LaneClock& clock_;
  Notify notify_;
  std::function<StoreResult<void>()> prepare_;
  bool closed_ = false;
  bool started_ = false;
  /// Shared with finals that are being joined: they may outlive the lane.
  std::shared_ptr<LaneUploads> uploads_ = std::make_shared<LaneUploads>();
  /// When bytes last came, by the lane's clock. Only of uploads that were written to while that
  /// clock differed from the wall clock, by which the store underneath goes.
  std::map<std::string, TimePoint, std::less<>> written_;
};

}  // namespace mock
