#include "auth/key_gate.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>

#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"

namespace mock {
namespace {

/// What a request presents in one way; nullopt: nothing.
using Presented = std::optional<tl::expected<std::string, KeyFlaw>>;

Presented malformed() { return tl::unexpected(KeyFlaw::malformed); }

/// What follows `scheme` in Authorization (RFC 9110 section 11.4; the scheme in any case).
Presented with_scheme(const Request& request, std::string_view scheme) {
  Presented found;
  const auto values = request.fields.all("Authorization");
  for (const auto value : values) {
    const std::size_t space = std::min(value.find(' '), value.size());
    if (!::http::same_name(value.substr(0, space), scheme)) continue;
    if (values.size() > 1) return malformed();
    found = std::string(::http::trim_ows(value.substr(space)));
  }
  return found;
}

Presented basic_user(const Request& request) {
  auto presented = with_scheme(request, "Basic");
  if (!presented || !*presented || (**presented).empty()) return presented;
  const auto text = base64::decode(**presented, base64::TrailingBits::ignored);
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos || colon + 1 < text->size()) return malformed();
  return text->substr(0, colon);
}

Presented in_field(const Request& request, std::string_view name) {
  const auto values = request.fields.all(name);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) return malformed();
  return std::string(::http::trim_ows(values.front()));
}

Presented in_query(const Request& request, std::string_view name) {
  Presented found;
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    // Each by itself: another parameter may be nonsense.
    const auto parameter = ::http::parse_form(part);
    if (!parameter && part.substr(0, part.find('=')) == name) return malformed();
    if (!parameter || parameter->empty() || parameter->front().first != name) continue;
    if (found) return malformed();
    found = parameter->front().second;
  }
  return found;
}

Presented presented(const Request& request, const KeyWay& way) {
  switch (way.kind) {
    case KeyWay::Kind::bearer:
      return with_scheme(request, "Bearer");
    case KeyWay::Kind::basic_user:
      return basic_user(request);
    case KeyWay::Kind::field:
      return in_field(request, way.name);
    case KeyWay::Kind::query:
      return in_query(request, way.name);
  }
  return std::nullopt;
}

}  // namespace

/// Takes the same time for any wrong key of the same length.
bool KeyGate::passes(std::string_view key) const {
  bool known = false;
  for (const auto& good : options_.keys) {
    const bool same =
        good.size() == key.size() && CRYPTO_memcmp(good.data(), key.data(), key.size()) == 0;
    known = known || same;
  }
  return known;
}

tl::expected<std::string, KeyFlaw> KeyGate::key_of(const Request& request) const {
  for (const auto& way : options_.ways) {
    auto key = presented(request, way);
    if (!key) continue;
    if (!*key) return *std::move(key);
    if ((**key).empty()) return tl::unexpected(KeyFlaw::empty);
    if ((**key).find_first_of(" \t") != std::string::npos) {
      return tl::unexpected(KeyFlaw::malformed);
    }
    if (!passes(**key)) return tl::unexpected(KeyFlaw::unknown);
    return *std::move(key);
  }
  return tl::unexpected(KeyFlaw::absent);
}

std::optional<Reply> KeyGate::check(const Request& request) const {
  if (is_preflight(request)) return std::nullopt;
  const auto key = key_of(request);
  if (key) return std::nullopt;
  return options_.refusal(key.error());
}

}  // namespace mock
