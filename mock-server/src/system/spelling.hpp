// How a value of a setting is spelled: as text of a flag, in the JSON of a lane, and on disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/units.hpp"
#include "system/lane_input.hpp"

namespace mock {

/// Who wrote a configuration.
enum class ConfigWriter {
  us,      ///< the command line's files and what the store keeps: names of files are the server's
  client,  ///< a request: they are names inside --lane-files, whether there is such a folder or not
};

/// Who is to read one.
enum class ConfigReader {
  us,      ///< to give all of it back
  client,  ///< without passwords, and names as a client says them
};

/// A value of type T as text of a flag and in JSON.
template <class T>
struct Spelling {
  std::string value;  ///< what --help calls it; empty: a switch
  std::function<Result<T>(const std::string& text)> parse;
  std::function<void(const json::Cursor& value, T& into, ConfigWriter)> read;
  std::function<nlohmann::ordered_json(const T&, ConfigReader)> write;
};

// The kinds that there are. A system may make others.
namespace spell {

[[nodiscard]] Spelling<bool> on_or_off();
[[nodiscard]] Spelling<Milliseconds> duration();
/// A duration that is longer than zero.
[[nodiscard]] Spelling<Milliseconds> timeout();
/// 1s to 8760h: what URLs and forms are signed for counts in seconds.
[[nodiscard]] Spelling<Milliseconds> lifetime();
[[nodiscard]] Spelling<std::chrono::seconds> whole_seconds();
[[nodiscard]] Spelling<Bytes> bytes();
[[nodiscard]] Spelling<std::uint64_t> whole_number();
/// A document, or the name of its file. `value` is what --help calls it.
[[nodiscard]] Spelling<LaneInput> input(
    std::string value, std::function<void(const json::Cursor&, LaneInput&, ConfigWriter)> read,
    std::function<nlohmann::ordered_json(const LaneInput&, ConfigReader)> write);

}  // namespace spell
}  // namespace mock
