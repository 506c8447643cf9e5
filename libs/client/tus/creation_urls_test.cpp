#include "client/tus/creation_urls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CreationUrls, AHostAloneIsTriedInBothShapes) {
  EXPECT_THAT(creation_urls_at("http://h:8080"),
              ElementsAre("http://h:8080/files", "http://h:8080/upload"));
  EXPECT_THAT(creation_urls_at("https://h/"), ElementsAre("https://h/files", "https://h/upload"));
  for (const char* whole : {"http://h/files", "http://h/upload/", "http://h?x", "nonsense"}) {
    EXPECT_THAT(creation_urls_at(whole), IsEmpty()) << whole;
  }
}

}  // namespace
}  // namespace tus
