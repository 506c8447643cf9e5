// What the keys of `then` do beyond axes_test.cpp: added lines, several kinds of damage, recorded
// latency.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Actions : public testing::Test {
 protected:
  Rules rules(std::string_view json, RuleOptions options = {}) {
    return {json, std::move(options), world_.services};
  }
  World world_;
};

std::string error_of(const std::string& then) {
  const auto loaded = load_text(R"({"then": )" + then + "}", "my.json");
  return loaded ? "(loaded)" : loaded.error().line();
}

struct Refused {
  const char* then;
  const char* says;
};

TEST(LoadActions, RefusesWhatCannotBeMeant) {
  const Refused cases[] = {
      {R"({"reply": {"headers": {"add": {"A b": "x"}}}})", "header name"},
      {R"({"reply": {"headers": {"add": {"A": "x\ny"}}}})", "line break"},
      {R"({"reply": {"headers": {"add": {"A": []}}}})", "add.A"},
      {R"({"request": {"headers": {"add": {"A": "{reply.location}"}}}})", "headers.add.A"},
      {R"({"commit": {"corrupt": {"at": 1, "bytes": 0}}})", "damages nothing"},
      {R"({"commit": {"corrupt": {"bytes": 3}}})", "at"},
      {R"({"commit": {"corrupt": {"at": 1, "to": "ones"}}})", "expected one of flipped, zeros"},
      {R"({"commit": {"corrupt": []}})", "corrupt"},
      {R"({"pace": {"before": {"p50": "1s"}}})", "two percentiles"},
      {R"({"pace": {"before": {"p0": "1s", "p100": "2s"}}})", "two percentiles"},
      {R"({"pace": {"before": {"p50": "1s", "median": "2s", "p99": "3s"}}})", "another name"},
      {R"({"pace": {"before": {"p50": "1s", "p90": "900ms"}}})", "lower percentile"},
      {R"({"pace": {"before": {"p50": "1s", "p90": "2s", "p100": "1s"}}})", "lower percentile"},
      {R"({"pace": {"before": {"p50": "0s", "p90": "2s"}}})", "longer than 0"},
      {R"({"pace": {"before": {"maen": "1s"}}})", "mean, jitter, p0"},
      {R"({"pace": {"before": {}}})", "mean"},
  };
  for (const auto& [then, says] : cases) EXPECT_THAT(error_of(then), HasSubstr(says)) << then;
}

TEST(LoadActions, ARuleBehindOneThatAlwaysTakesWhatItWouldChangeIsRefused) {
  const auto together = [](const char* first, const char* second) {
    const auto loaded = load_text(
        std::string{R"({"rules": [{"then": )"} + first + R"(}, {"then": )" + second + "}]}",
        "my.json");
    return loaded ? "(loaded)" : loaded.error().line();
  };
  const std::pair<const char*, const char*> hidden[] = {
      {R"({"reply": {"headers": {"set": {"A": "x"}}}})",
       R"({"reply": {"headers": {"add": {"a": "y"}}}})"},
      {R"({"reply": {"headers": {"add": {"A": "x"}}}})",
       R"({"reply": {"headers": {"drop": "A"}}})"},
      {R"({"interim": {"of": 104, "headers": {"add": {"A": "x"}}}})",
       R"({"interim": {"of": 104, "headers": {"set": {"A": "x"}}}})"},
      {R"({"commit": {"corrupt": 1}})", R"({"commit": {"corrupt": [{"at": 3}]}})"},
      {R"({"pace": {"before": {"median": "1s", "p99": "3s"}}})", R"({"pace": {"before": "1s"}})"},
  };
  for (const auto& [first, second] : hidden)
    EXPECT_THAT(together(first, second), HasSubstr("stands behind")) << second;
  EXPECT_EQ(together(R"({"reply": {"headers": {"add": {"A": "x"}}}})",
                     R"({"reply": {"headers": {"add": {"B": "x"}}}})"),
            "(loaded)");
}

// ---- a further line of a field

using Lines = std::vector<std::string_view>;

