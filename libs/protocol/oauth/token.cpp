#include "protocol/oauth/token.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace oauth {
namespace {

std::optional<json::Cursor> present(const json::Cursor& root, std::string_view key) {
  auto member = root.find(key);
  return member && !member->is_null() ? member : std::nullopt;
}

std::string text_or_empty(const json::Cursor& root, std::string_view key) {
  const auto member = present(root, key);
  return member ? member->string() : std::string{};
}

/// RFC 6749 appendix A.12: visible ASCII and spaces. Anything else could break out of the
/// Authorization header it is sent in.
std::string token(const json::Cursor& cursor) {
  const std::string& text = cursor.string();
  const bool sendable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7F'; });
  if (text.empty() || !sendable) cursor.fail("expected visible ASCII characters");
  return text;
}

}  // namespace

std::string to_json(const TokenResponse& response) {
  return json::dump(nlohmann::ordered_json{{"access_token", response.access_token},
                                           {"token_type", response.token_type},
                                           {"expires_in", response.expires_in.count()},
                                           {"refresh_token", response.refresh_token},
                                           {"scope", response.scope},
                                           {"resource", response.resource}});
}

Result<TokenResponse> parse_token_response(std::string_view text) {
  return json::decode(
      text, "token response",
      [](const json::Cursor& root) {
        TokenResponse response;
        response.access_token = token(root.at("access_token"));
        response.token_type = token(root.at("token_type"));
        if (const auto expires = present(root, "expires_in")) {
          constexpr std::uint64_t century = 100ULL * 366 * 86'400;
          const std::uint64_t seconds = expires->unsigned_integer();
          if (seconds > century) expires->fail("expected seconds, at most a hundred years of them");
          response.expires_in = std::chrono::seconds{static_cast<std::int64_t>(seconds)};
        }
        response.refresh_token = text_or_empty(root, "refresh_token");
        response.scope = text_or_empty(root, "scope");
        if (const auto resource = present(root, "resource")) {
          for (const auto& item : resource->items()) response.resource.push_back(item.string());
        }
        return response;
      },
      json::Content::secret);
}

std::string to_json(const TokenError& error) {
  return json::dump(nlohmann::ordered_json{{"error", error.error},
                                           {"error_description", error.error_description}});
}

Result<TokenError> parse_token_error(std::string_view text) {
  return json::decode(
      text, "token error",
      [](const json::Cursor& root) {
        return TokenError{root.at("error").string(), text_or_empty(root, "error_description")};
      },
      json::Content::secret);
}

}  // namespace oauth
