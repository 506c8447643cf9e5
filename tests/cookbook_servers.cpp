// What was reported for servers, and for what stands in front of them.
#include <algorithm>

#include "cookbook.hpp"

namespace cookbook {
namespace {

const http::Fields partial{{"Upload-Concat", "partial"}};

/// How many uploads of a kind there are.
std::size_t count_of(Lane& lane, const std::string& kind) {
  const auto uploads = lane.ask("uploads").at("uploads");
  return static_cast<std::size_t>(
      std::count_if(uploads.begin(), uploads.end(),
                    [&](const auto& upload) { return upload.at("kind") == kind; }));
}

std::string join_two_parts(Lane& lane) {
  TusUpload first(lane, 5), second(lane, 5);
  first.create(partial).patch(5);
  second.create(partial).patch(5);
  const auto joined = lane.send(
      "POST", "/files",
      {{"Tus-Resumable", "1.0.0"}, {"Upload-Concat", "final;" + first.url() + " " + second.url()}},
      std::nullopt, a_moment);
  return "final " + told(joined) + ", " + std::to_string(count_of(lane, "final")) + " there";
}

}  // namespace

std::vector<Situation> of_servers() {
  return {
      {"Parts are joined for longer than a browser waits", join_two_parts, "final timeout, 1 there",
       "final 201, 1 there"},
  };
}

}  // namespace cookbook
