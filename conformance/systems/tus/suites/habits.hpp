// What clients of real servers send beyond the text of tus, and what comes of it. The tus areas
// only report it; for DEX, whose own clients do so, it is judged (area dex-clients).
#pragma once

#include <string>
#include <string_view>

#include "tus/vocabulary.hpp"

namespace conformance::suites {

struct Habit {
  bool understood = false;
  std::string seen;
};

/// An empty field beside the one that counts: `empty` is Upload-Length (CDC's load tool sends it)
/// or Upload-Defer-Length. Understood: the empty field is treated as absent.
[[nodiscard]] Habit creation_with_empty(Context& c, std::string_view empty);
/// A PATCH of known length with an empty Upload-Length.
[[nodiscard]] Habit patch_with_empty_length(Context& c);

/// How the IETF draft says that a body ends the file, in one of its interop versions.
struct EndSignal {
  std::string_view version;  ///< Upload-Draft-Interop-Version
  std::string_view field;
  std::string_view value;
};
inline constexpr EndSignal end_of_version_3{"3", "Upload-Incomplete", "?0"};
inline constexpr EndSignal end_of_version_4{"4", "Upload-Complete", "?1"};
inline constexpr EndSignal end_of_version_5{"5", "Upload-Complete", "?1"};
inline constexpr EndSignal end_of_version_6{"6", "Upload-Complete", "?1"};

/// An upload of deferred length: 5 bytes, then `last` in a PATCH of tus 1.0.0 that carries the
/// signal. Understood: the length is where `last` ends.
[[nodiscard]] Habit ended_by_draft(Context& c, const EndSignal& signal, std::string_view last,
                                   std::string* upload = nullptr);

/// A chunked PATCH of 5 bytes that also carries Content-Length: 0, as java.net.http makes it.
/// Understood: the chunks count, and the connection goes on (RFC 9112 section 6.1 lets a server
/// refuse it as well).
[[nodiscard]] Habit chunked_beside_length(Context& c);

}  // namespace conformance::suites
