// What one lane holds, kept up to date as it changes: to count or list it, nothing is walked.
#pragma once

#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "record/server_metrics.hpp"
#include "store/store.hpp"

namespace mock {

/// Some 200 bytes for each upload. A call about an upload that is not here does nothing. No call
/// takes longer the more there are, but for `counts` when the time jumps. Loop thread only.
class LaneUploads {
 public:
  /// It is there, and nothing else is known of it yet: it is listed, but not counted.
  void name(const std::string& id);
  /// As it is stored; new or not.
  void put(const Upload& upload) { put(upload, upload.offset); }
  /// As it is stored, but for its bytes: they end at `offset`.
  void put(const Upload& upload, Bytes offset);
  /// All but its bytes.
  void describe(const Upload& upload);
  /// Its bytes now end there: those that are staged, while it is being staged.
  void ends_at(std::string_view id, Bytes end);
  void stage(std::string_view id);
  void commit(std::string_view id);
  void truncate(std::string_view id, Bytes length);
  void roll_back(std::string_view id, Bytes length);
  void remove(std::string_view id);

  /// Whether it was named, and that is all.
  [[nodiscard]] bool only_named(std::string_view id) const;
  /// Without what is staged; 0 when it is not here.
  [[nodiscard]] Bytes offset(std::string_view id) const;
  /// By state at `now`.
  [[nodiscard]] ServerMetrics::Uploads counts(TimePoint now);
  /// At most `most` ids behind `after`, sorted.
  [[nodiscard]] std::vector<std::string> ids_after(std::string_view after, std::size_t most) const;

  /// All that are here are to be removed: they are neither listed nor counted from now on.
  void condemn();
  [[nodiscard]] bool any_condemned() const { return !condemned_.empty(); }
  [[nodiscard]] bool condemned(std::string_view id) const { return condemned_.contains(id); }
  /// One of them; it stays condemned until it is removed, or put here again.
  [[nodiscard]] const std::string& some_condemned() const { return condemned_.begin()->first; }

 private:
  // Every creation passes through here, so the orders are intrusive and allocate nothing. Their
  // hooks are not reset on removal (normal_link), so that an order is emptied at once.
  struct ById;
  struct ByExpiry;
  template <class Order>
  using Link =
      boost::intrusive::set_base_hook<boost::intrusive::tag<Order>,
                                      boost::intrusive::link_mode<boost::intrusive::normal_link>>;
  struct Entry : Link<ById>, Link<ByExpiry> {
    std::string_view id;     ///< its key
    std::uint64_t head = 0;  ///< the first bytes of the id: where two differ, they tell the order
    bool known = false;
    std::optional<Bytes> length;
    Bytes offset;
    std::optional<Bytes> staged;  ///< where the staged bytes end
    std::optional<TimePoint> expires;
    [[nodiscard]] bool complete() const { return length && offset == *length; }
    [[nodiscard]] bool begun() const { return offset > Bytes{0}; }
  };
  struct ById {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.head != b.head ? a.head < b.head : a.id < b.id;
    }
    bool operator()(std::string_view id, const Entry& entry) const { return id < entry.id; }
  };
  struct ByExpiry {
    bool operator()(const Entry& a, const Entry& b) const { return *a.expires < *b.expires; }
    bool operator()(const Entry& entry, TimePoint time) const { return *entry.expires < time; }
  };
  template <class Order>
  using Ordered = boost::intrusive::multiset<Entry, boost::intrusive::base_hook<Link<Order>>,
                                             boost::intrusive::compare<Order>,
                                             boost::intrusive::constant_time_size<false>>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
  /// How many are unfinished: those without bytes, and those with some.
  struct Unfinished {
    std::size_t without = 0;
    std::size_t with = 0;
    std::size_t& of(const Entry& entry) { return entry.begun() ? with : without; }
  };

  [[nodiscard]] Entry* find(std::string_view id);
  Entry& named(const std::string& id);
  void set_offset(Entry& entry, Bytes offset);
  void count_in(Entry& entry);
  void count_out(Entry& entry);

  Entries entries_;
  Entries condemned_;
  Ordered<ById> sorted_;  ///< all of entries_
  std::size_t complete_ = 0;
  Unfinished unfinished_;
  Ordered<ByExpiry> expiring_;  ///< the unfinished ones that expire
  TimePoint told_;              ///< until when `expired_` counts
  Unfinished expired_;          ///< of the unfinished
};

}  // namespace mock
