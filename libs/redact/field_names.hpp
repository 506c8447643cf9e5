// Which header fields carry credentials.
#pragma once

#include <string_view>

namespace redact {

/// Whether fields of this name hold credentials, whoever sends them: Authorization, Cookie, and
/// names such as X-API-Key, Ocp-Apim-Subscription-Key, X-Auth-Token, Client-Secret.
/// WWW-Authenticate asks for credentials and holds none (RFC 9110 section 11.6.1).
[[nodiscard]] bool is_credential_field(std::string_view name);

/// Whether a field of this name that a user added to every request may be shown: fields of HTTP
/// and tus that hold no credentials. Whatever else a user adds may be a key.
[[nodiscard]] bool is_harmless_field(std::string_view name);

}  // namespace redact
