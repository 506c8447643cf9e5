#include "protocol/tus/numbers.hpp"

#include <gtest/gtest.h>

namespace {

TEST(TusNumbers, Accept) {
  struct Case {
    std::string_view text;
    std::uint64_t value;
  };
  constexpr Case cases[] = {{"0", 0},
                            {"7", 7},
                            {"4294967296", 1ULL << 32U},
                            {"9223372036854775806", (1ULL << 63U) - 2},
                            {"9223372036854775807", (1ULL << 63U) - 1}};
  for (const auto& c : cases) {
    EXPECT_EQ(tus::parse_length(c.text), Bytes{c.value});
    EXPECT_EQ(tus::parse_length_lenient(c.text), Bytes{c.value});
  }
}

TEST(TusNumbers, Refuse) {
  for (const std::string_view text :
       {"", " ", "-1", "-0", "+1", " 1", "1 ", "1,2", "1.0", "1e3", "0x10", "abc", "1a",
        "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999999", "\xD9\xA3", "1\n"}) {
    EXPECT_FALSE(tus::parse_length(text).has_value()) << text;
    EXPECT_FALSE(tus::parse_length_lenient(text).has_value()) << text;
  }
  EXPECT_FALSE(tus::parse_length(std::string_view("1\0", 2)).has_value());
}

TEST(TusNumbers, LeadingZerosAreForTheLenient) {
  for (const std::string_view text : {"00", "05", "0009223372036854775807"}) {
    EXPECT_FALSE(tus::parse_length(text).has_value()) << text;
    EXPECT_TRUE(tus::parse_length_lenient(text).has_value()) << text;
  }
}

TEST(TusNumbers, TheErrorTellsTheText) {
  EXPECT_EQ(tus::parse_length("-1").error().line(),
            "\"-1\" is not a non-negative integer (digits only)");
  EXPECT_EQ(tus::parse_length("05").error().line(), "\"05\" has a leading zero");
}

}  // namespace
