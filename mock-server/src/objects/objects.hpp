// The objects of a lane: which upload holds the bytes of which bucket and key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/loop.hpp"
#include "objects/record.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "store/store.hpp"

namespace mock {

/// What the ETag of an object is.
enum class ETag {
  md5,     ///< of its bytes; after a multipart upload, of the MD5s of its parts, with their number
  opaque,  ///< nothing is computed
};

/// An object as it is stored, complete. A value type.
struct Object {
  std::string id;  ///< of the upload with its bytes
  std::string bucket;
  std::string key;
  std::string etag;       ///< without quotes
  ::http::Fields fields;  ///< those of NewObject
  Bytes size;
  TimePoint modified;  ///< when it was published
};

/// An object that is to be stored.
struct NewObject {
  std::string bucket;
  std::string key;                   ///< any bytes: it is never a part of a path
  ::http::Fields fields = {};        ///< that go with it: Content-Type, x-amz-meta-*
  std::optional<Bytes> length = {};  ///< nullopt: not known before the end
  bool needs_md5 = false;            ///< the MD5 is needed whatever the ETag is
};

/// Which keys of a bucket are listed (AWS, ListObjectsV2).
struct Selection {
  std::string_view bucket;
  std::string_view prefix = {};
  /// Keys equal up to the first delimiter after `prefix` are listed as one common beginning.
  std::string_view delimiter = {};
  std::string_view after = {};  ///< a key, or a common beginning
  std::size_t most = 1000;      ///< of keys and common beginnings together
};

/// In the order of their keys' bytes.
struct Listing {
  std::vector<Object> objects;
  std::vector<std::string> beginnings;  ///< common ones, delimiter included
  std::optional<std::string> last;      ///< the last one listed, if there is more behind it
};

/// A part of a multipart upload, as its client names it and as it is stored.
struct ObjectPart {
  std::string id;    ///< of the upload with its bytes
  std::string etag;  ///< without quotes
  Bytes size;
  std::uint64_t sequence = 0;
  TimePoint modified;  ///< when it was published
};

/// A multipart upload that is neither completed nor aborted.
struct OpenMultipart {
  std::string id;
  std::string key;
  TimePoint begun;
};

class Objects;

/// Takes the bytes of one object, or of a part, which nobody sees before `publish`. Destroyed
/// without that, it leaves nothing of them. Loop thread only; the store and Objects outlive it.
class ObjectWriter {
 public:
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter();

  /// All of them, or an Error: no_space when only some fitted.
  StoreResult<void> append(std::span<const std::byte> bytes);
  [[nodiscard]] Bytes size() const { return size_; }
  /// Raw MD5 of all bytes; no more may follow. Empty: it is not computed.
  [[nodiscard]] const std::string& md5();
  /// Makes the object, or the part, appear in place of the one with its key, or number. An Error:
  /// the former is still there; not_found: the multipart upload of the part ended meanwhile. Once.
  StoreResult<Object> publish();

 private:
  friend class Objects;
  ObjectWriter(Objects& objects, Store& store, Upload upload, bool hashes);

  Objects& objects_;
  Store& store_;
  Upload upload_;
  std::optional<Digest> hash_;
  std::string md5_;
  Bytes size_;
  bool published_ = false;
};

/// Where a call takes a Store, it is that of the request's services: the lane's, with rules in
/// front of it. Loop thread only.
///
/// Each object is an upload under a random id. Which of them is the object of a key is kept in
/// memory, and read from the store at start (docs/decisions/0027).
class Objects {
 public:
  /// Serves these buckets only: a lane may hold other object stores, whose objects and transfers
  /// are left alone. `loop` outlives this.
  Objects(Loop& loop, ETag etag, std::vector<std::string> buckets)
      : loop_(loop), etag_(etag), own_(std::move(buckets)) {}
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;

  /// Finds what is stored, and removes what cut-off transfers left. Every other call does this
  /// first, until it has succeeded once.
  StoreResult<void> load(Store& store);

