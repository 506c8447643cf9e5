// Errors as values: what went wrong, where, and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

/// One failure, told to a person in one line.
struct Error {
  std::string where;  ///< file, line, field, header or flag; empty when there is none
  std::string what;   ///< what is wrong and what was expected, without a trailing full stop
  std::string hint;   ///< what to do; may be empty

  /// "where: what (hint)", leaving out the empty parts. Control characters are escaped, so that it
  /// is one line and cannot steer a terminal.
  [[nodiscard]] std::string line() const;

  bool operator==(const Error&) const = default;
};

/// `text` between double quotes, for a message: bytes that are not printable ASCII are escaped, and
/// what is longer than 60 bytes is cut.
[[nodiscard]] std::string quote(std::string_view text);

template <class T>
using Result = tl::expected<T, Error>;

/// Shorthand for `return failure("Upload-Offset", "not a non-negative integer");`.
[[nodiscard]] inline tl::unexpected<Error> failure(std::string where, std::string what,
                                                   std::string hint = {}) {
  return tl::unexpected<Error>(Error{std::move(where), std::move(what), std::move(hint)});
}
