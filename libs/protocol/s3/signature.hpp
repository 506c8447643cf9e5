// The signature of a request, whichever its version and place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/s3/signature_v2.hpp"
#include "protocol/s3/signature_v4.hpp"

namespace s3 {

using Signature = std::variant<SignatureV2, SignatureV4>;

/// What a request says of its signature; nullopt of an anonymous one. An Authorization field of a
/// scheme that is not AWS's is refused, and so are two signatures at once.
[[nodiscard]] Expected<std::optional<Signature>> find_signature(const Request& request);

/// The access key id that a request names, whether or not the rest of its signature can be read; of
/// several places the field first. For whoever has to know whose request it is before it is judged.
[[nodiscard]] std::optional<std::string> claimed_access_key(const Request& request);

/// Tells whose secret proves it.
[[nodiscard]] const std::string& access_key_of(const Signature& signature);
[[nodiscard]] std::string string_to_sign(const Signature& signature, const Request& request);
/// See the version's own `check`. `now` is the server's clock when the request arrived.
[[nodiscard]] Expected<void> check(const Signature& signature, const Request& request,
                                   std::string_view secret, http::TimePoint now);

/// InvalidAccessKeyId, for a key that the store does not know.
[[nodiscard]] Refusal unknown_access_key(std::string_view access_key);

}  // namespace s3
