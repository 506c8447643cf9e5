#include "system/lane_input.hpp"

#include "files/input.hpp"

namespace mock {
namespace {

using From = LaneInput::From;

Result<std::string> text_of(const LaneInput& input, const LaneFiles& files) {
  switch (input.from) {
    case From::request:
      return *input.text;
    case From::folder:
      if (files) return read_input_in(*files, input.name);
      return tl::unexpected(no_lane_files(input.name));
    case From::start:
    case From::nothing:
      break;
  }
  return read_input(input.name);
}

}  // namespace

Error no_lane_files(const std::string& name) {
  return {name, "is a file's name, and this server has no folder for such files",
          "send the content itself, or start the server with --lane-files DIR"};
}

tl::unexpected<InputError> wrong_input(const LaneInput& input, const std::string& key,
                                       const Error& error) {
  if (input.from != From::folder) return input_error(error);
  return tl::unexpected(InputError{Error{key + ": " + input.name, "is not what this key takes",
                                         "the log of the server says what is wrong with it"},
                                   key + ": " + error.line()});
}

Loaded<std::string> input_text(const LaneInput& input, const std::string& key,
                               const LaneFiles& files) {
  auto text = text_of(input, files);
  if (text) return *std::move(text);
  auto told = text.error();
  if (input.from == From::folder) told.where = key + ": " + told.where;
  return input_error(std::move(told));
}

}  // namespace mock
