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
  /// Without a file, tokens live as long as the object. A damaged line is an Error that names it; a
  /// torn last line (a kill while it was written) is dropped. Forgets what expired before `now`.
  [[nodiscard]] static Result<std::unique_ptr<TokenLedger>> open(
      std::optional<std::filesystem::path> file, TimePoint now);

  Result<std::string> issue(const Grant& grant) override;
  [[nodiscard]] tl::expected<Grant, TokenRefusal> verify(std::string_view token,
                                                         TimePoint now) const override;
  /// From now on the token is unknown; after an error it is as good as before.
  [[nodiscard]] Result<void> revoke(std::string_view token);

 private:
  explicit TokenLedger(std::optional<std::filesystem::path> file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> load(TimePoint now);
  void forget_expired(TimePoint now);

  std::optional<std::filesystem::path> file_;
  std::unordered_map<std::string, Grant> grants_;  ///< by SHA-256 of the token
  std::size_t prune_at_ = 1024;
};

}  // namespace mock
