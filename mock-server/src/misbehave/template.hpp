// Values of rules with places to fill in: "{offset+1}", "http://{host}/files/{id}".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace mock::misbehave {

/// The names a value may use:
///   {offset} {length}   what the store held for the upload when the request came
///   {stored}            what it holds now
///   {received}          bytes of this request's body so far
///   {id} {host}         the upload's id; the authority the client used
///   {request.NAME}      a header of the request as it came
///   {reply.NAME}        a header of the reply as the handler made it
/// A sum adds or takes away a whole number: {offset+1}, {reply.upload-offset-5}; it is left empty
/// when the value is not a number. "{{" and "}}" stand for braces.
class Template {
 public:
  using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

  [[nodiscard]] static Result<Template> parse(std::string_view text);
  /// A name without a value is filled with nothing. Sums stop at 0 and at 2^63-1.
  [[nodiscard]] std::string fill(const Lookup& lookup) const;
  /// The filled value as a non-negative whole number.
  [[nodiscard]] std::optional<std::uint64_t> number(const Lookup& lookup) const;

 private:
  struct Piece {
    std::string text;  ///< literal, or the name when `is_name`
    bool is_name = false;
    bool is_sum = false;
    std::int64_t add = 0;
  };
  std::vector<Piece> pieces_;
};

}  // namespace mock::misbehave
