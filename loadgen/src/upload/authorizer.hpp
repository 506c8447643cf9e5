// What a run presents: a given token or key, or the tokens of the password grant of an OAuth token
// endpoint (RFC 6749 section 4.3), refreshed before they expire and after a 401. Where a request
// carries it is its system's business (Client::presentation).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/token.hpp"
#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "transport/load_engine.hpp"

namespace loadgen {

struct Credentials {
  std::string token;      ///< a given token or key; wins over the password grant
  std::string oauth_url;  ///< POST here; refresh tokens go to {oauth_url}/refresh
  std::string username, password;
  std::string proxy_user = {};   ///< USER:PASSWORD for the proxy, which this room does not use
  redact::Secrets secrets = {};  ///< what the endpoint issues is added
  [[nodiscard]] bool none() const { return token.empty() && username.empty(); }
};

/// One per loop; not thread-safe. Requests that come while a token is being fetched wait for it.
class Authorizer {
 public:
  Authorizer(transport::LoadTransport& transport, Credentials credentials);

  /// The token or the key, empty when no credentials were given. May call back at once.
  using Ready = std::function<void(const Result<std::string>&)>;
  void authorize(Ready ready) { authorize(transport_, std::move(ready)); }
  /// The same, with what has to be asked for going by `by`, which lives until `ready` was called.
  void authorize(transport::LoadTransport& by, Ready ready);
  /// What `authorize` always gives; null: it has to be asked for each time.
  [[nodiscard]] const std::string* given() const { return life_ ? nullptr : &fixed_; }
  /// The server answered 401 to `token`. True: `authorize` will ask for another; false: no other
  /// can be had (a given one, or none).
  bool refused(const std::string& token);

  /// The token that is in use, where tokens are issued; nullopt: there is none at present.
  [[nodiscard]] std::optional<std::string> in_use() const {
    return life_ ? life_->token(transport_.now()) : std::nullopt;
  }
  /// The token in use is lost; the next request asks for another.
  void forget() {
    if (const auto token = in_use()) life_->refused(*token);
  }

  /// Tokens fetched so far.
  [[nodiscard]] std::uint64_t grants() const { return grants_; }
  /// The last answer was a refusal of the credentials, not a lost connection or a 5xx.
  [[nodiscard]] bool credentials_refused() const { return credentials_refused_; }

 private:
  void fetch(transport::LoadTransport& by);
  void answered(transport::LoadTransport& by, const transport::LoadOutcome& outcome,
                bool was_refresh);
  void finish(const Result<std::string>& result);

  transport::LoadTransport& transport_;
  std::string fixed_;  ///< the given one, or none at all
  std::optional<client::TokenLife> life_;
  bool fetching_ = false;
  bool credentials_refused_ = false;
  std::uint64_t grants_ = 0;
  std::vector<Ready> waiting_;
};

}  // namespace loadgen
