#include "misbehave/lasting.hpp"

#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"

namespace mock::misbehave {
namespace {

using nlohmann::json;

LastingState state_of(const ::json::Cursor& root) {
  root.only({"marks", "locks"});
  LastingState state;
  for (const auto& item : root.at("marks").items())
    state.marks.emplace(item.at("mark").string(), item.at("upload").string());
  for (const auto& item : root.at("locks").items())
    state.locks.emplace(item.at("upload").string(),
                        TimePoint{Milliseconds{item.at("until").integer()}});
  return state;
}

}  // namespace

std::string to_text(const LastingState& state) {
  json text{{"marks", json::array()}, {"locks", json::array()}};
  for (const auto& [mark, upload] : state.marks)
    text["marks"].push_back({{"mark", mark}, {"upload", upload}});
  for (const auto& [upload, until] : state.locks) {
    const auto since_epoch = std::chrono::ceil<Milliseconds>(until.time_since_epoch());
    text["locks"].push_back({{"upload", upload}, {"until", since_epoch.count()}});
  }
  return text.dump() + "\n";
}

Result<LastingState> parse_lasting(std::string_view text) {
  return ::json::decode(text, "marks and locks of rules", state_of);
}

}  // namespace mock::misbehave
