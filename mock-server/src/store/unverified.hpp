// Which bytes at the ends of uploads do not count, or have to go. `<id>.unverified` holds the
// offset where they begin, the border, so that a kill drops them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/posix.hpp"
#include "store/store.hpp"

namespace mock {

/// A debt is what is to be undone and could not be: it is kept, here and if possible on disk, until
/// it is settled. Not thread-safe. `folder` outlives it.
class Unverified {
 public:
  Unverified(const posix::Folder& folder, bool fsync) : folder_(folder), fsync_(fsync) {}

  struct Entry {
    enum class State {
      staged,  ///< the bytes behind `from` may still be accepted
      undo,    ///< they have to go
      unread,  ///< as `undo`, but the border of an earlier run could not be read
      stale,   ///< only the border has to go: its upload is not there any more
    };
    State state = State::staged;
    Bytes from;
    Bytes end;             ///< where the staged bytes end
    bool recorded = true;  ///< the border is on disk: a kill drops the bytes

    [[nodiscard]] bool owed() const { return state != State::staged; }
  };

  [[nodiscard]] bool none() const { return entries_.empty(); }
  /// nullptr when every byte of it counts. Valid until the next call.
  [[nodiscard]] Entry* find(std::string_view id);

  /// What is appended from here on does not count.
  [[nodiscard]] StoreResult<void> stage(std::string_view id, Bytes from);
  /// What is staged counts from now on. An Error: it does not.
  [[nodiscard]] StoreResult<void> accept(std::string_view id);
  /// A debt from now on: the upload is to be cut back to `from`, or to where staging began if that
  /// is less.
  void give_up(std::string_view id, Bytes from);
  /// The upload is gone, and its bytes with it.
  void forget(std::string_view id);
  /// A border of an earlier run was found.
  void found(std::string_view id);
  /// Pays what is owed, if anything. An Error: not yet; `damaged`: the border cannot be understood,
  /// and is no longer heeded.
  [[nodiscard]] StoreResult<void> settle(std::string_view id);

 private:
  StoreResult<void> read_border(std::string_view id, Entry& entry) const;
  StoreResult<void> cut(std::string_view id, Entry& entry) const;
  StoreResult<void> write_border(std::string_view id, Bytes from) const;
  StoreResult<void> remove_border(std::string_view id) const;

  const posix::Folder& folder_;
  bool fsync_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace mock
