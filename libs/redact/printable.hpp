// Text from a stranger, made harmless for a terminal, a log and an XML reader.
#pragma once

#include <string>
#include <string_view>

namespace redact {

enum class Lines {
  escaped,  ///< for one line: line feeds and tabs are escaped as well
  kept,     ///< for a document of several lines
};

/// `text` as UTF-8 that steers nothing: C0 and C1 control characters, DEL, the controls of
/// bidirectional text (Unicode UAX #9), line and paragraph separators, U+FFFE and U+FFFF (no
/// characters of XML 1.0, section 2.2) and every byte that is not UTF-8 (RFC 3629) become "\xNN",
/// byte by byte. Everything else stays.
[[nodiscard]] std::string printable(std::string_view text, Lines lines = Lines::escaped);

}  // namespace redact
