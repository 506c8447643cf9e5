#include "protocol/http/date.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using http::TimePoint;

// 1994-11-06 08:49:37, the RFC's own example.
constexpr TimePoint rfc_example{784'111'777s};

TEST(ImfFixdate, TheExampleOfTheRfc) {
  EXPECT_EQ(http::format_imf_fixdate(rfc_example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http::parse_imf_fixdate("Sun, 06 Nov 1994 08:49:37 GMT"), rfc_example);
}

TEST(ImfFixdate, FractionsAreCut) {
  EXPECT_EQ(http::format_imf_fixdate(rfc_example + 999ms), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http::format_imf_fixdate(TimePoint{-1ns}), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(ImfFixdate, RefuseEverythingElse) {
  for (const std::string_view text : {"",
                                      "Sun",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 +0000",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      " Sun, 06 Nov 1994 08:49:37 GMT",
                                      "Mon, 06 Nov 1994 08:49:37 GMT",
                                      "sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 NOV 1994 08:49:37 GMT",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun,06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 94 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT",
                                      "Sun Nov  6 08:49:37 1994",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Sun, 06 Nov 1994 08:60:00 GMT",
                                      "Sun, 06 Nov 1994 08:49:60 GMT",
                                      "Sun, 31 Nov 1994 08:49:37 GMT",
                                      "Sun, 00 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 8:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37.5 GMT",
                                      "Fri, 31 Dec 9999 23:59:59 GMT",
                                      "1994-11-06T08:49:37Z"}) {
    EXPECT_FALSE(http::parse_imf_fixdate(text).has_value()) << text;
  }
}

TEST(Rfc3339, FormatsAsGoDoes) {
  EXPECT_EQ(http::format_rfc3339(rfc_example), "1994-11-06T08:49:37Z");
  EXPECT_EQ(http::format_rfc3339(rfc_example + 123'456'789ns), "1994-11-06T08:49:37.123456789Z");
  EXPECT_EQ(http::format_rfc3339(rfc_example + 120ms), "1994-11-06T08:49:37.12Z");
  EXPECT_EQ(http::format_rfc3339(rfc_example + 1ns), "1994-11-06T08:49:37.000000001Z");
  EXPECT_EQ(http::format_rfc3339(TimePoint{-1ns}), "1969-12-31T23:59:59.999999999Z");
}

TEST(Rfc3339, Parse) {
  struct Case {
    std::string_view text;
    TimePoint expected;
  };
  const Case cases[] = {
      {"1994-11-06T08:49:37Z", rfc_example},
      {"1994-11-06t08:49:37z", rfc_example},
      {"1994-11-06T08:49:37.000Z", rfc_example},
      {"1994-11-06T08:49:37.5Z", rfc_example + 500ms},
      {"1994-11-06T08:49:37.000000001Z", rfc_example + 1ns},
      {"1994-11-06T10:49:37+02:00", rfc_example},
      {"1994-11-05T22:49:37-10:00", rfc_example},
      {"1994-11-06T14:19:37+05:30", rfc_example},
      {"1994-11-06T08:49:37-00:00", rfc_example},
      {"1970-01-01T00:00:00Z", TimePoint{}},
      {"2024-02-29T00:00:00Z", TimePoint{1'709'164'800s}},
  };
  for (const auto& c : cases) EXPECT_EQ(http::parse_rfc3339(c.text), c.expected) << c.text;
}

TEST(Rfc3339, RefuseEverythingElse) {
  for (const std::string_view text : {"",
                                      "1994-11-06",
                                      "1994-11-06T08:49:37",
                                      "1994-11-06 08:49:37Z",
                                      "1994-11-06T08:49Z",
                                      "1994-11-06T08:49:37.Z",
                                      "1994-11-06T08:49:37.1234567890Z",
                                      "1994-11-06T08:49:37,5Z",
                                      "1994-11-06T08:49:37+0200",
                                      "1994-11-06T08:49:37+02",
                                      "1994-11-06T08:49:37+24:00",
                                      "1994-11-06T08:49:37+02:60",
                                      "1994-11-06T08:49:37Z ",
                                      "1994-11-06T08:49:37ZZ",
                                      "1994-13-06T08:49:37Z",
                                      "1994-00-06T08:49:37Z",
                                      "2023-02-29T00:00:00Z",
                                      "1994-11-06T24:00:00Z",
                                      "1994-11-06T08:49:60Z",
                                      "94-11-06T08:49:37Z",
                                      "+1994-11-06T08:49:37Z",
                                      "0000-01-01T00:00:00Z",
                                      "9999-12-31T23:59:59Z",
                                      "1994-11-06T-8:49:37Z"}) {
    EXPECT_FALSE(http::parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Rfc3339, TheEdgesOfTheRange) {
  for (const std::string_view text : {"1678-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z"}) {
    const auto time = http::parse_rfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(http::format_rfc3339(*time), text);
  }
  EXPECT_FALSE(http::parse_rfc3339("1677-12-31T23:59:59Z").has_value());
  EXPECT_FALSE(http::parse_rfc3339("2262-01-01T00:00:00Z").has_value());
}

TEST(Rfc3339, EveryTimePointCanBeWritten) {
  EXPECT_EQ(http::format_rfc3339(TimePoint::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(http::format_rfc3339(TimePoint::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(http::format_imf_fixdate(TimePoint::min()), "Tue, 21 Sep 1677 00:12:43 GMT");
}

}  // namespace
