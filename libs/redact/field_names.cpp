#include "redact/field_names.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace redact {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

bool is_credential_field(std::string_view name) {
  const std::string text = lower(name);
  if (text == "www-authenticate" || text == "proxy-authenticate") return false;
  constexpr std::array<std::string_view, 12> parts = {
      "authorization", "authentication", "cookie",    "token",   "secret",    "password",
      "passwd",        "credential",     "signature", "session", "x-api-key", "apikey"};
  const bool named = std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string::npos;
  });
  return named || text == "key" || text.ends_with("-key") || text.ends_with("_key") ||
         text.ends_with("-auth");
}

bool is_harmless_field(std::string_view name) {
  if (is_credential_field(name)) return false;
  const std::string text = lower(name);
  constexpr std::array<std::string_view, 17> names = {
      "cache-control", "connection", "date",         "expect",      "forwarded", "from",
      "host",          "origin",     "pragma",       "prefer",      "range",     "referer",
      "user-agent",    "via",        "x-request-id", "traceparent", "x-dex-lane"};
  constexpr std::array<std::string_view, 8> groups = {"accept", "access-control-", "content-",
                                                      "if-",    "sec-fetch-",      "x-forwarded-",
                                                      "tus-",   "upload-"};
  return std::find(names.begin(), names.end(), text) != names.end() ||
         std::any_of(groups.begin(), groups.end(),
                     [&](std::string_view group) { return text.starts_with(group); });
}

}  // namespace redact
