// What a run presents to its target, and how.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/presentation.hpp"
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
  /// A token or a key, as it was given.
  static Credentials given(std::string token, client::Presentation how = {});
  /// What the token endpoint issues becomes known to `secrets` before anything else is done with
  /// it.
  static Credentials password(PasswordGrant grant, transport::ClientOptions client,
                              Clock clock = std::chrono::steady_clock::now,
                              redact::Secrets secrets = {}, client::Presentation how = {});
  Credentials(Credentials&&) noexcept;
  Credentials& operator=(Credentials&&) noexcept;
  ~Credentials();

  /// nullptr unless they are a password grant. Does not change, so that reading needs no lock.
  [[nodiscard]] const PasswordGrant* grant() const;
  /// Whether there are any.
  [[nodiscard]] bool any() const;
  /// Where requests carry them. Does not change.
  [[nodiscard]] const client::Presentation& presentation() const;
  /// The token or the key; nullopt without credentials. An Error when the token endpoint refuses,
  /// cannot be reached, or has given no token within `at_most`.
  [[nodiscard]] Result<std::optional<std::string>> token(
      Milliseconds at_most = std::chrono::seconds{30});
  /// Another token in place of `refused`, which the target did not take. nullopt where no other can
  /// be had (none was given, or a fixed one), and when several in a row were refused.
  [[nodiscard]] Result<std::optional<std::string>> instead_of(const std::string& refused,
                                                              Milliseconds at_most);
  /// The target took the present token. `in_place_of_another`: it had refused the one before, whose
  /// life was shorter than the token endpoint promised; later tokens are renewed earlier.
  void taken(bool in_place_of_another);
  /// Puts the token on `request`; the caller knows that its origin may have it. Errors are those of
  /// `token`.
  [[nodiscard]] Result<void> present(transport::Request& request, Milliseconds at_most);

 private:
  struct State;
  explicit Credentials(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace conformance
