// Documents that a lane is configured with (LaneInput) as JSON: a name of a file, or the document
// itself. For use inside json::decode.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "protocol/json/decode.hpp"
#include "system/lane_input.hpp"
#include "system/spelling.hpp"

namespace mock {

/// A file's name, as `writer` says it; `known` are names that a client may repeat.
[[nodiscard]] LaneInput named_input(const json::Cursor& value, const std::vector<LaneInput>& known,
                                    ConfigWriter writer);
/// A name inside --lane-files as it is kept on disk: {"lane_file": NAME}. nullopt: it is none.
[[nodiscard]] std::optional<LaneInput> kept_input(const json::Cursor& value, ConfigWriter writer);

/// A document that a request holds.
[[nodiscard]] LaneInput sent_input(std::string text);

/// An object is the document. `into` holds the former one, which a client may name again. A null
/// leaves none.
void read_input_json(const json::Cursor& value, LaneInput& into, ConfigWriter writer);
/// What it is read from again; null if there is none.
[[nodiscard]] nlohmann::ordered_json input_json(const LaneInput& input, ConfigReader reader);

namespace spell {

/// A document that is one as `read_input_json` has it, or the name of its file.
[[nodiscard]] Spelling<LaneInput> input(std::string value);

}  // namespace spell
}  // namespace mock
