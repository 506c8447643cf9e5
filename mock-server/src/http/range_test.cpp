#include "http/range.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

std::string chosen(::http::Fields fields, std::uint64_t size = 10) {
  Request request;
  request.fields = std::move(fields);
  const auto choice = choose_range(request, Bytes{size});
  if (choice.answer == RangeAnswer::whole) return "whole";
  if (choice.answer == RangeAnswer::unsatisfiable) return "none";
  return std::to_string(choice.range.first.value) + "+" + std::to_string(choice.range.length.value);
}

TEST(Range, OneRangeOfBytes) {
  EXPECT_EQ(chosen({{"Range", "bytes=0-0"}}), "0+1");
  EXPECT_EQ(chosen({{"Range", "bytes=2-5"}}), "2+4");
  EXPECT_EQ(chosen({{"Range", "bytes=2-"}}), "2+8");
  EXPECT_EQ(chosen({{"Range", "bytes=2-99"}}), "2+8");
  EXPECT_EQ(chosen({{"Range", "bytes=2-9223372036854775807"}}), "2+8");
  EXPECT_EQ(chosen({{"Range", "bytes=0-18446744073709551615"}}), "0+10");
  EXPECT_EQ(chosen({{"Range", "bytes=-99999999999999999999"}}), "0+10");
  EXPECT_EQ(chosen({{"Range", "bytes=-3"}}), "7+3");
  EXPECT_EQ(chosen({{"Range", "bytes=-99"}}), "0+10");
}

TEST(Range, WhatCannotBeSatisfied) {
  EXPECT_EQ(chosen({{"Range", "bytes=10-"}}), "none");
  EXPECT_EQ(chosen({{"Range", "bytes=99999999999999999999-"}}), "none");
  EXPECT_EQ(chosen({{"Range", "bytes=-0"}}), "none");
  EXPECT_EQ(chosen({{"Range", "bytes=0-"}}, 0), "none");
  EXPECT_EQ(chosen({{"Range", "bytes=-1"}}, 0), "none");
}

TEST(Range, WhatIsIgnored) {
  EXPECT_EQ(chosen({}), "whole");
  for (const auto* range : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2",
                            "bytes=1-2x", "bytes=0-1,3-4", "lines=0-1"}) {
    EXPECT_EQ(chosen({{"Range", range}}), "whole") << range;
  }
  EXPECT_EQ(chosen({{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}), "whole");
  EXPECT_EQ(chosen({{"Range", "bytes=0-1"}, {"Range", "bytes=3-4"}}), "whole");
}

}  // namespace
}  // namespace mock
