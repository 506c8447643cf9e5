// Where the Authorization of every request comes from.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/token.hpp"
#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "transport/client.hpp"

namespace conformance {

using client::PasswordGrant;

/// Thread-safe. Tokens of a password grant are renewed shortly before they expire: with the refresh
/// token first, with the password when that is refused.
class Credentials {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// No credentials at all.
  Credentials();
  static Credentials bearer(std::string token);
  /// What the token endpoint issues becomes known to `secrets` before anything else is done with
  /// it.
  static Credentials password(PasswordGrant grant, transport::ClientOptions client,
                              Clock clock = std::chrono::steady_clock::now,
                              redact::Secrets secrets = {});
  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  ~Credentials();

  /// nullptr unless they are a password grant. Does not change, so that reading needs no lock.
  [[nodiscard]] const PasswordGrant* grant() const;
  /// Whether there are any.
  [[nodiscard]] bool any() const;
  /// The value of Authorization; nullopt without credentials. An Error when the token endpoint
  /// refuses, cannot be reached, or has given no token within `at_most`.
  [[nodiscard]] Result<std::optional<std::string>> authorization(
      Milliseconds at_most = std::chrono::seconds{30});

 private:
  struct State;
  explicit Credentials(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace conformance
