// Goes through all uploads of a lane without holding up the loop. Private to this room.
#pragma once

#include <functional>

#include "control/call.hpp"
#include "store/store.hpp"

namespace mock::control {

/// Calls `each` for every upload that is there when its turn comes, by id, then `done`. `each`
/// returning false ends the scan early. Uploads whose .info is damaged are passed over. A few
/// at a time: a look-up may read a file.
void scan_uploads(Call& call, std::vector<std::string> ids, std::function<bool(const Upload&)> each,
                  std::function<void()> done);

/// "created": not a byte of it yet; "receiving"; "complete"; "expired": unfinished, and its time
/// has passed, so that clients are told 410.
[[nodiscard]] std::string_view state_of(const Upload& upload, TimePoint now);

}  // namespace mock::control
