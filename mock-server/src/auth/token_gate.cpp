#include "auth/token_gate.hpp"

#include <algorithm>

#include "auth/scopes.hpp"

namespace mock {
namespace {

/// How many fields are remembered, and how long ones: some megabytes, and more than a load uses.
constexpr std::size_t most_remembered = 4'000;
constexpr std::size_t longest_remembered = 4'000;

/// `challenge`: the auth-params of RFC 6750 section 3.
Reply refusal(int status, std::string text, const std::string& challenge) {
  Reply reply = text_reply(status, std::move(text) + "\n");
  reply.fields.set("WWW-Authenticate", "Bearer realm=\"dex\"" + challenge);
  return reply;
}

/// The last line, in the characters that RFC 6750 section 3 allows in an error_description.
std::string description(std::string_view text) {
  const std::size_t line = text.rfind('\n');
  std::string last(line == std::string_view::npos ? text : text.substr(line + 1));
  for (char& c : last) {
    if (c == '"' || c == '\\') c = '\'';
    if (c < ' ' || c > '~') c = '?';
  }
  return last;
}

/// RFC 6750 section 2.1, b64token.
bool is_b64token(std::string_view token) {
  const std::size_t end = token.find_last_not_of('=');
  if (end == std::string_view::npos) return false;
  return std::all_of(
      token.begin(), token.begin() + static_cast<std::ptrdiff_t>(end) + 1, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~+/").find(c) != std::string_view::npos;
      });
}

/// Whether a request only reads. One that contradicts itself does not count as such.
bool only_reads(const Request& request) {
  const auto& addressed = request.addressed;
  return !addressed.contradictory && (addressed.method == "GET" || addressed.method == "HEAD");
}

}  // namespace

bool needs_token(Route route) { return route.guarded() == Endpoint::Guard::always; }

tl::expected<std::string, Reply> bearer_token(const Request& request) {
  const auto values = request.fields.all("Authorization");
  if (values.empty() || (values.size() == 1 && values.front().empty())) {
    return tl::unexpected(refusal(401, "authorization token not found", ""));
  }
  const std::string_view value = values.front();
  const std::size_t space = std::min(value.find(' '), value.size());
  const std::string_view token = ::http::trim_ows(value.substr(space));
  const bool valid = values.size() == 1 && ::http::same_name(value.substr(0, space), "Bearer") &&
                     is_b64token(token);
  if (!valid) {
    return tl::unexpected(refusal(401, "authorization header format is invalid", ""));
  }
  return std::string(token);
}

bool TokenGate::passes_as_options(const Request& request) const {
  // A browser sends no override with a preflight; OPTIONS with one may turn into any other method
  // further in, and must not get there without a token (TUS-CORE-XMO-006).
  if (request.method != "OPTIONS" || request.addressed.overridden) return false;
  if (!options_.secure) return true;
  // Discovery of tus asks the creation URL, or an upload.
  return is_preflight(request) || !request.addressed.base.empty();
}

tl::expected<std::string, Reply> TokenGate::token_of(const Request& request) const {
  const auto authorization = request.fields.find("Authorization");
  // More than one field is for bearer_token to refuse, whatever the first of them says.
  if (authorization && (!authorization->empty() || request.fields.count("Authorization") > 1)) {
    return bearer_token(request);
  }
  auto session = sessions_.token_in(request, loop_.now());
  if (!session) {
    // Two lines, as DEX writes them (DEX-AUTH-017).
    return tl::unexpected(refusal(401, session.error() + "\nauthorization token not found", ""));
  }
  if (!*session || (**session).empty()) return bearer_token(request);
  if (options_.secure && !only_reads(request)) {
    return tl::unexpected(refusal(
        403, "a session cookie is good for reading only; send the token in Authorization", ""));
  }
  return *std::move(*session);
}

bool TokenGate::passed_before(std::string_view authorization) const {
  if (const auto voided = tokens_->voided(); voided != voided_) {
    passed_.clear();
    voided_ = voided;
  }
  const auto passed = passed_.find(authorization);
  if (passed == passed_.end()) return false;
  const auto now = loop_.now();
  return now >= passed->second.from && now < passed->second.until;
}

void TokenGate::remember(std::string_view authorization, TimePoint until) const {
  if (authorization.size() > longest_remembered) return;
  if (passed_.size() >= most_remembered) passed_.clear();
  passed_.insert_or_assign(std::string(authorization), Passed{loop_.now(), until});
}

std::optional<Reply> TokenGate::check(const Request& request) const {
  if (!tokens_ || passes_as_options(request)) return std::nullopt;
  const auto authorization = request.fields.find("Authorization").value_or("");
  const bool alone = !authorization.empty() && request.fields.count("Authorization") == 1;
  if (alone && passed_before(authorization)) return std::nullopt;
  const auto token = token_of(request);
  if (!token) return token.error();
  const auto grant = tokens_->verify(*token, loop_.now());
  if (!grant) {
    return refusal(
        401, grant.error().text,
        ", error=\"invalid_token\", error_description=\"" + description(grant.error().text) + "\"");
  }
  if (!includes_scopes(grant->scopes, options_.required_scopes)) {
    return refusal(
        403, "one or more required scopes not found",
        ", error=\"insufficient_scope\", scope=\"" + join_scopes(options_.required_scopes) + "\"");
  }
  if (alone) remember(authorization, grant->expires);
  return std::nullopt;
}

}  // namespace mock
