#include "target/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "protocol/http/form.hpp"
#include "protocol/oauth/token.hpp"
#include "target/failure_text.hpp"

namespace conformance {

struct Credentials::State {
  std::string fixed;  ///< a given token
  std::optional<PasswordGrant> grant;
  std::optional<transport::Client> client;
  Clock clock;
  redact::Secrets secrets;
  std::mutex mutex;
  std::optional<oauth::TokenResponse> token;
  std::chrono::steady_clock::time_point renew_at;

  using Deadline = std::chrono::steady_clock::time_point;

  Result<void> ask(const std::string& url, const http::Form& form, Deadline deadline) {
    transport::Request request;
    request.method = "POST";
    request.url = url;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    request.body = http::format_form(form);
    request.timeout =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (request.timeout <= Milliseconds{0}) return failure(url, "no token in time");
    const transport::Exchange seen = client->send(request);
    if (seen.failure || !seen.response) {
      return failure(url, seen.failure ? failure_text(*seen.failure) : "no response");
    }
    secrets.learn_tokens(seen.response->body);
    if (seen.response->status != 200) {
      const auto error = oauth::parse_token_error(seen.response->body);
      return failure(url, fmt::format("the token endpoint answered {}{}", seen.response->status,
                                      error ? " " + quote(error->error) : ""));
    }
    auto parsed = oauth::parse_token_response(seen.response->body);
    if (!parsed) return failure(url, "no token document: " + parsed.error().line());
    token = std::move(*parsed);
    // A tenth of its life, at most half a minute, is kept as reserve for requests under way.
    const std::chrono::milliseconds life = token->expires_in;
    const auto reserve = std::min<std::chrono::milliseconds>(life / 10, std::chrono::seconds{30});
    renew_at = life.count() > 0 ? clock() + (life - reserve)
                                : std::chrono::steady_clock::time_point::max();
    return {};
  }

  Result<void> renew(Deadline deadline) {
    if (token && !token->refresh_token.empty() && !grant->refresh_url.empty()) {
      if (ask(grant->refresh_url,
              {{"grant_type", "refresh_token"}, {"refresh_token", token->refresh_token}},
              deadline)) {
        return {};
      }
    }
    return ask(
        grant->token_url,
        {{"grant_type", "password"}, {"username", grant->username}, {"password", grant->password}},
        deadline);
  }
};

Credentials::Credentials() : state_(std::make_unique<State>()) {}
Credentials::Credentials(std::unique_ptr<State> state) : state_(std::move(state)) {}
Credentials::Credentials(Credentials&&) noexcept = default;
Credentials& Credentials::operator=(Credentials&&) noexcept = default;
Credentials::~Credentials() = default;

Credentials Credentials::bearer(std::string token) {
  auto state = std::make_unique<State>();
  state->fixed = std::move(token);
  return Credentials(std::move(state));
}

Credentials Credentials::password(PasswordGrant grant, transport::ClientOptions client, Clock clock,
                                  redact::Secrets secrets) {
  auto state = std::make_unique<State>();
  state->grant = std::move(grant);
  state->client.emplace(std::move(client));
  state->clock = std::move(clock);
  state->secrets = std::move(secrets);
  return Credentials(std::move(state));
}

const PasswordGrant* Credentials::grant() const {
  return state_->grant ? &*state_->grant : nullptr;
}

bool Credentials::any() const { return state_->grant.has_value() || !state_->fixed.empty(); }

Result<std::optional<std::string>> Credentials::authorization(Milliseconds at_most) {
  if (!state_->fixed.empty()) return "Bearer " + state_->fixed;
  if (!state_->grant) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  const std::lock_guard lock(state_->mutex);
  if (!state_->token || state_->clock() >= state_->renew_at) {
    if (auto ok = state_->renew(deadline); !ok) return tl::unexpected(ok.error());
  }
  return "Bearer " + state_->token->access_token;
}

}  // namespace conformance
