// Strict decoding of JSON data files: every error names the file and the path of the field.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace json {

/// What errors may say of a document besides places in it.
enum class Content {
  shown,   ///< excerpts, of at most 60 bytes each
  secret,  ///< nothing that stands in it: passwords, tokens
};

/// Thrown by Cursor inside `decode`, which turns it into an Error. Never leaves this library.
struct DecodeError {
  Error error;
};

/// A value and the path that led to it ("rules[2].when.method"). Refers to a document that must
/// outlive it. Every accessor throws DecodeError when the value is not what was asked for.
class Cursor {
 public:
  Cursor(const nlohmann::json& value, std::string document, std::string path = {},
         Content content = Content::shown);

  /// Refuses any key that is not listed, naming it and the keys there are.
  void only(std::initializer_list<std::string_view> keys) const {
    only(std::span(keys.begin(), keys.size()));
  }
  void only(std::span<const std::string_view> keys) const;
  [[nodiscard]] Cursor at(std::string_view key) const;
  [[nodiscard]] std::optional<Cursor> find(std::string_view key) const;
  /// The elements of an array in their order / the members of an object by key.
  [[nodiscard]] std::vector<Cursor> items() const;
  [[nodiscard]] std::vector<std::pair<std::string, Cursor>> members() const;

  [[nodiscard]] const std::string& string() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] std::uint64_t unsigned_integer() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] bool is_string() const;
  [[nodiscard]] bool is_number() const;
  [[nodiscard]] const nlohmann::json& raw() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Fails at this place: "expected one of GET, HEAD".
  [[noreturn]] void fail(const std::string& what) const;
  /// Unwraps a Result, failing at this place with its text.
  template <class T>
  T unwrap(Result<T> result) const {
    if (!result) fail(result.error().what);
    return std::move(*result);
  }

 private:
  const nlohmann::json* value_;
  std::string document_;
  std::string path_;
  Content content_;
};

/// Parses `text` (comments, duplicate keys, invalid UTF-8 and more than 100 levels are refused) and
/// runs `read` on its root. `document` names it in errors: a file name, or "response body". Errors
/// say where (line and column, or the path of a field) and what was expected; of a secret document
/// never what is there, as long as `read` does not say it.
template <class Read>
auto decode(std::string_view text, const std::string& document, Read&& read,
            Content content = Content::shown) -> Result<std::invoke_result_t<Read, Cursor>>;

/// The same for a file; a missing or unreadable file is an Error as well.
template <class Read>
auto decode_file(const std::string& file, Read&& read, Content content = Content::shown)
    -> Result<std::invoke_result_t<Read, Cursor>>;

namespace detail {
[[nodiscard]] Result<nlohmann::json> parse(std::string_view text, const std::string& document,
                                           Content content = Content::shown);
/// The same, for callers that include only json_fwd.hpp.
[[nodiscard]] Result<std::shared_ptr<const nlohmann::json>> parse_shared(
    std::string_view text, const std::string& document, Content content);
[[nodiscard]] Result<std::string> read_file(const std::string& file);
}  // namespace detail

template <class Read>
auto decode(std::string_view text, const std::string& document, Read&& read, Content content)
    -> Result<std::invoke_result_t<Read, Cursor>> {
  auto value = detail::parse_shared(text, document, content);
  if (!value) return tl::unexpected(value.error());
  try {
    return std::forward<Read>(read)(Cursor{**value, document, {}, content});
  } catch (const DecodeError& e) {
    return tl::unexpected(e.error);
  }
}

template <class Read>
auto decode_file(const std::string& file, Read&& read, Content content)
    -> Result<std::invoke_result_t<Read, Cursor>> {
  auto text = detail::read_file(file);
  if (!text) return tl::unexpected(text.error());
  return decode(*text, file, std::forward<Read>(read), content);
}

}  // namespace json
