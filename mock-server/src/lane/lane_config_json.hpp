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

/// For use inside json::decode. Strict: an unknown key or an impossible value fails there. What is
/// not given is as in `base`; a null takes away what may be missing ("max_size": null is the
/// profile's own). "users", "upload_configs", "deliver" and "profile" take the name of a file or
/// the document itself, as JSON ("deliver" also as text of more than one line); "rules" holds names
/// of files, and rules themselves as objects. A client may also name the files that `base` was
/// started with. `listen` and `issuer` of `base` are not taken over: an address and a name belong
/// to one server.
[[nodiscard]] LaneConfig read_lane_config(const json::Cursor& root, LaneConfig base,
                                          ConfigWriter writer);

/// Every key that is set, and a null for each that only `over` sets: `read_lane_config` makes the
/// same configuration of it again, with `over` as the base and `us` as the writer.
[[nodiscard]] nlohmann::ordered_json to_json(const LaneConfig& config, LaneConfig over = {});
/// What is set, for a client: without passwords, and with names of files as a client gives them.
[[nodiscard]] nlohmann::ordered_json shown_json(const LaneConfig& config);

}  // namespace mock
