#include "system/lane_input_json.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "files/input.hpp"

namespace mock {
namespace {

using json::Cursor;
using Json = nlohmann::ordered_json;
using From = LaneInput::From;

/// On disk, a name inside --lane-files: a name alone is the server's.
constexpr std::string_view in_folder = "lane_file";

}  // namespace

LaneInput sent_input(std::string text) {
  return {From::request, {}, std::make_shared<const std::string>(std::move(text))};
}

LaneInput named_input(const Cursor& value, const std::vector<LaneInput>& known,
                      ConfigWriter writer) {
  const auto& name = value.string();
  if (name.empty()) value.fail("must not be empty (null leaves it out)");
  if (writer == ConfigWriter::us) return LaneInput::file(name);
  for (const auto& one : known) {
    if (one.from == From::start && one.name == name) return one;
  }
  if (!is_inner_name(name)) {
    value.fail(quote(name) +
               " is a file of the server's, and no request opens those: send the content itself, "
               "or a name inside the folder of --lane-files, relative and without '..'");
  }
  return {From::folder, name};
}

std::optional<LaneInput> kept_input(const Cursor& value, ConfigWriter writer) {
  if (writer != ConfigWriter::us || !value.is_object()) return std::nullopt;
  const auto name = value.find(in_folder);
  if (!name || !name->is_string()) return std::nullopt;
  value.only({in_folder});
  return LaneInput{From::folder, name->string()};
}

void read_input_json(const Cursor& value, LaneInput& into, ConfigWriter writer) {
  if (value.is_null()) {
    into = {};
  } else if (auto kept = kept_input(value, writer)) {
    into = *std::move(kept);
  } else if (value.is_object()) {
    into = sent_input(value.raw().dump());
  } else {
    into = named_input(value, {into}, writer);
  }
}

Json input_json(const LaneInput& input, ConfigReader reader) {
  if (input.from == From::nothing) return nullptr;
  if (input.from == From::folder && reader == ConfigReader::us)
    return Json{{std::string(in_folder), input.name}};
  if (input.from != From::request) return input.name;
  auto json = Json::parse(*input.text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json(*input.text);
}

namespace spell {

Spelling<LaneInput> input(std::string value) {
  return input(std::move(value), read_input_json, input_json);
}

}  // namespace spell
}  // namespace mock
