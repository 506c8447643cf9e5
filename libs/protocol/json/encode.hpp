// JSON text as Go's encoding/json writes it, which is what DEX and tusd send, and as others do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace json {

/// Compact, members in the order of the document. As Go's json.Marshal: '<', '>', '&', U+2028 and
/// U+2029 are escaped, and every byte that is not UTF-8 becomes \ufffd (so any bytes may be given).
[[nodiscard]] std::string dump(const nlohmann::ordered_json& value);
[[nodiscard]] std::string dump(const nlohmann::json& value);
/// Compact, too; only what JSON demands is escaped, as in Python's json with ensure_ascii=False.
[[nodiscard]] std::string dump_plain(const nlohmann::ordered_json& value);
[[nodiscard]] std::string dump_plain(const nlohmann::json& value);
/// One string, quoted and escaped the same way.
[[nodiscard]] std::string dump_string(std::string_view text);
/// One string as Python's json.dumps writes it: whatever is not ASCII is escaped.
[[nodiscard]] std::string dump_ascii(std::string_view text);

/// Whether `text` is UTF-8 (RFC 3629: no overlong form, no surrogate).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace json
