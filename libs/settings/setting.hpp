// What a tool can be told, as a table: one entry is a flag, and whatever else the tool makes of it
// (a key of a file, what is kept of it). The tables are the tools'; nothing here knows one.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include "protocol/error.hpp"

namespace settings {

/// How often a flag may be given, and with how many values.
enum class Times {
  once,
  often,   ///< --name A --name B
  listed,  ///< --name A B as well: all words up to the next flag
};

/// `--name VALUE` as --help shows it.
struct Flag {
  std::string name;   ///< without the dashes
  std::string value;  ///< what VALUE is called; empty: it is a switch, and takes none
  std::string help;
  std::string group = {"Options"};  ///< its heading in --help
  std::string initial = {};         ///< the default as --help shows it; empty: it shows none
  Times times = Times::once;
};

/// An entry of a table. A tool that needs more of an entry derives from it.
template <class Target>
struct Setting : Flag {
  using Apply = std::function<Result<void>(Target&, const std::string& text)>;
  /// Takes one value; for a switch that is given, "true". The Error does not name the flag. Empty:
  /// it is no flag.
  Apply apply;
};

/// Applies a text by storing what `parse` makes of it.
template <class Parse, class Store>
[[nodiscard]] auto parsed(Parse parse, Store store) {
  return [parse = std::move(parse), store = std::move(store)](
             auto& target, const std::string& text) -> Result<void> {
    auto value = parse(text);
    if (!value) return tl::unexpected(value.error());
    store(target, *std::move(value));
    return {};
  };
}

/// `parse`, but its Errors begin with the text: "'x' is not a size".
template <class Parse>
[[nodiscard]] auto shown(Parse parse) {
  return [parse = std::move(parse)](const std::string& text) -> decltype(parse(text)) {
    auto value = parse(text);
    if (!value) return failure("", "'" + text + "' " + value.error().what);
    return value;
  };
}

/// Parses whole numbers; both limits are included.
[[nodiscard]] inline auto whole_number(std::uint64_t least, std::uint64_t most) {
  return [least, most](const std::string& text) -> Result<std::uint64_t> {
    std::uint64_t value = 0;
    const auto* const last = text.data() + text.size();
    const auto [end, code] = std::from_chars(text.data(), last, value);
    if (code != std::errc{} || end != last || value < least || value > most) {
      return failure("", quote(text) + " is not a whole number from " + std::to_string(least) +
                             " to " + std::to_string(most));
    }
    return value;
  };
}

/// Refuses an empty text: "$UNSET" in a script must not quietly mean "without".
[[nodiscard]] inline Result<std::string> not_empty(const std::string& text) {
  if (text.empty()) return failure("", "must not be empty");
  return text;
}

}  // namespace settings
