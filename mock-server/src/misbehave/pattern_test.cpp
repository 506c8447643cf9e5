#include "misbehave/pattern.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace mock::misbehave {
namespace {

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
      {"^[ab]c", "bc", true},
      {"^a.c", "abc", true},
      {"[^\\x00-\\x7f]", "a\xc3\xa4", true},
      {"[^\\x00-\\x7f]", "abc", false},
  };
  for (const auto& [expression, text, found] : cases) {
    const auto pattern = Pattern::compile(expression);
    ASSERT_TRUE(pattern.has_value()) << expression;
    EXPECT_EQ(pattern->found_in(text), found) << expression << " in " << text;
  }
}

TEST(Pattern, WhatTakesTooLongIsNotFound) {
  const auto pattern = Pattern::compile("(a+)+$");
  ASSERT_TRUE(pattern.has_value());
  EXPECT_FALSE(pattern->found_in(std::string(300, 'a') + "b"));
}

}  // namespace
}  // namespace mock::misbehave
