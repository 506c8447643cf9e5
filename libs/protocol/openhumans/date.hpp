// Dates in metadata: ISO 8601, as the server's library (arrow 1.3) takes it.
#pragma once

#include <string_view>

#include "protocol/openhumans/contract.hpp"

namespace openhumans {

enum class DateVerdict {
  good,
  unreadable,  ///< no ISO 8601
  impossible,  ///< of the right form, and no day or time: 2018-02-30
};

/// A date - "2018", "2018-05", "2018-05-27", "20180527", a day of the year "2018-147", a week
/// "2018-W21" or "2018-W21-7" - alone or with 'T' and a time, with or without an offset.
///
/// The server also takes '/' and '.' between the parts, one digit for a month or day, a blank for
/// 'T', and week 0. Only ASCII digits count, and no line end (the server takes both).
[[nodiscard]] DateVerdict judge_date(std::string_view text, Contract contract);

}  // namespace openhumans