TEST_F(Actions, AddFurtherLinesOfAField) {
  auto engine = rules(R"({"rules": [
    {"then": {"reply": {"headers": {"add": {"Upload-Offset": "{reply.upload-offset+1}",
                                            "Set-Cookie": ["a=1", "b=2"]}}}}},
    {"when": {"method": "PATCH"},
     "then": {"reply": {"headers": {"set": {"upload-offset": "0", "X": "1"},
                                    "add": {"set-cookie": "c=3", "X": "2"}}}}}]})");
  const auto head =
      exchange(engine, request("HEAD", "/files/u1"), reply(200, {{"Upload-Offset", "5"}})).reply;
  EXPECT_THAT(head.fields.all("Upload-Offset"), ElementsAre("5", "6"));
  const auto patch =
      exchange(engine, request("PATCH", "/files/u1"), reply(204, {{"Upload-Offset", "5"}})).reply;
  EXPECT_THAT(patch.fields.all("Upload-Offset"), ElementsAre("5", "6")) << "the first rule's";
  EXPECT_THAT(patch.fields.all("Set-Cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(patch.fields.all("X"), ElementsAre("1", "2")) << "a rule may set and add";
}

TEST_F(Actions, AddFurtherLinesToARequest) {
  auto engine =
      rules(R"({"then": {"request": {"headers": {"drop": "A", "add": {"A": "2", "B": "1"}}}}})");
  const auto seen =
      exchange(engine, request("PATCH", "/files/u1", {{"A", "1"}, {"B", "0"}}), reply(204)).request;
  EXPECT_THAT(seen.fields.all("A"), ElementsAre("2"));
  EXPECT_THAT(seen.fields.all("B"), ElementsAre("0", "1"));
}

// ---- damage

TEST_F(Actions, SpoilSeveralPlacesOfABodyAndZeroARange) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([0, {"at": 9}])", "`bcdefghik"},
      {R"({"at": 3, "bytes": 4, "to": "zeros"})", "abc....hij"},
      {R"([{"at": 8, "bytes": "1MiB", "to": "zeros"}, {"at": 1, "bytes": 2, "to": "flipped"}])",
       "acbdefgh.."},
      {R"([{"at": 10}, {"at": 10, "bytes": 5, "to": "zeros"}])", "abcdefghij"},
      {R"({"at": 2, "bytes": 18446744073709551615, "to": "zeros"})", "ab........"},
  };
  for (const auto& [corrupt, stored] : cases) {
    world_.upload(corrupt, 10, "");
    auto engine = rules(std::string{R"({"then": {"commit": {"corrupt": )"} + corrupt + "}}}");
    auto asked = request("PATCH", "/files/u1");
    asked.addressed.id = corrupt;
    auto intercept = engine.begin(asked);
    intercept->on_request(asked);
    // What is spoiled reaches over the border of two slices.
    EXPECT_EQ(append_all(intercept->services(world_.services).store, corrupt, {"abcd", "efghij"}),
              10U);
    auto kept = world_.stored(corrupt);
    std::ranges::replace(kept, '\0', '.');
    EXPECT_EQ(kept, stored) << corrupt;
  }
}

// ---- recorded latency

class Latency : public Actions {
 protected:
  /// Of `before`, in order.
  std::vector<double> drawn(const std::string& before, std::uint64_t seed = 1) {
    RuleOptions options;
    options.seed = seed;
    auto engine = rules(R"({"then": {"pace": {"before": )" + before + "}}}", options);
    std::vector<double> all;
    for (int i = 0; i < 4000; ++i) {
      const auto plan = exchange(engine, request("PATCH", "/files/u1"), reply(204)).request_plan;
      all.push_back(static_cast<double>(plan.delay.count()));
    }
    return all;
  }
  static double percentile(std::vector<double> all, double fraction) {
    std::ranges::sort(all);
    return all[static_cast<std::size_t>(fraction * static_cast<double>(all.size()))];
  }
};

TEST_F(Latency, IsLogNormalByMedianAndP99) {
  const auto all = drawn(R"({"median": "80ms", "p99": "1s"})");
  EXPECT_NEAR(percentile(all, 0.5), 80, 6);
  EXPECT_NEAR(percentile(all, 0.99), 1000, 150);
  // sigma is ln(1000 / 80) / 2.3263, so that one in six is beyond median * e^sigma.
  EXPECT_NEAR(percentile(all, 0.8413), 80 * std::exp(1.0857), 20);
  EXPECT_NEAR(percentile(all, 0.1587), 80 / std::exp(1.0857), 3);
}

TEST_F(Latency, HasThePercentilesThatWereRecorded) {
  const auto all = drawn(
      R"({"p0": "20ms", "p25": "30ms", "p50": "40ms", "p90": "400ms", "p99": "2s", "p100": "3s"})");
  EXPECT_NEAR(percentile(all, 0.25), 30, 2);
  EXPECT_NEAR(percentile(all, 0.5), 40, 4);
  EXPECT_NEAR(percentile(all, 0.9), 400, 40);
  EXPECT_NEAR(percentile(all, 0.99), 2000, 200);
  EXPECT_EQ(*std::ranges::min_element(all), 20);
  EXPECT_LE(*std::ranges::max_element(all), 3000);
}

TEST_F(Latency, MayBeTheSameFromOnePercentileToTheNext) {
  const auto all = drawn(R"({"p10": "50ms", "p90": "50ms", "p99": "60ms"})");
  EXPECT_EQ(percentile(all, 0.01), 50);
  EXPECT_EQ(percentile(all, 0.89), 50);
  EXPECT_GT(percentile(all, 0.985), 52);
}

TEST_F(Latency, RepeatsByItsSeed) {
  const std::string recorded = R"({"p50": "80ms", "p99": "1s"})";
  EXPECT_EQ(drawn(recorded), drawn(recorded));
  EXPECT_NE(drawn(recorded), drawn(recorded, 2));
}

}  // namespace
}  // namespace mock::misbehave
