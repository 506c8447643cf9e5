// The index of the rules: it chooses what a look at every rule would choose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "misbehave/engine.hpp"
#include "misbehave/test_rules.hpp"

namespace mock::misbehave {
namespace {

using testing::ElementsAre;

class RandomRules {
 public:
  explicit RandomRules(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return random_() % end; }
  template <std::size_t N>
  std::string one_of(const std::array<std::string_view, N>& texts) {
    return std::string(texts[below(N)]);
  }

  /// Some contradict themselves, which the loader says.
  std::string rule(const std::string& name) {
    std::string when;
    for (auto n = below(4); n > 0; --n) when += (when.empty() ? "" : ", ") + condition();
    const auto* const times = below(8) == 0 ? R"(, "times": 1)" : "";
    return R"({"rules": [{"name": ")" + name + R"(", "when": {)" + when + "}" + times +
           R"(, "then": {"reply": {"status": 500}}}]})";
  }

  Request request() {
    static constexpr std::array<std::string_view, 5> methods{"POST", "PATCH", "HEAD", "GET",
                                                             "TRACE"};
    static constexpr std::array<std::string_view, 7> paths{
        "/files", "/files/u1", "/files/u2", "/files/none", "/filesx/u1", "/metrics", "/info/u1"};
    static constexpr std::array<std::string_view, 4> names{"X-A", "x-b", "X-C", "X-D"};
    static constexpr std::array<std::string_view, 3> values{"1", "2", ""};
    static constexpr std::array<std::string_view, 4> metadata{
        "filename YS50eHQ=", "filename YS50eHQ=,b MQ==", "b MQ==,c,d Mg==", "b MQ==,b Mg=="};
    ::http::Fields fields;
    for (auto n = below(5); n > 0; --n) fields.add(one_of(names), one_of(values));
    if (below(2) == 0) fields.add("Upload-Metadata", one_of(metadata));
    auto asked = mock::misbehave::request(one_of(methods), one_of(paths), std::move(fields));
    if (below(4) == 0) asked.lane = "blue";
    return asked;
  }

 private:
  std::string condition() {
    static constexpr std::array<std::string_view, 31> all{
        R"("method": "PATCH")",
        R"("method": ["POST", "HEAD"])",
        R"("route": "upload")",
        R"("route": ["creation", "info"])",
        R"("wire_method": "PATCH")",
        R"("path": "^/files/u1")",
        R"("path": "^/filesx?/u")",
        R"("path": "^/files/u1|u2$")",
        R"("path": "u2$")",
        R"("path": "^/files\\.x")",
        R"("path": "^/metrics$")",
        R"("headers": {"X-A": "1"})",
        R"("headers": {"x-a": "2", "X-C": true})",
        R"("headers": {"X-B": {"regex": "^1"}})",
        R"("headers": {"X-C": false})",
        R"("metadata": {"filename": "a.txt"})",
        R"("metadata": {"b": "1"})",
        R"("metadata": {"b": "2"})",
        R"("metadata": {"c": true})",
        R"("metadata": {"d": false})",
        R"("lane": "blue")",
        R"("after": "10s")",
        R"("until": "10s")",
        R"("after": "5s", "until": "15s")",
        R"("upload": {"id": "u1"})",
        R"("upload": {"id": {"regex": "^u"}})",
        R"("upload": {"kind": "normal", "older_than": "5s"})",
        R"("upload": {"older_than": "5s"})",
        R"("upload": {"younger_than": "15s"})",
        R"("upload": {"unwritten_for": "5s"})",
        R"("upload": {"written_within": "15s"})"};
    return one_of(all);
  }

  std::mt19937_64 random_;
};

/// What is found by looking at each.
std::vector<Pending> looked_for(const RuleSet& set, const Facts& facts) {
  std::vector<Pending> found;
  for (const auto& active : set.rules()) {
    const auto& when = active->rule.when;
    if (!when.routes.empty() && std::ranges::count(when.routes, facts.addressed().route) == 0)
      continue;
    if (!when.methods.empty() && std::ranges::count(when.methods, facts.method()) == 0) continue;
    Pending pending{active.get()};
    if (holds_so_far(facts, pending)) found.push_back(pending);
  }
  return found;
}

std::vector<std::string> names_of(const std::vector<Pending>& rules) {
  std::vector<std::string> names;
  for (const auto& one : rules) names.push_back(one.active->rule.name);
  return names;
}

class Indexed : public testing::Test {
 protected:
  Facts facts_of(const Request& request) {
    return {request, world_.services, options_.system_of(request.addressed)};
  }
  std::vector<std::string> chosen(const Request& request) {
    return names_of(engine_.set()->holding(facts_of(request)));
  }

