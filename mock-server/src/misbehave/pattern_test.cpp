#include "misbehave/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/regex.hpp>
#include <random>
#include <tuple>

#include "misbehave/common_syntax.hpp"

namespace mock::misbehave {
namespace {

using Found = Pattern::Found;
using ::testing::HasSubstr;

Found found_in(const Pattern& pattern, std::string_view text) {
  PatternWork work;
  return pattern.found_in(text, work);
}

TEST(Pattern, IsFoundAnywhereUnlessItSaysWhere) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"b", "abc", true},
      {"^b", "abc", false},
      {"^/files/", "/files/a", true},
      {"^/files/", "/info/a", false},
      {"^ab*c", "ac", true},
      {"^ab?c", "ac", true},
      {"^ab{0}c", "ac", true},
      {"^ab+c", "abbc", true},
      {"^a|b", "cb", true},
      {"^a(x|b)", "ab", true},
      {"^", "", true},
      {"^$", "a", false},
      {"^\\d+$", "12", true},
      {"^a\\.b", "a.b", true},
      {"^second", "first\nsecond", false},
      {"first$", "first\nsecond", false},
      {"first$", "first\n", false},
      {"t.s", "first\nsecond", true},
      {"^[ab]c", "bc", true},
      {"^a.c", "abc", true},
      {"[^\\x00-\\x7f]", "a\xc3\xa4", true},
      {"[^\\x00-\\x7f]", "abc", false},
      {"^.{2}$", "\xc3\xa4", true},
      {"\\s", "a\vb", true},
      {"[\\s]", "a\vb", true},
      {"^\\S+$", "a\vb", false},
      {"(?i)chunked", "gzip, Chunked", true},
      {"^(?!1$)", "2", true},
      {"^(?!1$)", "1", false},
      {"^final;(\\S+) \\1$", "final;/a /a", true},
      {"^final;(\\S+) \\1$", "final;/a /b", false},
      {"^.{16000}", "short", false},
  };
  for (const auto& [expression, text, found] : cases) {
    const auto pattern = Pattern::compile(expression);
    ASSERT_TRUE(pattern.has_value()) << expression;
    EXPECT_EQ(found_in(*pattern, text), found ? Found::yes : Found::no)
        << expression << " in " << text;
  }
}

// Expressions like these once stopped every lane for half a minute.
TEST(Pattern, WhatExplodesIsAnsweredAllTheSameOrGivenUp) {
  const std::string as(15UL << 10U, 'a');
  for (const auto* expression : {"(a*)*b", "(a+)+$", "(a|aa)+$", "(a*)*(a*)*(a*)*b"}) {
    const auto pattern = Pattern::compile(expression);
    ASSERT_TRUE(pattern.has_value()) << expression;
    EXPECT_TRUE(pattern->linear()) << expression;
    EXPECT_EQ(found_in(*pattern, as + "c"), Found::no) << expression;
  }
  for (const auto* expression : {"(a*)\\1*b", "(?=(a+)+c)", "(?>x|a*)*?(a*)\\1b"}) {
    const auto pattern = Pattern::compile(expression);
    ASSERT_TRUE(pattern.has_value()) << expression;
    EXPECT_EQ(found_in(*pattern, as), Found::gave_up) << expression;
  }
}

TEST(Pattern, AllTextsOfARequestShareTheWork) {
  const auto explodes = *Pattern::compile("(a*)\\1*b");
  const auto referring = *Pattern::compile("(x)\\1");
  PatternWork work;
  EXPECT_EQ(referring.found_in("axx", work), Found::yes);
  EXPECT_EQ(explodes.found_in(std::string(15UL << 10U, 'a'), work), Found::gave_up);
  EXPECT_EQ(work.left, 0U);
  EXPECT_EQ(referring.found_in("axx", work), Found::gave_up);
  EXPECT_EQ(Pattern::compile("x+y?")->found_in("axx", work), Found::yes) << "the linear engine";
}

// When its automaton does not fit into memory, RE2 takes a step for each instruction as well.
TEST(Pattern, ALargeExpressionOnALongTextIsCountedToo) {
  std::string text(60UL << 10U, 'a');
  std::mt19937 random(7);
  for (auto& c : text) c = random() % 2 == 0 ? 'a' : 'b';
  const auto pattern = Pattern::compile("(a|b)*a(a|b){400}c");
  ASSERT_TRUE(pattern.has_value());
  EXPECT_EQ(found_in(*pattern, text), Found::gave_up);
  EXPECT_EQ(found_in(*pattern, text.substr(0, 500)), Found::no);
}

