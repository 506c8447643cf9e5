#include "lane/lane_content.hpp"

#include <gtest/gtest.h>

#include "dex/dex_settings.hpp"
#include "files/temporary_folder.hpp"

namespace mock {
namespace {

TEST(LaneContent, WhatAnOpenLaneHadNoUseForIsReadForOneThatHas) {
  const TemporaryFolder folder;
  LaneConfig plain;
  plain.profile = "tus";
  plain.systems.get<DexConfig>().deliver_root = LaneInput::file(folder.path().string());
  const auto first = load_lane_content(plain, {});
  ASSERT_TRUE(first) << first.error().told.line();
  auto config = plain;
  config.profile = "dex";
  const auto second = load_lane_content(config, {{}, *first, plain});
  ASSERT_TRUE(second) << second.error().told.line();
  EXPECT_TRUE((*second)->systems.get<DexContent>().delivery)
      << "it was started with --deliver-root, and with a profile that delivers nothing";
}

}  // namespace
}  // namespace mock
