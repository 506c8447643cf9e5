// Why rows are red, told once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

struct Cause {
  enum class Kind {
    died,      ///< the target takes no connections any more
    broken,    ///< a foundation failed in every way that it was tried
    unsteady,  ///< a foundation failed, and the same request, repeated, held: red by itself
    partly,    ///< a foundation failed in one way of asking, and held in another
    group,     ///< rows that met the same where a foundation held by itself
    row,       ///< one row by itself
  };
  Kind kind = Kind::row;
  std::string name;                ///< of the foundation, or the id of the row
  std::string what;                ///< one line
  std::string to_do;               ///< one line
  std::vector<std::string> tries;  ///< "once more, on a connection of its own: 405"
  std::string transcript;          ///< evidence; of rows, that of the first one
  std::vector<std::size_t> rows;   ///< indices of judgements, all red
  /// The rows to run by themselves to see it: one, or all that are suspected.
  std::vector<std::string> ask;
  std::size_t not_judged = 0;  ///< rows that were skipped because of it

  [[nodiscard]] std::size_t weight() const { return rows.size() + not_judged; }
};
[[nodiscard]] std::string_view to_string(Cause::Kind kind);

}  // namespace conformance
