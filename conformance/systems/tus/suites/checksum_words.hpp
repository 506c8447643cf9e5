// What the checks of Upload-Checksum share, sent as a field or as a trailer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tus/vocabulary.hpp"

namespace conformance::suites {

/// The value of Upload-Checksum for `bytes`; `algorithm` is one that we compute.
[[nodiscard]] std::string checksum_of(const std::string& algorithm, std::string_view bytes);
/// The first algorithm the server lists that we compute too; sha1 when it is listed.
[[nodiscard]] std::optional<std::string> known_algorithm(const Context& c);
/// The same; ends the check as blocked when there is none.
[[nodiscard]] std::string usable_algorithm(const Context& c);

/// Whether a Trailer field announces the trailer.
enum class Announced { yes, no };
/// A chunked PATCH at offset 0 with `checksum` as the trailer Upload-Checksum.
[[nodiscard]] RawConnection::Read patch_trailing(Context& c, const std::string& upload,
                                                 std::string_view body, const std::string& checksum,
                                                 Announced announced = Announced::yes);
/// The same on a given connection.
[[nodiscard]] RawConnection::Read patch_trailing(Context& c, RawConnection& connection,
                                                 const std::string& upload, std::string_view body,
                                                 const std::string& checksum,
                                                 Announced announced = Announced::yes);

}  // namespace conformance::suites
