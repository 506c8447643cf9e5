// A lane's configuration as JSON: what PUT /_mock/lanes/NAME takes, and what a store on disk keeps
// of a lane. The keys are the command line's flags, with '_' for '-'; lists are in the plural. Each
// is an entry in lane_settings.hpp.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lane/lane_config.hpp"
#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "system/spelling.hpp"

namespace mock {

/// For use inside json::decode. Strict: an unknown key, and a value that cannot be, fail there.
/// What is not given is as in `base`; a null takes away what may be missing ("max_size": null is
/// the profile's own). "users", "upload_configs", "deliver" and "profile" take the name of a file
/// or the document itself, as JSON ("deliver" also as text of more than one line); "rules" holds
/// file names, and rules themselves as objects. A client may also name what `base` was started
/// with. `listen` and `issuer` of `base` do not count: an address and a name are one server's.
[[nodiscard]] LaneConfig read_lane_config(const json::Cursor& root, LaneConfig base,
                                          ConfigWriter writer);

/// Every key that is set, and a null for what is not but is in `over`; over that `read_lane_config`
/// gives the same configuration back (`us`).
[[nodiscard]] nlohmann::ordered_json to_json(const LaneConfig& config, LaneConfig over = {});
/// What is set, for a client: without passwords, and names as a client says them.
[[nodiscard]] nlohmann::ordered_json shown_json(const LaneConfig& config);

}  // namespace mock