TEST(Pattern, ReplacesWithCapturesAndGivesUpOnWhatTakesTooLong) {
  PatternWork work;
  EXPECT_EQ(Pattern::compile("^a (\\S+),")->replace("a 1,c 2", "b $1,", work), "b 1,c 2");
  EXPECT_EQ(Pattern::compile("a+")->replace("aabab", "<$&>", work), "<aa>b<a>b");
  // In an edit '^' is the beginning of each line, unlike in a condition.
  EXPECT_EQ(Pattern::compile("^a")->replace("a\na", "b", work), "b\nb");
  EXPECT_EQ(Pattern::compile("(a*)\\1*b")->replace(std::string(15UL << 10U, 'a'), "", work),
            std::nullopt);
  PatternWork more;
  EXPECT_EQ(Pattern::compile("a")->replace(std::string(1000, 'a'), std::string(65536, 'x'), more),
            std::nullopt)
      << "64 MB of text";
}

TEST(Pattern, WhatNoTextCouldMatchOrNoEngineBuildIsRefused) {
  const auto error = [](const std::string& expression) {
    const auto pattern = Pattern::compile(expression);
    return pattern ? std::string("(compiled)") : pattern.error().what;
  };
  EXPECT_THAT(error("((a{1000}){1000}){1000}"), HasSubstr("more than a million"));
  EXPECT_THAT(error("(a{1,1000}b){3}{400}"), HasSubstr("more than a million"));
  EXPECT_THAT(error("a{18446744073709551616}"), HasSubstr("more than a million"));
  EXPECT_THAT(error(std::string(Pattern::longest + 1, 'a')), HasSubstr("longer than 16.0 KiB"));
  EXPECT_THAT(error(std::string(5000, '(')), HasSubstr("is not a regular expression"));
  EXPECT_EQ(error("(a{1000}){1000}"), "(compiled)");
  EXPECT_EQ(error("^.{1000000}$|\\{9999999999\\}|[0-9]{1,3}"), "(compiled)");
  EXPECT_EQ(error(std::string(Pattern::longest, 'a')), "(compiled)");
}

TEST(CommonSyntax, LeavesOutWhatTheEnginesDoNotReadAlike) {
  for (const auto* expression : {"(?=a)",       "(?!a)",
                                 "(?<=a)b",     "(?<n>a)",
                                 "(?P<n>a)",    "(?>a)",
                                 "(?m)^a",      "(a)\\1",
                                 "a++",         "a*+",
                                 "a?+",         "a{2}+",
                                 "a**",         "*a",
                                 "a|*",         "(+a)",
                                 "^*",          "\\b+",
                                 "a{,3}",       "a{",
                                 "a{1",         "a}",
                                 "a]",          "[",
                                 "[]a]",        "[^]a]",
                                 "[[:alpha:]]", "[a-\\d]",
                                 "[\\d-z]",     "[a-c-e]",
                                 "[z-a]",       "[\\b]",
                                 "[\\S]",       "\\<a",
                                 "\\>",         "\\`",
                                 "\\'",         "\\A",
                                 "\\z",         "\\Z",
                                 "\\Qa\\E",     "\\x1",
                                 "\\x{41}",     "\\0",
                                 "\\v",         "\\h",
                                 "\\R",         "\\K",
                                 "\\cA",        "\\e",
                                 "\\a",         "\\pL",
                                 "\\X",         "\\l",
                                 "a\\",         "(a",
                                 "a)",          "a{2,1}",
                                 "(?:$)+",      "(|)*",
                                 "a{1001}",     "(?i)\xc3\xa4",
                                 "(?i)[A-z]",   "(?i)[\xe0-\xff]",
                                 "(?i)\\xe4",   "a(?i)b",
                                 "\xc3\xa4",    "\\xe4",
                                 "[\xe4]",      "[^\\x00-\\xfe]"})
    EXPECT_EQ(common_syntax(expression), std::nullopt) << expression;
  for (const auto* expression :
       {"", "a|b|", "(a|)+?", "a{2}{1}b", "^$", "[^-a]", "[a-]", "[a-c0-9_.]", "[\\w.-]",
        "\\x41\\.\\/\\-", "(?i)[a-z0-9]+\\W", "[\\x80-\\xff]", "(?:a|b){2,}?"})
    EXPECT_EQ(common_syntax(expression).has_value(), std::string_view(expression) != "a{2}{1}b")
        << expression;
}

