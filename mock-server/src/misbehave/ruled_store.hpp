// The seam between handler and store: keeps, drops, moves or spoils what a handler commits, and
// tells the handler that all is well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "misbehave/rule.hpp"
#include "store/store.hpp"

namespace mock::misbehave {

/// How far the offset that is told is ahead of (or behind) what is stored, for uploads about which
/// a lie outlives its request. Loop thread only.
class Illusions {
 public:
  [[nodiscard]] std::int64_t of(std::string_view id) const;
  [[nodiscard]] bool any() const { return !ahead_.empty(); }
  void set(std::string id, std::int64_t ahead, bool until_head = false);
  /// A request of that upload begins: unless it is a HEAD, it ends a lie that waits for the next
  /// HEAD.
  void begins(std::string_view id, std::string_view method);
  /// The request has been answered: a HEAD ends such a lie, now that it was told.
  void answered(std::string_view id, std::string_view method);

 private:
  struct Illusion {
    std::int64_t ahead = 0;
    bool until_head = false;
  };
  void end_until_head(std::string_view id);
  std::unordered_map<std::string, Illusion> ahead_;
};

/// Serves one request. Everything it refers to outlives it. Loop thread only.
class RuledStore : public Store {
 public:
  /// `id` is the upload that the request names; empty for a creation, which names it by `create`.
  /// `declared` is the request's Content-Length.
  RuledStore(Store& real, Illusions& illusions, std::string id, std::optional<Bytes> declared,
             Template::Lookup lookup);

  /// Puts `commit` (not owned) into force. May come when a part of the body is stored already.
  void apply(const Commit& commit);
  /// The request is over: makes a lasting lie last.
  void settle();
  /// The Upload-Offset that a successful reply is to tell; nullopt: what the handler says.
  [[nodiscard]] std::optional<Bytes> told() const;
  [[nodiscard]] Bytes received() const { return received_; }
  [[nodiscard]] const std::string& id() const { return id_; }

  [[nodiscard]] bool keeps_bytes() const override { return real_.keeps_bytes(); }
  StoreResult<void> create(const Upload& upload) override;
  StoreResult<Upload> find(std::string_view id) override;
  StoreResult<void> update(const Upload& upload) override;
  StoreResult<Bytes> append(std::string_view id, Bytes at,
                            std::span<const std::byte> bytes) override;
  StoreResult<void> stage(std::string_view id) override;
  StoreResult<void> commit(std::string_view id) override;
  StoreResult<void> truncate(std::string_view id, Bytes length) override;
  /// Rules treat it as a truncate. When a rule makes it fail, it says so, and the bytes are taken
  /// back nevertheless, as a store does in the end (docs/decisions/0009).
  StoreResult<void> roll_back(std::string_view id, Bytes length) override;
  StoreResult<void> remove(std::string_view id) override;
  StoreResult<void> withdraw(std::string_view id) override;
  StoreResult<std::unique_ptr<Reader>> open(std::string_view id) override;
  StoreResult<std::vector<std::string>> list() override;
  StoreResult<Join> join(const Upload& final_upload) override;

 private:
  [[nodiscard]] std::optional<StoreError> failure_of(StoreCall call) const;
  [[nodiscard]] bool skips(StoreCall call) const;
  [[nodiscard]] Bytes claimed() const { return start_claimed_ + received_; }
  StoreResult<void> start(Bytes at);
  StoreResult<std::size_t> write(std::span<const std::byte> bytes);
  /// What a rule does instead of removing this request's upload; nullopt: nothing.
  std::optional<StoreResult<void>> instead_of_removing();
  StoreResult<void> write_over(std::span<const std::byte> bytes);
  [[nodiscard]] Bytes stored() const;

  Store& real_;
  Illusions& illusions_;
  std::string id_;
  std::optional<Bytes> declared_;
  Template::Lookup lookup_;
  const Commit* commit_ = nullptr;
  std::optional<Bytes> limit_;     ///< how many bytes of the body are stored
  std::optional<Upload> phantom_;  ///< created or joined for the handler's eyes only
  bool started_ = false;           ///< a byte of the body has come
  Bytes start_real_;               ///< bytes stored when it came
  Bytes start_claimed_;            ///< what the handler thought that was
  Bytes received_;                 ///< bytes of the body so far
  Bytes end_;                      ///< of what is stored now
  std::optional<Bytes> cursor_;    ///< where the next byte goes, when not to the end
};

}  // namespace mock::misbehave
