// The issuer's RSA key: signs and checks tokens with RS256 (RFC 7518 section 3.3).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace mock {

/// Movable; safe to use from one thread at a time.
class SigningKey {
 public:
  /// A fresh 2048-bit key that is kept nowhere.
  [[nodiscard]] static Result<SigningKey> generate();
  /// The private keys in `pem`, at least one; an Error names `where`.
  [[nodiscard]] static Result<std::vector<SigningKey>> parse_pem(const std::string& pem,
                                                                 const std::string& where);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  [[nodiscard]] Result<std::string> sign(std::string_view text) const;
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;
  /// The private key, PKCS #8.
  [[nodiscard]] Result<std::string> pem() const;
  /// Modulus and exponent of the public key as a JWK holds them (RFC 7518 section 6.3.1).
  [[nodiscard]] std::string modulus() const;
  [[nodiscard]] std::string exponent() const;
  /// Names the key in a token's header (RFC 7515 section 4.1.4).
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  struct Key;
  explicit SigningKey(std::unique_ptr<Key> key);
  [[nodiscard]] std::string number(const char* name) const;
  std::unique_ptr<Key> key_;
  std::string id_;
};

}  // namespace mock
