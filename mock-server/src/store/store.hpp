// Where uploads are kept. One owner, the loop's thread; readers may go to another thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "loop/loop.hpp"
#include "protocol/digest.hpp"
#include "protocol/units.hpp"
#include "store/attributes.hpp"

namespace mock {

/// Sizes are kept in a signed 64-bit file offset.
inline constexpr Bytes largest_upload{(1ULL << 63U) - 1};

/// Everything known of one upload. `offset` is what is really stored, never what was promised.
struct Upload {
  std::string id;
  std::optional<Bytes> length;  ///< nullopt: deferred
  Bytes offset;
  std::vector<std::string> parts;  ///< ids of those that it is joined of
  TimePoint created;
  TimePoint modified;  ///< when bytes last arrived
  std::optional<TimePoint> expires;
  std::string lane;
  std::shared_ptr<Attributes> attributes;  ///< of the system that made it; null: none

  [[nodiscard]] bool complete() const { return length && offset == *length; }
  /// Its parts are not joined yet.
  [[nodiscard]] bool awaits_parts() const { return !parts.empty() && !complete(); }
};

struct StoreError {
  enum class Kind {
    not_found,
    exists,
    wrong_offset,  ///< append at a position that is not the end
    no_space,      ///< ENOSPC, EDQUOT, EFBIG, or a memory limit
    damaged,       ///< a torn .info: reported and set aside, never guessed
    not_kept,      ///< this store throws the bytes away
    io,
  };
  Kind kind = Kind::io;
  std::string detail;  ///< for the log and the client: no file's name, no byte of a user's file
};
template <class T>
using StoreResult = tl::expected<T, StoreError>;

/// Reads stored bytes of one upload, also on another thread than the store's, also after the
/// upload was removed.
class Reader {
 public:
  virtual ~Reader() = default;
  [[nodiscard]] virtual Bytes size() const = 0;
  /// Fewer bytes than asked for only at the end.
  virtual StoreResult<std::size_t> read(Bytes at, std::span<std::byte> into) = 0;
  /// The same without waiting for a disk: nullopt when it would have to, or cannot know.
  virtual StoreResult<std::optional<std::size_t>> try_read(Bytes at, std::span<std::byte> into) {
    return read(at, into);
  }
};

/// Ids are checked by the caller to be single path components (see `is_upload_id`). A call that
/// fails has changed nothing, or what it changed is changed back: at once, or by the store before
/// it does anything else with that upload; until then nothing can be written to it, and offsets are
/// told as if it were done (docs/decisions/0009).
class Store {
 public:
  virtual ~Store() = default;
  /// False: of what `append` is given only the size counts, and `open` finds no bytes.
  [[nodiscard]] virtual bool keeps_bytes() const { return true; }
  virtual StoreResult<void> create(const Upload& upload) = 0;
  virtual StoreResult<Upload> find(std::string_view id) = 0;
  /// The same without a copy, for callers that only look at it; valid until any upload is created,
  /// changed or removed. nullptr: ask `find`.
  [[nodiscard]] virtual const Upload* peek(std::string_view /*id*/) { return nullptr; }
  /// Rewrites what is not bytes: length, attributes, expiry. `offset` is ignored.
  virtual StoreResult<void> update(const Upload& upload) = 0;
  /// Adds `bytes` at `at`, which must be the present end. On return they survive a kill -9 of the
  /// process, unless they are staged. Returns the new end, also when only a part fitted (then less
  /// than asked for).
  virtual StoreResult<Bytes> append(std::string_view id, Bytes at,
                                    std::span<const std::byte> bytes) = 0;
  /// From here to `commit` what is appended is staged: `find` and `open` do not see it, `append`
  /// goes on behind it, and a kill -9 drops it (a chunk is discarded unless its checksum holds:
  /// protocol.md, Checksum).
  virtual StoreResult<void> stage(std::string_view id) = 0;
  /// Makes the staged bytes part of the upload, all at once. Nothing staged: does nothing.
  virtual StoreResult<void> commit(std::string_view id) = 0;
  /// Cuts the bytes, staged ones included, back to `length`. Staging goes on.
  virtual StoreResult<void> truncate(std::string_view id, Bytes length) = 0;
  /// Takes back what a refused request stored: cuts the bytes, staged ones included, back to
  /// `length`, and nothing is staged any more. An Error: not yet. The store remembers it and does
  /// it later, so that the caller may forget it.
  virtual StoreResult<void> roll_back(std::string_view id, Bytes length) = 0;
  virtual StoreResult<void> remove(std::string_view id) = 0;
  /// `remove` for an upload that no client was told of: from now on it is not there for anyone,
  /// also when the store can only remove it later. An Error: it is still there.
  virtual StoreResult<void> withdraw(std::string_view id) = 0;
  virtual StoreResult<std::unique_ptr<Reader>> open(std::string_view id) = 0;
  /// The ids of all uploads. An Error when not all of them can be told.
  virtual StoreResult<std::vector<std::string>> list() = 0;
  /// At most `most` ids behind `after`, sorted: to go through all of them a handful at a time.
  virtual StoreResult<std::vector<std::string>> list_after(std::string_view after,
                                                           std::size_t most);
  /// `list`, with an Error taken for an empty list: for tests.
  [[nodiscard]] std::vector<std::string> ids() {
    return list().value_or(std::vector<std::string>{});
  }

  /// Makes the final upload out of complete parts, in order: all or nothing. Two steps, so that the
  /// copying can go to a worker thread: `work` may run anywhere, `commit` on the store's own thread
  /// after it. Until `commit` succeeds nothing of the final exists but what `create` made of one
  /// that waits for its parts.
  struct Join {
    std::function<StoreResult<void>()> work;
    std::function<StoreResult<void>()> commit;
  };
  /// no_space, before any work, when the final would be more than the store may hold.
  virtual StoreResult<Join> join(const Upload& final_upload) = 0;
};

/// A single path component that names an upload: letters, digits, '-', '_', '+', at most 200.
[[nodiscard]] bool is_upload_id(std::string_view id);
/// In hexadecimal, of everything `reader` holds.
[[nodiscard]] StoreResult<std::string> digest_of(Reader& reader, DigestAlgorithm algorithm);

}  // namespace mock
