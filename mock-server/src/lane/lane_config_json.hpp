// A lane's configuration as JSON: what PUT /_mock/lanes/NAME takes, and what a store on disk keeps
// of a lane. The keys are the command line's flags, with '_' for '-'; lists are in the plural.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lane/lane_config.hpp"
#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"

namespace mock {

/// For use inside json::decode. Strict: an unknown key, and a value that cannot be, fail there.
/// What is not given is as in `base`; a null takes away what may be missing ("max_size": null is
/// the profile's own). "rules" holds file names, and rules themselves as objects. `listen`
/// and `issuer` of `base` do not count: an address and a name are one server's.
[[nodiscard]] LaneConfig read_lane_config(const json::Cursor& root, LaneConfig base);

/// Every key that is set; `read_lane_config` gives the same configuration back.
[[nodiscard]] nlohmann::ordered_json to_json(const LaneConfig& config);

}  // namespace mock
