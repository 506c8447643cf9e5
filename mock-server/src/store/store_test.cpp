#include "store/store.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

TEST(UploadId, IsOnePathComponent) {
  EXPECT_TRUE(is_upload_id("24e533e02ec3bc40c387f1a0e460e216"));
  EXPECT_TRUE(is_upload_id("a-b_c+D"));
  EXPECT_TRUE(is_upload_id(std::string(200, 'a')));
  for (const auto bad : {"", ".", "..", "../a", "a/b", "a.info", "a b", "a%2fb", "\xc3\xa4"}) {
    EXPECT_FALSE(is_upload_id(bad)) << bad;
  }
  EXPECT_FALSE(is_upload_id(std::string(201, 'a')));
  EXPECT_FALSE(is_upload_id(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace mock
