#include "protocol/tus/discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/tus/numbers.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(TusDiscovery, Full) {
  const auto found = tus::parse_discovery({{"tus-version", "1.0.0,0.2.2, 0.2.1"},
                                           {"Tus-Extension", "creation,checksum"},
                                           {"Tus-Max-Size", "1073741824"},
                                           {"Tus-Checksum-Algorithm", "md5,sha1, crc32"}});
  ASSERT_TRUE(found.has_value()) << found.error().line();
  EXPECT_THAT(found->versions, ElementsAre("1.0.0", "0.2.2", "0.2.1"));
  EXPECT_THAT(found->extensions, UnorderedElementsAre("creation", "checksum"));
  EXPECT_TRUE(found->offers("creation"));
  EXPECT_FALSE(found->offers("creation-with-upload"));
  EXPECT_FALSE(found->offers("Creation"));
  EXPECT_EQ(found->max_size, Bytes{1'073'741'824});
  EXPECT_THAT(found->checksum_algorithms, ElementsAre("md5", "sha1", "crc32"));
}

TEST(TusDiscovery, WhatIsAbsentIsEmpty) {
  const auto found = tus::parse_discovery({{"Tus-Version", "1.0.0"}});
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->extensions, IsEmpty());
  EXPECT_THAT(found->checksum_algorithms, IsEmpty());
  EXPECT_FALSE(found->max_size.has_value());
}

TEST(TusDiscovery, ListsMayBeSpreadOverLines) {
  const auto found = tus::parse_discovery(
      {{"Tus-Extension", "creation"}, {"Tus-Extension", "termination, creation"}});
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->extensions, UnorderedElementsAre("creation", "termination"));
}

TEST(TusDiscovery, MaxSize) {
  EXPECT_EQ(tus::parse_discovery({{"Tus-Max-Size", "0"}})->max_size, Bytes{0});
  EXPECT_EQ(tus::parse_discovery({{"Tus-Max-Size", "18446744073709551615"}})->max_size,
            tus::max_length);
}

TEST(TusDiscovery, AnErrorNamesTheHeader) {
  struct Case {
    http::Fields headers;
    std::string_view where;
  };
  const Case cases[] = {
      {{{"Tus-Version", ""}}, "Tus-Version"},
      {{{"Tus-Version", "1"}}, "Tus-Version"},
      {{{"Tus-Version", "1.0"}}, "Tus-Version"},
      {{{"Tus-Version", "1.0.0.0"}}, "Tus-Version"},
      {{{"Tus-Version", "1..0"}}, "Tus-Version"},
      {{{"Tus-Version", ".1.0"}}, "Tus-Version"},
      {{{"Tus-Version", "1.0."}}, "Tus-Version"},
      {{{"Tus-Version", "1.0.0 0.2.2"}}, "Tus-Version"},
      {{{"Tus-Version", "v1.0.0"}}, "Tus-Version"},
      {{{"Tus-Extension", ""}}, "Tus-Extension"},
      {{{"Tus-Extension", " ,"}}, "Tus-Extension"},
      {{{"Tus-Extension", "creation termination"}}, "Tus-Extension"},
      {{{"Tus-Max-Size", ""}}, "Tus-Max-Size"},
      {{{"Tus-Max-Size", "-1"}}, "Tus-Max-Size"},
      {{{"Tus-Max-Size", "5GB"}}, "Tus-Max-Size"},
      {{{"Tus-Max-Size", "5"}, {"Tus-Max-Size", "5"}}, "Tus-Max-Size"},
      {{{"Tus-Checksum-Algorithm", ""}}, "Tus-Checksum-Algorithm"},
  };
  for (const auto& c : cases) {
    const auto found = tus::parse_discovery(c.headers);
    ASSERT_FALSE(found.has_value()) << c.headers.begin()->value;
    EXPECT_EQ(found.error().where, c.where);
  }
}

}  // namespace
