// What differs from a record (--against).
#pragma once

#include <string>
#include <vector>

#include "verdicts/record.hpp"

namespace conformance {

struct Against {
  std::string file;
  std::string title;  ///< which server the record is of, and when it was made
  std::vector<verdicts::Change> changes;
  std::size_t same = 0;
  std::size_t not_judged = 0;  ///< rows on record that this run did not judge
};

/// Compares each judged row with the record: its verdict, and the answer in the words of the check.
/// A row that is not on record is a change; rows on record that were not judged are counted.
[[nodiscard]] Against compared(const std::string& file, const verdicts::Column& recorded,
                               const verdicts::Rows& found);

}  // namespace conformance
