// The issuer's signing keys: one signs, earlier ones still verify.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/signing_key.hpp"
#include "protocol/error.hpp"

namespace mock {

/// Keys that a rotation leaves behind stay published and verify until they are retired (OpenID
/// Connect Core 1.0 section 10.1.1). Loop thread only.
class KeyRing {
 public:
  /// How many keys are kept; a rotation beyond that retires the oldest.
  static constexpr std::size_t limit = 16;

  /// The keys in `file` (PEM blocks, oldest first; mode 0600), none when there is no such file.
  /// Without a file they live in memory. The first key is the same for all rings that this process
  /// makes: tokens of different issuers stay apart by their issuer, and making a key costs a tenth
  /// of a second, in which no lane is served.
  [[nodiscard]] static Result<std::unique_ptr<KeyRing>> open(
      std::optional<std::filesystem::path> file);

  /// The key that signs; made, and kept, by the first call that finds none.
  [[nodiscard]] Result<const SigningKey*> current();
  /// The one before; null before the first rotation, or once it was retired.
  [[nodiscard]] const SigningKey* previous() const;
  /// A key that no ring has, for tokens that must be refused. The same for the life of the process.
  [[nodiscard]] static Result<const SigningKey*> unknown();
  /// All of them, oldest first.
  [[nodiscard]] const std::vector<std::shared_ptr<const SigningKey>>& all() const { return keys_; }

  /// Keeps the keys of a ring without a file in `file` from now on. An Error: it still has none.
  [[nodiscard]] Result<void> keep_in(const std::filesystem::path& file);
  /// Makes the next key and returns its id. After an Error everything is as before.
  Result<std::string> rotate(bool retire_earlier);
  /// Retires all keys but the oldest, which signs again. After an Error everything is as before.
  [[nodiscard]] Result<void> forget_rotations();
  /// Grows whenever other keys verify than before.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  explicit KeyRing(std::optional<std::filesystem::path> file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> keep(std::vector<std::shared_ptr<const SigningKey>> keys);

  std::optional<std::filesystem::path> file_;
  std::vector<std::shared_ptr<const SigningKey>> keys_;
  std::uint64_t changes_ = 0;
};

}  // namespace mock
