// How the steps of a walk talk to the service.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "client/token.hpp"
#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "target/credentials.hpp"
#include "transport/client.hpp"

namespace conformance::onboard {

/// As whom a request is sent.
enum class Who {
  nobody,    ///< without credentials
  partner,   ///< with theirs, where the origin may have them
  stranger,  ///< with credentials that were made up
};

/// What came of asking for a token.
struct LogIn {
  enum class Result {
    in,
    refused,    ///< user name or password are wrong
    too_often,  ///< 429
    not_there,  ///< there is no token endpoint
    fails,      ///< 5xx
    no_token,   ///< 200, and no token in it
    unreachable,
  };
  Result result = Result::in;
  int status = 0;
  std::string why;                   ///< of unreachable
  std::chrono::seconds lifetime{0};  ///< of the token; 0: it was not told
};

/// One client and the partner's credentials. When a token that was got by password is refused, it
/// is renewed and the request sent once more; a busy answer (busy_of) is waited out. Not
/// thread-safe.
class Visit {
 public:
  /// `credentials` outlives it. Tokens become known to `secrets`.
  Visit(transport::ClientOptions client, Credentials& credentials, redact::Secrets secrets,
        Milliseconds patience);

  [[nodiscard]] bool has_credentials() const;
  /// Whether tokens are got by password, so that one can be renewed.
  [[nodiscard]] bool logs_in() const { return life_.has_value(); }
  [[nodiscard]] const transport::ClientOptions& client_options() const { return options_; }
  [[nodiscard]] const std::string& token_url() const { return life_->grant().token_url; }
  /// How often a token was renewed, because it had ended or was refused.
  [[nodiscard]] int renewals() const { return renewals_; }

  [[nodiscard]] LogIn log_in();
  [[nodiscard]] transport::Exchange ask(transport::Request request, Who who,
                                        Milliseconds at_most = std::chrono::seconds{60});
  /// Sends the head of `request` and `part` bytes of its body on a connection of its own, which it
  /// then closes. An Error where the connection cannot be made or sending fails.
  [[nodiscard]] Result<void> cut(const transport::Request& request, Who who, std::size_t part);
  /// Calls `look` until it is true, at most for the patience of the visit; what it said last.
  bool eventually(const std::function<bool()>& look);

 private:
  /// Puts credentials on `request`; returns the token if it can be renewed, else "".
  std::string present(transport::Request& request, Who who);
  [[nodiscard]] LogIn ask_for_token(const client::TokenLife::Question& question);

  transport::ClientOptions options_;
  transport::Client client_;
  Credentials* credentials_;
  std::optional<client::TokenLife> life_;
  Milliseconds patience_;
  int renewals_ = 0;
};

/// Why there was no answer, in a sentence for somebody who knows nothing of networks.
[[nodiscard]] std::string lost_told(const transport::Failure& failure);

}  // namespace conformance::onboard
