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

/// What a request says of its signature; nullopt for an anonymous request. An Authorization field
/// of a scheme that is not AWS's is refused, and so are two signatures at once.
[[nodiscard]] Expected<std::optional<Signature>> find_signature(const Request& request);

/// The access key id that a request names, even if the rest of its signature cannot be read; of
/// several places the Authorization field comes first. For callers that must know whose request it
/// is before they judge it.
[[nodiscard]] std::optional<std::string> claimed_access_key(const Request& request);

/// The access key whose secret proves the signature.
[[nodiscard]] const std::string& access_key_of(const Signature& signature);
[[nodiscard]] std::string string_to_sign(const Signature& signature, const Request& request);
/// See the version's own `check`. `now` is the server's clock when the request arrived.
[[nodiscard]] Expected<void> check(const Signature& signature, const Request& request,
                                   std::string_view secret, http::TimePoint now);

/// InvalidAccessKeyId, for a key that the store does not know.
[[nodiscard]] Refusal unknown_access_key(std::string_view access_key);

}  // namespace s3
