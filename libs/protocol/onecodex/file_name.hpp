// Which names the file of a sample may have.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/onecodex/contract.hpp"

namespace onecodex {

/// As documents and schema give it. An engine that backtracks takes minutes for 4,000 characters
/// that do not match ("a.a.a.!"), so no engine runs it: see is_file_name.
inline constexpr std::string_view file_name_pattern = R"(^[\w\.]+[\w\-\.\[\]\(\)\{\} ]*\.[\w\.]+$)";

/// In bytes: what a key of 1,024 has room for after "user_{16}/file_{16}/". Our own limit; nothing
/// is documented.
inline constexpr std::size_t longest_file_name = 980;

/// Whether `text` (UTF-8) matches the pattern, in a time that grows with its length alone. The
/// service's engine is Python's, in which \w has the letters and digits of all scripts. Blocks of
/// Unicode tell these here, so a rare sign among them counts as a letter. By the guide, whose
/// expressions are ECMAScript's, \w is ASCII. A newline at the end, which Python's '$' lets pass,
/// is refused.
[[nodiscard]] bool is_file_name(std::string_view text, Contract contract);

}  // namespace onecodex
