// The issuer's RSA key: signs and checks tokens with RS256 (RFC 7518 section 3.3).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace mock {

/// Movable; safe to use from one thread at a time.
class SigningKey {
 public:
  /// A fresh 2048-bit key that is kept nowhere.
  [[nodiscard]] static Result<SigningKey> generate();
  /// The key in `file` (PEM, mode 0600), made when there is none, so that tokens outlive a restart.
  [[nodiscard]] static Result<SigningKey> load_or_create(const std::filesystem::path& file);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  [[nodiscard]] Result<std::string> sign(std::string_view text) const;
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;
  /// Names the key in a token's header (RFC 7515 section 4.1.4).
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  struct Key;
  explicit SigningKey(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
  std::string id_;
};

}  // namespace mock
