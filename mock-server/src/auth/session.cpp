#include "auth/session.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <nlohmann/json.hpp>

#include "auth/tokens.hpp"
#include "files/files.hpp"
#include "protocol/base64.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace mock {
namespace {

constexpr std::size_t key_bytes = 32;

struct Content {
  std::string token;
  std::int64_t expires = 0;  ///< seconds since 1970
};

std::int64_t seconds(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// RFC 6265 section 4.2.1: "a=b; phdo_session=..."; the first of that name.
std::optional<std::string_view> cookie_in(const Request& request) {
  for (const std::string_view field : request.fields.all("Cookie")) {
    std::string_view rest = field;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = ::http::trim_ows(rest.substr(0, end));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == session_cookie) {
        return pair.substr(equals + 1);
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Sessions>> Sessions::open(std::optional<std::filesystem::path> file) {
  if (!file) return std::unique_ptr<Sessions>(new Sessions(random_token(key_bytes)));
  auto kept = read_file(*file);
  if (!kept) return tl::unexpected(kept.error());
  if (*kept) {
    const auto key = base64::decode_url(**kept);
    if (!key || key->size() != key_bytes) {
      return failure(file->string(), "is not a key of session cookies",
                     "remove it to get a new one; session cookies made so far become invalid");
    }
    return std::unique_ptr<Sessions>(new Sessions(std::move(**kept)));
  }
  std::unique_ptr<Sessions> sessions(new Sessions(random_token(key_bytes)));
  if (auto written = sessions->keep_in(*file); !written) return tl::unexpected(written.error());
  return sessions;
}

Result<void> Sessions::keep_in(const std::filesystem::path& file) const {
  return replace_file(file, key_, FileAccess::owner);
}

std::string Sessions::mac(std::string_view text) const {
  // The name is part of it, so that what is sealed for one cookie does not open another.
  const std::string named = std::string(session_cookie) + "|" + std::string(text);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(named.data()), named.size(), digest.data(), &size);
  return base64::encode_url({reinterpret_cast<const char*>(digest.data()), size});
}

std::string Sessions::seal(std::string_view token, TimePoint expires) const {
  const std::string content = base64::encode_url(
      json::dump(nlohmann::ordered_json{{"token", token}, {"expires", seconds(expires)}}));
  return std::string(session_cookie) + "=" + content + "." + mac(content);
}

tl::expected<std::optional<std::string>, std::string> Sessions::token_in(const Request& request,
                                                                         TimePoint now) const {
  const auto cookie = cookie_in(request);
  if (!cookie) return std::optional<std::string>();
  const auto forged = tl::unexpected(std::string("securecookie: the value is not valid"));
  const std::size_t dot = cookie->find('.');
  if (dot == std::string_view::npos) return forged;
  const std::string_view content = cookie->substr(0, dot);
  const std::string expected = mac(content);
  const std::string_view given = cookie->substr(dot + 1);
  if (given.size() != expected.size() ||
      CRYPTO_memcmp(given.data(), expected.data(), expected.size()) != 0) {
    return forged;
  }
  const auto text = base64::decode_url(content);
  const auto opened =
      json::decode(text.value_or(""), "session cookie", [](const json::Cursor& root) {
        return Content{root.at("token").string(), root.at("expires").integer()};
      });
  if (!opened) return forged;
  if (seconds(now) >= opened->expires) {
    return tl::unexpected(std::string("securecookie: expired timestamp"));
  }
  return std::optional<std::string>(opened->token);
}

}  // namespace mock
