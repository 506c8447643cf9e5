// Documents that a lane is configured with: where they come from, and reading them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "protocol/error.hpp"

namespace mock {

/// A document that a lane is configured with, and where it comes from. A value type.
struct LaneInput {
  enum class From {
    nothing,  ///< there is none
    start,    ///< a file that the command line names, or that such a file names
    folder,   ///< a name inside --lane-files, the only files that a request can name
    request,  ///< the document itself
  };
  From from = From::nothing;
  std::string name;                              ///< of the file; of `request` nothing
  std::shared_ptr<const std::string> text = {};  ///< of `request`

  [[nodiscard]] static LaneInput file(std::string name) {
    return {name.empty() ? From::nothing : From::start, std::move(name)};
  }
  /// Whether a request said it, not the command line.
  [[nodiscard]] bool by_request() const { return from == From::folder || from == From::request; }
  bool operator==(const LaneInput& other) const {
    return from == other.from && name == other.name &&
           (text == other.text || (text && other.text && *text == *other.text));
  }
};

/// --lane-files: where the names that a request sends are looked up; nullopt: nowhere.
using LaneFiles = std::optional<std::filesystem::path>;

struct InputError {
  Error told;          ///< for whoever wrote the configuration; quotes no file of the folder
  std::string detail;  ///< for the log of the server, when it is more than `told`
};
template <class T>
using Loaded = tl::expected<T, InputError>;

/// An Error that may be told as it is.
[[nodiscard]] inline tl::unexpected<InputError> input_error(Error told) {
  return tl::unexpected(InputError{std::move(told), {}});
}
/// The Error for a request that names the file `name`, when there is no --lane-files.
[[nodiscard]] Error no_lane_files(const std::string& name);
/// `error` is about the content of `input`. If that is a file in the folder, only the log is told.
[[nodiscard]] tl::unexpected<InputError> wrong_input(const LaneInput& input, const std::string& key,
                                                     const Error& error);
/// The text of `input`, which is the setting `key`. Any thread; may take a while.
[[nodiscard]] Loaded<std::string> input_text(const LaneInput& input, const std::string& key,
                                             const LaneFiles& files);

/// Reads it, and parses it by `parse(text, what errors call it)`, which gives a Result<T>.
template <class T, class Parse>
[[nodiscard]] Loaded<T> load_input(const LaneInput& input, const std::string& key,
                                   const LaneFiles& files, Parse parse) {
  const auto text = input_text(input, key, files);
  if (!text) return tl::unexpected(text.error());
  Result<T> parsed = parse(*text, input.from == LaneInput::From::request ? key : input.name);
  if (!parsed) return wrong_input(input, key, parsed.error());
  return std::move(*parsed);
}

}  // namespace mock
