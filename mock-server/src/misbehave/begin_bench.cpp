// What loaded rules cost requests that they do not match: the three of a small upload (POST, PATCH,
// HEAD) are offered to no rules, to 200 that each ask for something else, and to 200 that have to
// wait for the reply before they know.
#include <benchmark/benchmark.h>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

std::string rules(const char* when, int count) {
  std::string json = R"({"rules": [)";
  for (int i = 0; i < count; ++i) {
    std::string one = when;
    for (auto at = one.find('#'); at != std::string::npos; at = one.find('#'))
      one.replace(at, 1, std::to_string(i));
    json += std::string{i == 0 ? "" : ","} + R"({"name": "r)" + std::to_string(i) +
            R"(", "when": )" + one + R"(, "then": {"reply": {"status": 500}}})";
  }
  return json + "]}";
}

void small_upload(benchmark::State& state, const char* when) {
  World world;
  world.upload("u1", 1024, "abcd", "a.txt");
  RuleInterceptor engine{on_tus(), world.services};
  if (when != nullptr && !engine.add(misbehaviour(rules(when, 200)))) std::abort();
  const ::http::Fields common{{"Host", "127.0.0.1:8080"},
                              {"User-Agent", "bench"},
                              {"Accept", "*/*"},
                              {"Tus-Resumable", "1.0.0"},
                              {"Upload-Offset", "4"},
                              {"Content-Type", "application/offset+octet-stream"},
                              {"Upload-Metadata", "filename YS50eHQ="},
                              {"Content-Length", "1020"}};
  Request requests[] = {request("POST", "/files", common), request("PATCH", "/files/u1", common),
                        request("HEAD", "/files/u1", common)};
  for ([[maybe_unused]] auto _ : state) {
    for (auto& one : requests) {
      auto answer = reply(204, {{"Upload-Offset", "1024"}, {"Tus-Resumable", "1.0.0"}});
      if (auto intercept = engine.begin(one)) {
        intercept->on_request(one);
        benchmark::DoNotOptimize(&intercept->services(world.services));
        intercept->on_reply(answer);
      }
      benchmark::DoNotOptimize(answer);
    }
  }
  state.SetItemsProcessed(state.iterations() * 3);
}

BENCHMARK_CAPTURE(small_upload, none, static_cast<const char*>(nullptr));
BENCHMARK_CAPTURE(small_upload, other_route, R"({"route": "info", "headers": {"X": "#"}})");
BENCHMARK_CAPTURE(small_upload, other_header, R"({"headers": {"X-Never": "v#"}})");
BENCHMARK_CAPTURE(small_upload, other_value, R"({"headers": {"User-Agent": "v#"}})");
BENCHMARK_CAPTURE(small_upload, other_id, R"({"upload": {"id": "never-#"}})");
BENCHMARK_CAPTURE(small_upload, other_metadata, R"({"metadata": {"filename": "never-#"}})");
BENCHMARK_CAPTURE(small_upload, other_time, R"({"after": "1#h"})");
BENCHMARK_CAPTURE(small_upload, other_age, R"({"upload": {"older_than": "1#h"}})");
BENCHMARK_CAPTURE(small_upload, other_path, R"({"path": "^/other/#"})");
BENCHMARK_CAPTURE(small_upload, other_reply,
                  R"({"reply": {"status": 404, "headers": {"X": "#"}}})");

}  // namespace
}  // namespace mock::misbehave

BENCHMARK_MAIN();
