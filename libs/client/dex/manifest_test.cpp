#include "client/dex/manifest.hpp"

#include <gtest/gtest.h>

namespace dex {
namespace {

TEST(DefaultManifest, IsForTheTestStreamAndNamesItsSender) {
  const Manifest manifest = default_manifest("dex-tool");
  EXPECT_EQ(manifest.at("data_stream_id"), "dextesting");
  EXPECT_EQ(manifest.at("data_stream_route"), "testevent1");
  EXPECT_EQ(manifest.at("sender_id"), "dex-tool");
  EXPECT_EQ(manifest.at("data_producer_id"), "dex-tool");
  EXPECT_EQ(manifest.at("version"), "2.0");
}

}  // namespace
}  // namespace dex
