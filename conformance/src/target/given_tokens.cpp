#include "target/given_tokens.hpp"

#include <algorithm>
#include <array>

#include "protocol/json/decode.hpp"

namespace conformance {
namespace {

struct Name {
  std::string_view text;
  TokenKind kind;
};
constexpr std::array names{
    Name{"expired", TokenKind::expired},
    Name{"not_yet_valid", TokenKind::not_yet_valid},
    Name{"wrong_key", TokenKind::wrong_key},
    Name{"wrong_issuer", TokenKind::wrong_issuer},
    Name{"missing_scope", TokenKind::missing_scope},
    Name{"extra_scopes", TokenKind::extra_scopes},
    Name{"bad_claims", TokenKind::bad_claims},
    Name{"session", TokenKind::session},
};

/// It fits into a field value, and cannot start a field of its own.
bool is_sendable(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace

Result<GivenTokens> parse_tokens(std::string_view text, const std::string& document) {
  return json::decode(
      text, document,
      [](const json::Cursor& root) {
        root.only({"expired", "not_yet_valid", "wrong_key", "wrong_issuer", "missing_scope",
                   "extra_scopes", "bad_claims", "session"});
        GivenTokens tokens;
        for (const Name& name : names) {
          const auto at = root.find(name.text);
          if (!at) continue;
          const std::string& value = at->string();
          if (!is_sendable(value)) at->fail("expected a token: visible ASCII without spaces");
          const bool cookie = name.kind == TokenKind::session;
          if (cookie && value.find('=') == std::string::npos) at->fail("expected NAME=VALUE");
          tokens.emplace(name.kind, cookie ? value : "Bearer " + value);
        }
        if (tokens.empty()) root.fail("names no token");
        return tokens;
      },
      json::Content::secret);
}

}  // namespace conformance
