// Documents that a lane is configured with (LaneInput) as JSON: a name of a file, or the document
// itself. For use inside json::decode.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "lane/lane_config.hpp"
#include "lane/lane_config_json.hpp"
#include "protocol/json/decode.hpp"

namespace mock {

/// A file's name, as `writer` says it; `known` are names that a client may repeat.
[[nodiscard]] LaneInput named_input(const json::Cursor& value, const std::vector<LaneInput>& known,
                                    ConfigWriter writer);
/// A name inside --lane-files as it is kept on disk: {"lane_file": NAME}. nullopt: it is none.
[[nodiscard]] std::optional<LaneInput> kept_input(const json::Cursor& value, ConfigWriter writer);

// One for each kind of document; `into` holds the former one, which a client may name again. A
// null leaves none.

/// An object is the document.
void read_input(const json::Cursor& value, LaneInput& into, ConfigWriter writer);
/// A list is one too: of the users.
void read_users(const json::Cursor& value, LaneInput& into, ConfigWriter writer);
/// Text of more than one line is one too, YAML; the name of a file has one.
void read_deliver(const json::Cursor& value, LaneInput& into, ConfigWriter writer);
/// A folder: a client's is inside the lane's own, on disk {"lane_folder": NAME}.
void read_deliver_root(const json::Cursor& value, LaneInput& into, ConfigWriter writer);

// What they are read from again; null if there is none.

[[nodiscard]] nlohmann::ordered_json input_json(const LaneInput& input, ConfigReader reader);
[[nodiscard]] nlohmann::ordered_json users_json(const LaneInput& input, ConfigReader reader);
[[nodiscard]] nlohmann::ordered_json deliver_root_json(const LaneInput& input, ConfigReader reader);

}  // namespace mock