  /// So many for each endpoint and method that even the first requests do not look at each.
  void add_many() {
    std::vector<Misbehaviour> many;
    for (int n = 0; n < 257; ++n) {
      const auto number = std::to_string(n);
      many.push_back(misbehaviour(R"({"rules": [{"name": "many)" + number +
                                  R"(", "when": {"headers": {"X-Many": ")" + number +
                                  R"("}}, "then": {"reply": {"status": 500}}}]})"));
    }
    ASSERT_TRUE(engine_.add(std::move(many), Place::last).has_value());
  }

  World world_;
  RuleOptions options_ = on_tus();
  Engine engine_{on_tus(), world_.services};
};

TEST_F(Indexed, WhatEveryRuleWouldSay) {
  RandomRules random(35);
  world_.upload("u1", 10, "abcd", "a.txt");
  for (int round = 0; round < 24; ++round) {
    engine_.clear();
    // Few names, and many.
    const auto count = round % 2 == 0 ? 10U : 60U;
    for (unsigned n = 0; n < count; ++n) {
      if (auto loaded = load_text(random.rule("r" + std::to_string(n)), "test.json")) {
        std::vector<Misbehaviour> one;
        one.push_back(*std::move(loaded));
        std::ignore = engine_.add(std::move(one), n % 5 == 0 ? Place::first : Place::last);
      }
    }
    if (round % 2 == 1) {
      for (const auto* kind : {"headers", "metadata"}) {
        for (int n = 0; n < 12; ++n) {
          const auto name = std::string(kind) + std::to_string(n);
          std::vector<Misbehaviour> one;
          one.push_back(misbehaviour(R"({"rules": [{"name": ")" + name + R"(", "when": {")" + kind +
                                     R"(": {")" + (n == 0 ? "b" : name) +
                                     R"(": "1"}}, "then": {"reply": {"status": 500}}}]})"));
          ASSERT_TRUE(engine_.add(std::move(one), Place::last).has_value());
        }
      }
    }
    if (round % 4 < 2) add_many();
    for (int step = 0; step < 40; ++step) {
      const auto asked = random.request();
      const auto set = engine_.set();
      const auto by_index = set->holding(facts_of(asked));
      const auto by_look = looked_for(*set, facts_of(asked));
      ASSERT_EQ(names_of(by_index), names_of(by_look)) << asked.method << " " << asked.path;
      const auto known = facts_of(asked);
      for (const auto& one : by_index) std::ignore = engine_.fire(*one.active, known, "u1");
      if (step % 10 == 9) world_.loop.advance(Milliseconds{4'000});
      if (step == 25) engine_.reset_counts();
      if (step == 30) world_.upload("u" + std::to_string(100 + round), 5, "ab");
    }
  }
}

// An index by the beginning of an expression must lose no path in which the expression is found.
TEST_F(Indexed, TheBeginningOfAPathIsThatOfItsExpression) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> table{
      {"^/a", {"/a", "/ab"}},       {"^/ab?", {"/a", "/ab"}},    {"^/ab*c", {"/ac", "/abbc"}},
      {"^/ab{0,2}c", {"/ac"}},      {"^/ab+c", {"/abc"}},        {R"(^/a\\.b)", {"/a.b"}},
      {"^/a|^/b", {"/a", "/b"}},    {"^/(a|b)", {"/a", "/b"}},   {"^/a$", {"/a"}},
      {"/a", {"/a", "/x/a"}},       {R"(^/\\d)", {"/1"}},        {"^/[ab]", {"/a", "/b"}},
      {R"(^/a\\\\b)", {R"(/a\b)"}}, {"^(/a)?/b", {"/a/b", "/b"}}};
  for (const auto& [expression, paths] : table) {
    engine_.clear();
    std::vector<Misbehaviour> one;
    one.push_back(misbehaviour(R"({"rules": [{"name": "r", "when": {"path": ")" + expression +
                               R"("}, "then": {"reply": {"status": 500}}}]})"));
    ASSERT_TRUE(engine_.add(std::move(one), Place::last).has_value()) << expression;
    add_many();
    for (const auto& path : paths)
      EXPECT_THAT(chosen(request("GET", path)), ElementsAre("r")) << expression << " in " << path;
    EXPECT_THAT(chosen(request("GET", "/none")), ElementsAre()) << expression;
  }
}

}  // namespace
}  // namespace mock::misbehave
