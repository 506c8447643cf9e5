// What a signature of S3 covers, from the bytes that the client sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/fields.hpp"

namespace s3 {

/// Refers to data that the caller keeps alive.
struct Request {
  std::string_view method;
  /// Path and query, byte for byte as on the wire: an escape that was undone and made again may
  /// differ, and with it the signature.
  std::string_view target;
  const http::Fields& fields;
  /// The bucket when the host names it ("examplebucket.s3.amazonaws.com"); empty when the path
  /// does.
  std::string_view host_bucket = {};
};

/// The path, also of a target in absolute form ("http://host/path", RFC 9112 section 3.2.2): what
/// precedes the path is not signed.
[[nodiscard]] std::string_view path_of(std::string_view target);
/// Without the '?'; empty when there is none.
[[nodiscard]] std::string_view query_of(std::string_view target);

/// One parameter of a query, its escapes undone. '+' stays '+': what stands for a space in a form
/// is a letter of Base64 here.
struct Parameter {
  std::string name;
  std::optional<std::string> value;  ///< none without '='
  bool operator==(const Parameter&) const = default;
};
using Parameters = std::vector<Parameter>;
/// nullopt for a '%' that two hexadecimal digits do not follow.
[[nodiscard]] std::optional<Parameters> parse_query(std::string_view query);
/// The first of exactly that name, letter case included; a parameter without '=' is empty.
[[nodiscard]] std::optional<std::string_view> find(const Parameters& parameters,
                                                   std::string_view name);

/// The path of an object as clients write it: everything but unreserved characters and '/' is
/// escaped.
[[nodiscard]] std::string encode_path(std::string_view path);

}  // namespace s3
