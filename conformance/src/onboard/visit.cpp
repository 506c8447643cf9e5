#include "onboard/visit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "protocol/http/form.hpp"
#include "protocol/oauth/token.hpp"
#include "target/busy.hpp"
#include "transport/proxy.hpp"
#include "transport/raw_connection.hpp"
#include "transport/url.hpp"

namespace conformance::onboard {
namespace {

using Clock = std::chrono::steady_clock;
using transport::Exchange;
using transport::Request;

/// Nobody issued it.
constexpr std::string_view made_up = "made-up-by-dex-conformance-onboard";

bool refused(const Exchange& seen) { return seen.response && seen.response->status == 401; }

}  // namespace

Visit::Visit(transport::ClientOptions client, Credentials& credentials, redact::Secrets secrets,
             Milliseconds patience)
    : options_(client),
      client_(std::move(client)),
      credentials_(&credentials),
      patience_(patience) {
  if (const auto* const grant = credentials.grant()) life_.emplace(*grant, std::move(secrets));
}

bool Visit::has_credentials() const { return credentials_->any(); }

LogIn Visit::ask_for_token(const client::TokenLife::Question& question) {
  using Result = LogIn::Result;
  Request request;
  request.method = "POST";
  request.url = question.url;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");
  request.body = http::format_form(question.form);
  const Exchange seen = client_.send(request);
  if (seen.failure || !seen.response) {
    return {Result::unreachable, 0, seen.failure ? lost_told(*seen.failure) : "", {}};
  }
  LogIn login;
  login.status = seen.response->status;
  const auto refusal = life_->take(login.status, seen.response->body, Clock::now());
  if (!refusal) {
    const auto token = oauth::parse_token_response(seen.response->body);
    if (token) login.lifetime = token->expires_in;
  } else if (refusal->document) {
    login.result = Result::no_token;
  } else if (login.status == 404 || login.status == 405) {
    login.result = Result::not_there;
  } else if (login.status == 429) {
    login.result = Result::too_often;
  } else {
    login.result = login.status >= 500 ? Result::fails : Result::refused;
  }
  return login;
}

LogIn Visit::log_in() {
  const auto question = life_->next();
  LogIn login = ask_for_token(question);
  // When the refresh token is refused there is still the password.
  if (login.result != LogIn::Result::in && question.refreshes) login = ask_for_token(life_->next());
  return login;
}

std::string Visit::present(Request& request, Who who) {
  const client::Presentation& how = credentials_->presentation();
  if (who == Who::stranger) how.put(made_up, request.headers, request.url);
  const bool entrusted = !options_.extra_headers_to || options_.extra_headers_to->hold(request.url);
  if (who != Who::partner || !entrusted) return {};
  if (!life_) {
    // A token that was given: nothing is sent to get it.
    static_cast<void>(credentials_->present(request, Milliseconds{0}));
    return {};
  }
  auto token = life_->token(Clock::now());
  if (!token) {
    ++renewals_;
    static_cast<void>(log_in());
    token = life_->token(Clock::now());
  }
  if (token) how.put(*token, request.headers, request.url);
  return token.value_or("");
}

Exchange Visit::ask(Request request, Who who, Milliseconds at_most) {
  constexpr Milliseconds least_pause{100};
  Milliseconds waited{0};
  request.timeout = at_most;
  for (bool renewed = false;;) {
    Request one = request;
    const std::string token = present(one, who);
    Exchange seen = client_.send(one);
    if (!token.empty() && refused(seen) && !renewed) {
      renewed = true;
      life_->refused(token);
      continue;
    }
    const auto busy = seen.response ? busy_of(*seen.response) : std::nullopt;
    const Milliseconds pause = busy ? std::max(busy->pause, least_pause) : Milliseconds{0};
    if (!busy || waited + pause > patience_) return seen;
    waited += pause;
    std::this_thread::sleep_for(pause);
  }
}

Result<void> Visit::cut(const Request& request, Who who, std::size_t part) {
  constexpr Milliseconds at_most{10'000};
  Request one = request;
  static_cast<void>(present(one, who));
  const auto parts = transport::parse_url(one.url);
  if (!parts) return tl::unexpected(parts.error());
  http::Fields fields{{"Host", parts->authority}, {"User-Agent", options_.user_agent}};
  const bool with_extra = !options_.extra_headers_to || options_.extra_headers_to->hold(one.url);
  for (const auto& field : one.headers) fields.add(field.name, field.value);
  for (const auto& field : options_.extra_headers) {
    if (with_extra && !fields.has(field.name)) fields.add(field.name, field.value);
  }
  const std::string body = one.body.value_or("");
  fields.add("Content-Length", std::to_string(body.size()));
  const transport::ProxyOfThread by(options_.proxy);
  auto connection = transport::RawConnection::open(one.url, options_.tls, at_most);
  if (!connection) return tl::unexpected(connection.error());
  const auto head = transport::request_head(one.method, parts->target, fields);
  if (auto sent = connection->send(head, at_most); !sent) return sent;
  if (auto sent = connection->send(body.substr(0, part), at_most); !sent) return sent;
  // When the server closes it has noticed the break; one that never closes is given a second.
  connection->shutdown_send();
  static_cast<void>(connection->wait_for_close(Milliseconds{1'000}));
  return {};
}

bool Visit::eventually(const std::function<bool()>& look) {
  const auto deadline = Clock::now() + patience_;
  for (Milliseconds pause{100};; pause = std::min(pause * 2, Milliseconds{2'000})) {
    if (look()) return true;
    const auto left = deadline - Clock::now();
    if (left <= Clock::duration::zero()) return false;
    std::this_thread::sleep_for(std::min<Clock::duration>(left, pause));
  }
}

std::string lost_told(const transport::Failure& failure) {
  using Kind = transport::Failure::Kind;
  switch (failure.kind) {
    case Kind::resolve:
      return "The name of the computer could not be found.";
    case Kind::connect:
      return "No connection could be made.";
    case Kind::timeout:
      return "No answer came in time.";
    case Kind::reset:
    case Kind::closed:
      return "The connection was lost before an answer came.";
    case Kind::protocol:
      return "What came back is no answer of an upload service.";
    case Kind::proxy:
      return "The proxy did not let the call through.";
    case Kind::tls:
      return "No protected connection could be made.";
    case Kind::own:
      return "This computer has no connection left to give.";
    case Kind::other:
      break;
  }
  return "No answer came.";
}

}  // namespace conformance::onboard
