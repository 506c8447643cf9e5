#include "protocol/onecodex/file_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace onecodex {
namespace {

TEST(OneCodexFileName, WhatThePatternTakes) {
  for (const auto* name : {"a.fa", "a b.fa", "a[1].fq.gz", "...", ".a.b", "1.2", "a..b", "a-b.c",
                           "_._", "HiSeq_accuracy.fa", "a.fa (1).gz", "..a"}) {
    EXPECT_TRUE(is_file_name(name, Contract::server)) << name;
    EXPECT_TRUE(is_file_name(name, Contract::guide)) << name;
  }
}

TEST(OneCodexFileName, WhatItDoesNot) {
  using namespace std::string_literals;
  for (const auto& name :
       {""s, "a"s, ".fa"s, ".."s, "."s, "a."s, "-a.fa"s, " a.fa"s, "a.fa "s, "a/b.fa"s, "../x.fa"s,
        "a+b.fa"s, "a,b.fa"s, "a\tb.fa"s, "a.fa\n"s, "a.f-a"s, "a\0.fa"s, "a\xFF.fa"s}) {
    EXPECT_FALSE(is_file_name(name, Contract::server)) << name;
    EXPECT_FALSE(is_file_name(name, Contract::guide)) << name;
  }
}

TEST(OneCodexFileName, LettersOfOtherScriptsAreTakenByTheServer) {
  for (const auto* name : {"é.fa", "漢字.fq", "проба.fa", "a.ß", "٣.fa"}) {
    EXPECT_TRUE(is_file_name(name, Contract::server)) << name;
    EXPECT_FALSE(is_file_name(name, Contract::guide)) << name;
  }
  for (const auto* name : {"a×.fa", "e\u0301.fa", "😀.fa", "a\u00A0b.fa", "a–b.fa", "a€.fa"}) {
    EXPECT_FALSE(is_file_name(name, Contract::server)) << name;
  }
}

TEST(OneCodexFileName, TheLongestIsJudgedAtOnce) {
  std::string name;
  while (name.size() < longest_file_name - 1) name += "a.";
  EXPECT_TRUE(is_file_name(name, Contract::server));
  name.back() = '!';
  EXPECT_FALSE(is_file_name(name, Contract::server));
  EXPECT_FALSE(is_file_name(std::string(longest_file_name - 1, 'a') + ".b", Contract::server));
}

}  // namespace
}  // namespace onecodex