  [[nodiscard]] StoreResult<std::unique_ptr<ObjectWriter>> begin(Store& store, NewObject object);
  /// Its bytes are `store.open(id)`. not_found when there is none.
  [[nodiscard]] StoreResult<Object> find(Store& store, std::string_view bucket,
                                         std::string_view key);
  /// not_found when there is none.
  StoreResult<void> remove(Store& store, std::string_view bucket, std::string_view key);
  /// The same for an object that no client is told of any more: what the store cannot remove now,
  /// it owes (docs/decisions/0009).
  void withdraw(Store& store, std::string_view bucket, std::string_view key);
  /// Withdraws all whose keys begin with `prefix` and for which `which` is true.
  StoreResult<void> withdraw_all(Store& store, std::string_view bucket, std::string_view prefix,
                                 const std::function<bool(const std::string& key)>& which);
  /// At most `most` objects whose keys begin with `prefix`, behind the key `after`, in the order of
  /// their keys' bytes.
  [[nodiscard]] StoreResult<std::vector<Object>> list(Store& store, std::string_view bucket,
                                                      std::string_view prefix,
                                                      std::string_view after, std::size_t most);
  [[nodiscard]] StoreResult<Listing> list(Store& store, const Selection& selection);

  // ---- multipart uploads (AWS, "Uploading and copying objects using multipart upload")

  /// The id of the multipart upload. `length` and `needs_md5` of `object` do not count.
  [[nodiscard]] StoreResult<std::string> begin_multipart(Store& store, NewObject object);
  /// The parts by number; nullptr when there is no such multipart upload for this bucket and key.
  /// Valid until the next call.
  using Parts = std::map<unsigned, ObjectPart>;
  [[nodiscard]] StoreResult<const Parts*> parts(Store& store, std::string_view multipart,
                                                std::string_view bucket, std::string_view key);
  /// The id of the object that the key had when `multipart`, which exists, began; empty: none.
  [[nodiscard]] const std::string& former_of(std::string_view multipart) const;
  /// Of a bucket, in the order of their keys.
  [[nodiscard]] StoreResult<std::vector<OpenMultipart>> multiparts(Store& store,
                                                                   std::string_view bucket);
  /// `multipart` is there.
  [[nodiscard]] StoreResult<std::unique_ptr<ObjectWriter>> begin_part(Store& store,
                                                                      std::string_view multipart,
                                                                      unsigned number, Bytes length,
                                                                      bool needs_md5);
  /// Joins the parts of these numbers, which exist, into the object, off the loop; that ends the
  /// multipart upload. `may` is asked when all is ready. Calls `done` once, also when nobody waits
  /// for it any more; not_found: the multipart upload ended meanwhile, or `may` was false. `store`
  /// is that of the request; `lane` is the one below it, and outlives this.
  void complete(Store& store, Store& lane, std::string_view multipart,
                const std::vector<unsigned>& numbers, std::function<bool()> may,
                std::function<void(StoreResult<Object>)> done);
  /// Ends it; nothing stays of its parts.
  void abort(Store& store, std::string_view multipart);

  /// An upload, of an object or not, was removed by other means (System::removed).
  void removed(const Upload& upload);

 private:
  friend class ObjectWriter;
  struct Entry {
    std::string id;
    std::uint64_t sequence = 0;
  };
  using Keys = std::map<std::string, Entry, std::less<>>;

  struct Multipart {
    std::shared_ptr<const ObjectRecord> record;
    Parts parts;
  };
  struct Found;

  [[nodiscard]] Upload new_upload(std::shared_ptr<ObjectRecord> record,
                                  std::optional<Bytes> length);
  StoreResult<std::unique_ptr<ObjectWriter>> write(Store& store,
                                                   std::shared_ptr<ObjectRecord> record,
                                                   std::optional<Bytes> length, bool hashes);
  void take(Store& store, const Upload& upload, const ObjectRecord& record, Found& found);
  [[nodiscard]] static Keys::const_iterator behind(const Keys& keys, std::string beginning);
  void put(Store& store, const ObjectRecord& record, const std::string& id);
  void put_part(Store& store, const ObjectRecord& record, ObjectPart part);
  [[nodiscard]] std::string etag_of(const std::vector<const ObjectPart*>& parts,
                                    const std::string& id) const;
  [[nodiscard]] Entry* entry_of(std::string_view bucket, std::string_view key);
  void forget(std::string_view bucket, std::string_view key);

  Loop& loop_;
  ETag etag_;
  std::vector<std::string> own_;
  bool loaded_ = false;
  std::uint64_t last_sequence_ = 0;
  std::map<std::string, Keys, std::less<>> buckets_;
  std::map<std::string, Multipart, std::less<>> multiparts_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace mock
