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
///   {token}             an access token that this server accepts
///   {retry_after}       seconds until the rule's rate lets another one pass
///   {request.NAME}      a header of the request as it came
///   {reply.NAME}        a header of the reply as the handler made it
/// Sums: {offset+1}, {length-offset}, {reply.upload-offset-5}; after a header's name only whole
/// numbers are added or taken away, as names hold hyphens. A sum is left empty when one of its
/// values is not a number. "{{" and "}}" stand for braces.
class Template {
 public:
  using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

  [[nodiscard]] static Result<Template> parse(std::string_view text);
  /// A name without a value is filled with nothing. Sums stop at 0 and at 2^63-1.
  [[nodiscard]] std::string fill(const Lookup& lookup) const;
  /// The filled value as a non-negative whole number.
  [[nodiscard]] std::optional<std::uint64_t> number(const Lookup& lookup) const;

  /// Every name that is used, without sums.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Term {
    std::string name;  ///< empty: `number`
    std::int64_t number = 0;
    bool minus = false;
  };
  struct Piece {
    std::string text;         ///< when there are no terms
    std::vector<Term> terms;  ///< one: the value itself; several: their sum
  };
  static Result<std::vector<Term>> parse_terms(std::string_view text);
  static std::string add_up(const std::vector<Term>& terms, const Lookup& lookup);
  std::vector<Piece> pieces_;
};

}  // namespace mock::misbehave
