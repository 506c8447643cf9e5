// Random tokens that mean something only because they are written down here.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/tokens.hpp"

namespace mock {

/// Issues 256-bit random tokens and remembers their digests, in memory and in a file of JSON lines
/// that outlives a kill. The tokens themselves are kept nowhere. Loop thread only.
class TokenLedger : public Tokens {
 public:
  struct Entry {
    Grant grant;
    bool revoked = false;
  };

  /// Without a file, tokens live as long as the object. A damaged line is an Error that names it; a
  /// torn last line (a kill while it was written) is dropped. Forgets what expired before `now`.
  [[nodiscard]] static Result<std::unique_ptr<TokenLedger>> open(
      std::optional<std::filesystem::path> file, TimePoint now);

  /// Keeps a ledger without a file in `file` from now on. An Error: it still has none.
  [[nodiscard]] Result<void> keep_in(const std::filesystem::path& file);
  /// Whether a token of it has not expired yet; `with_void`: those that are void count as well.
  [[nodiscard]] bool holds(TimePoint now, bool with_void) const;

  Result<std::string> issue(const Grant& grant) override;
  /// Writes down a token that was made elsewhere.
  [[nodiscard]] Result<void> record(std::string_view token, const Grant& grant);
  [[nodiscard]] tl::expected<Grant, TokenRefusal> verify(std::string_view token,
                                                         TimePoint now) const override;
  [[nodiscard]] std::uint64_t voided() const override { return voided_; }
  /// What is known of it, whether it is good or not; null: nothing. Valid until the next change.
  [[nodiscard]] const Entry* find(std::string_view token) const;
  /// From now on the token is refused; after an error it is as good as before.
  [[nodiscard]] Result<void> revoke(std::string_view token);
  /// Likewise for all tokens of a family; "" is none.
  [[nodiscard]] Result<void> revoke_family(const std::string& family);
  [[nodiscard]] Result<void> revoke_all();

 private:
  explicit TokenLedger(std::optional<std::filesystem::path> file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> load(TimePoint now);
  void forget_expired(TimePoint now);
  [[nodiscard]] std::string all_lines() const;
  void mark_family(const std::string& family);

  std::optional<std::filesystem::path> file_;
  std::unordered_map<std::string, Entry> entries_;  ///< by SHA-256 of the token
  std::size_t prune_at_ = 1024;
  std::uint64_t voided_ = 0;
};

}  // namespace mock
