#include "target/credentials.hpp"

#include <fmt/format.h>

#include <mutex>

#include "protocol/http/form.hpp"
#include "target/failure_text.hpp"

namespace conformance {

struct Credentials::State {
  client::Presentation how;
  std::string fixed;  ///< a given token or key
  std::optional<client::TokenLife> life;
  std::optional<transport::Client> client;
  Clock clock;
  std::mutex mutex;
  std::chrono::steady_clock::time_point issued;  ///< the present token
  /// How old the last refused token was; and the age at which tokens are renewed, known once the
  /// target took another in its place.
  std::optional<std::chrono::steady_clock::duration> ended_at, seen_life;
  std::size_t refusals = 0;  ///< in a row

  using Deadline = std::chrono::steady_clock::time_point;

  Result<void> ask(const client::TokenLife::Question& question, Deadline deadline) {
    transport::Request request;
    request.method = "POST";
    request.url = question.url;
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.headers.add("Accept", "application/json");
    request.body = http::format_form(question.form);
    request.timeout =
        std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (request.timeout <= Milliseconds{0}) return failure(question.url, "no token in time");
    const transport::Exchange seen = client->send(request);
    if (seen.failure || !seen.response) {
      return failure(question.url, seen.failure ? failure_text(*seen.failure) : "no response");
    }
    const auto refusal = life->take(seen.response->status, seen.response->body, clock());
    if (!refusal) return {};
    if (refusal->document) {
      return failure(question.url, "no token document: " + refusal->document->line());
    }
    return failure(question.url,
                   fmt::format("the token endpoint answered {}{}", refusal->status,
                               refusal->error ? " " + quote(refusal->error->error) : ""));
  }

  Result<void> renew(Deadline deadline) {
    const client::TokenLife::Question question = life->next();
    auto asked = ask(question, deadline);
    if (asked || !question.refreshes) return asked;
    return ask(life->next(), deadline);
  }
};

Credentials::Credentials() : state_(std::make_unique<State>()) {}
Credentials::Credentials(std::unique_ptr<State> state) : state_(std::move(state)) {}
Credentials::Credentials(Credentials&&) noexcept = default;
Credentials& Credentials::operator=(Credentials&&) noexcept = default;
Credentials::~Credentials() = default;

Credentials Credentials::given(std::string token, client::Presentation how) {
  auto state = std::make_unique<State>();
  state->how = std::move(how);
  state->fixed = std::move(token);
  return Credentials(std::move(state));
}

Credentials Credentials::password(PasswordGrant grant, transport::ClientOptions client, Clock clock,
                                  redact::Secrets secrets, client::Presentation how) {
  auto state = std::make_unique<State>();
  state->how = std::move(how);
  state->life.emplace(std::move(grant), std::move(secrets));
  state->client.emplace(std::move(client));
  state->clock = std::move(clock);
  return Credentials(std::move(state));
}

const PasswordGrant* Credentials::grant() const {
  return state_->life ? &state_->life->grant() : nullptr;
}

bool Credentials::any() const { return state_->life.has_value() || !state_->fixed.empty(); }

const client::Presentation& Credentials::presentation() const { return state_->how; }

Result<std::optional<std::string>> Credentials::token(Milliseconds at_most) {
  if (!state_->fixed.empty()) return state_->fixed;
  if (!state_->life) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  const std::lock_guard lock(state_->mutex);
  const auto now = state_->clock();
  const bool worn = state_->seen_life && now - state_->issued > *state_->seen_life;
  if (auto value = state_->life->token(now); value && !worn) return value;
  if (auto ok = state_->renew(deadline); !ok) return tl::unexpected(ok.error());
  state_->issued = now;
  return state_->life->token(now);
}

Result<std::optional<std::string>> Credentials::instead_of(const std::string& refused,
                                                           Milliseconds at_most) {
  constexpr std::size_t enough = 3;
  if (!state_->life) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  const std::lock_guard lock(state_->mutex);
  const auto now = state_->clock();
  // Another thread may have been here before.
  if (auto value = state_->life->token(now); value && *value != refused) return value;
  if (++state_->refusals > enough) return std::nullopt;
  state_->ended_at = now - state_->issued;
  state_->life->refused(refused);
  if (auto ok = state_->renew(deadline); !ok) return tl::unexpected(ok.error());
  state_->issued = now;
  return state_->life->token(now);
}

void Credentials::taken(bool in_place_of_another) {
  if (!state_->life) return;
  const std::lock_guard lock(state_->mutex);
  state_->refusals = 0;
  if (in_place_of_another && state_->ended_at) state_->seen_life = *state_->ended_at * 3 / 4;
}

Result<void> Credentials::present(transport::Request& request, Milliseconds at_most) {
  const auto value = token(at_most);
  if (!value) return tl::unexpected(value.error());
  if (*value) state_->how.put(**value, request.headers, request.url);
  return {};
}

}  // namespace conformance
