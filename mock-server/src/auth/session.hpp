// The session cookie phdo_session, which DEX's web pages carry instead of an Authorization header
// (rows DEX-AUTH-016, -017).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "http/message.hpp"
#include "loop/loop.hpp"
#include "protocol/error.hpp"

namespace mock {

inline constexpr std::string_view session_cookie = "phdo_session";

/// Seals a token into a cookie that only this server can have made: base64url of a JSON object, a
/// dot, base64url of its HMAC-SHA256. (DEX's own format, gorilla/securecookie with gob, says
/// nothing to anybody but DEX.) Loop thread only.
class Sessions {
 public:
  /// The key is in `file` (mode 0600), made when there is none; without a file it lives in memory.
  [[nodiscard]] static Result<std::unique_ptr<Sessions>> open(
      std::optional<std::filesystem::path> file);

  /// Writes the key into `file`, for sessions that had none.
  [[nodiscard]] Result<void> keep_in(const std::filesystem::path& file) const;
  /// "phdo_session=...", as a Cookie field takes it.
  [[nodiscard]] std::string seal(std::string_view token, TimePoint expires) const;
  /// The token in the request's session cookie; nullopt without such a cookie; what is wrong with
  /// it otherwise: "securecookie: ...".
  [[nodiscard]] tl::expected<std::optional<std::string>, std::string> token_in(
      const Request& request, TimePoint now) const;

 private:
  explicit Sessions(std::string key) : key_(std::move(key)) {}
  [[nodiscard]] std::string mac(std::string_view text) const;

  std::string key_;
};

}  // namespace mock