/// Expressions and texts that the two engines might read differently.
class Random {
 public:
  explicit Random(std::uint32_t seed) : random_(seed) {}

  std::string expression() {
    std::string text = pick(8) == 0 ? "(?i)" : "";
    return text + alternatives(3);
  }
  std::string text() {
    std::string all;
    for (auto n = pick(12); n > 0; --n) all += any_of(characters);
    return all;
  }

 private:
  // std::string so that NUL is one of them.
  const std::string characters =
      std::string("aaabbAB01_- ,.{}[]\\\n\r\t\v\f\xe4\xc3\xff\x7f") + '\0';

  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  char any_of(const std::string& set) { return set[pick(static_cast<std::uint32_t>(set.size()))]; }
  std::string one_of(std::initializer_list<const char*> all) {
    return all.begin()[pick(static_cast<std::uint32_t>(all.size()))];
  }

  std::string alternatives(int depth) {
    auto text = sequence(depth);
    while (pick(4) == 0) text += "|" + sequence(depth);
    return text;
  }
  std::string sequence(int depth) {
    std::string text;
    for (auto n = pick(4); n > 0; --n) text += piece(depth);
    return text;
  }
  std::string piece(int depth) {
    if (pick(10) == 0) return one_of({"^", "$", "\\b", "\\B"});
    return atom(depth) +
           (pick(3) == 0
                ? one_of({"*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?", "{2,}", "{0}"})
                : std::string{});
  }
  std::string atom(int depth) {
    switch (pick(depth > 0 ? 6 : 4)) {
      case 0:
        return one_of({".", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\n", "\\x00", "\\xe4"});
      case 1:
        return bracket();
      case 2:
      case 3:
        return literal();
      case 4:
        return "(" + alternatives(depth - 1) + ")";
      default:
        return "(?:" + alternatives(depth - 1) + ")";
    }
  }
  std::string literal() {
    const char c = any_of(characters);
    const bool special = std::string_view{"{}[]\\.-"}.find(c) != std::string_view::npos;
    return special ? std::string{'\\', c} : std::string{c};
  }
  std::string bracket() {
    std::string text = pick(3) == 0 ? "[^" : "[";
    for (auto n = 1 + pick(3); n > 0; --n)
      text += one_of({"a", "b", "A", "0-9", "a-z", "A-B", "\\d", "\\w", "\\s", "\\]", "\\-", ".",
                      "^", "\\x80-\\xff", "\\n", "\xc3", "$", "{"});
    return text + "]";
  }

  std::mt19937 random_;
};

Found found_by_boost(const boost::regex& expression, const std::string& text) {
  try {
    return boost::regex_search(text.begin(), text.end(), expression,
                               boost::match_default | boost::match_single_line)
               ? Found::yes
               : Found::no;
  } catch (const std::runtime_error&) {  // Boost finds even harmless expressions too complex
    return Found::gave_up;
  }
}

// Boost says what is right: before RE2 was there, every expression went to it.
TEST(CommonSyntax, BothEnginesFindTheSame) {
  std::size_t compared = 0;
  std::size_t found = 0;
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    Random random(seed);
    const auto expression = random.expression();
    const auto pattern = Pattern::compile(expression);
    if (!pattern || !pattern->linear()) continue;
    const boost::regex other(expression, boost::regex::perl);
    for (int i = 0; i < 8; ++i) {
      const auto text = random.text();
      const auto expected = found_by_boost(other, text);
      if (expected == Found::gave_up) continue;
      ASSERT_EQ(found_in(*pattern, text), expected)
          << "seed " << seed << ": " << ::testing::PrintToString(expression) << " in "
          << ::testing::PrintToString(text);
      ++compared;
      found += expected == Found::yes ? 1 : 0;
    }
  }
  EXPECT_GT(compared, 50'000U);
  EXPECT_GT(found, compared / 10);
  EXPECT_LT(found, compared - compared / 10);
}

}  // namespace
}  // namespace mock::misbehave
