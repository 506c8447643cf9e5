#include "protocol/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace literals;

template <class Value>
struct Case {
  std::string_view text;
  Value expected;
};

TEST(Units, ParseBytes) {
  constexpr Case<std::uint64_t> cases[] = {
      {"0", 0},
      {"1024", 1024},
      {"312B", 312},
      {"64KB", 64'000},
      {"64 KB", 64'000},
      {"64 ", 64},
      {"64kb", 64'000},
      {"64KiB", 65'536},
      {"8MiB", 8ULL << 20U},
      {"1.5GiB", 3ULL << 29U},
      {"0.5KiB", 512},
      {"1.000000MB", 1'000'000},
      {"0.000001MB", 1},
      {"2TB", 2'000'000'000'000},
      {"1TiB", 1ULL << 40U},
      {"007", 7},
      {"9223372036854775807", (1ULL << 63U) - 1},
      {"8388607TiB", 8'388'607ULL << 40U},
  };
  for (const auto& c : cases) {
    const auto value = parse_bytes(c.text);
    ASSERT_TRUE(value.has_value()) << c.text << ": " << value.error().line();
    EXPECT_EQ(value->value, c.expected) << c.text;
  }
}

TEST(Units, RefuseWhatIsNoSize) {
  for (const std::string_view text : {"",
                                      " ",
                                      "MiB",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1K",
                                      "1M",
                                      "1Mi",
                                      "1PB",
                                      "1.KB",
                                      ".5KB",
                                      "1.5",
                                      "1.5B",
                                      "0.1KiB",
                                      "1,5KB",
                                      "1e3",
                                      "0x10",
                                      "1.0000000MB",
                                      "1MB/s",
                                      "1MiB MiB",
                                      "9223372036854775808",
                                      "8388608TiB",
                                      "18446744073709551616",
                                      "99999999999999999999TB"}) {
    EXPECT_FALSE(parse_bytes(text).has_value()) << '"' << text << '"';
  }
}

TEST(Units, TheErrorNamesTheText) {
  EXPECT_EQ(parse_bytes("many").error().line(),
            "\"many\" is not a size (write 1024, 64KB, 8MiB or 1.5GiB)");
  EXPECT_EQ(parse_bytes("1.5").error().line(), "\"1.5\" is not a whole number of bytes");
  EXPECT_EQ(parse_bytes("8388608TiB").error().line(),
            "\"8388608TiB\" is too large: at most 9223372036854775807 bytes are possible");
}

TEST(Units, ParseDuration) {
  constexpr Case<std::int64_t> cases[] = {
      {"0ms", 0},
      {"250ms", 250},
      {"1s", 1'000},
      {"1.5s", 1'500},
      {"0.001s", 1},
      {"2m", 120'000},
      {"2min", 120'000},
      {"1h", 3'600'000},
      {"1.5h", 5'400'000},
      {"10 s", 10'000},
      {"9223372036854ms", 9'223'372'036'854},
  };
  for (const auto& c : cases) {
    const auto value = parse_duration(c.text);
    ASSERT_TRUE(value.has_value()) << c.text << ": " << value.error().line();
    EXPECT_EQ(value->count(), c.expected) << c.text;
  }
  for (const std::string_view text : {"", "5", "0", "s", "-1s", "0.5ms", "0.0001s", "1us", "1d",
                                      "1m30s", "9223372036855ms", "2562048h"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Units, EveryDurationFitsIntoNanoseconds) {
  const auto longest = parse_duration("9223372036854ms");
  ASSERT_TRUE(longest.has_value());
  EXPECT_GT(std::chrono::nanoseconds(*longest).count(), 0);
}

TEST(Units, ParseRate) {
  constexpr Case<double> cases[] = {
      {"1MiB/s", 1'048'576},
      {"20KB/s", 20'000},
      {"8Mbit/s", 1'000'000},
      {"1.5 Mbit/s", 187'500},
      {"100B/s", 100},
      {"56kbit/s", 7'000},
      {"0B/s", 0},
  };
  for (const auto& c : cases) {
    const auto value = parse_rate(c.text);
    ASSERT_TRUE(value.has_value()) << c.text;
    EXPECT_DOUBLE_EQ(value->value, c.expected) << c.text;
  }
  for (const std::string_view text : {"", "5", "5/s", "1MiB", "8Mbit", "8Mbps", "-1B/s", "1Mibit/s",
                                      "1MiB/min", "infB/s", "nanB/s"}) {
    EXPECT_FALSE(parse_rate(text).has_value()) << text;
  }
}

TEST(Units, BytesForPeople) {
  EXPECT_EQ(to_string(0_B), "0 B");
  EXPECT_EQ(to_string(312_B), "312 B");
  EXPECT_EQ(to_string(1023_B), "1023 B");
  EXPECT_EQ(to_string(1_KiB), "1.0 KiB");
  EXPECT_EQ(to_string(8_MiB), "8.0 MiB");
  EXPECT_EQ(to_string(1_MiB - 1_B), "1.0 MiB") << "never 1024.0 KiB";
  EXPECT_EQ(to_string(3_GiB), "3.0 GiB");
  EXPECT_EQ(to_string(Bytes{std::numeric_limits<std::uint64_t>::max()}), "16.0 EiB");
}

TEST(Units, DurationsForPeople) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  EXPECT_EQ(to_string(Milliseconds(0)), "0 ms");
  EXPECT_EQ(to_string(Milliseconds(850)), "850 ms");
  EXPECT_EQ(to_string(Milliseconds(3'240)), "3.2 s");
  EXPECT_EQ(to_string(Milliseconds(59'949)), "59.9 s");
  EXPECT_EQ(to_string(Milliseconds(59'960)), "1 min 0 s") << "never 60.0 s";
  EXPECT_EQ(to_string(Milliseconds(250'000)), "4 min 10 s");
  EXPECT_EQ(to_string(Milliseconds(hours(2) + minutes(5))), "2 h 5 min");
  EXPECT_EQ(to_string(Milliseconds(-850)), "-850 ms");
  EXPECT_FALSE(to_string(Milliseconds::min()).empty());
}

TEST(Units, RatesForPeople) {
  EXPECT_EQ(to_string(BytesPerSecond{312}), "312 B/s");
  EXPECT_EQ(to_string(BytesPerSecond{12.5 * 1024 * 1024}), "12.5 MiB/s");
}

}  // namespace
