#include "store/uuid.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <thread>

namespace mock {
namespace {

TEST(RandomIds, NoneComesTwiceWhoeverAsks) {
  constexpr std::size_t count = 1000;
  std::set<std::string> here;
  std::set<std::string> there;
  const auto take = [](std::set<std::string>& ids) {
    for (std::size_t i = 0; i < count; ++i) {
      ids.insert(random_hex_id());
      ids.insert(random_uuid());
    }
  };
  std::thread other([&] { take(there); });
  take(here);
  other.join();
  here.merge(there);
  EXPECT_EQ(here.size(), 4 * count);
}

TEST(RandomIds, HaveTheirForm) {
  EXPECT_TRUE(std::regex_match(random_hex_id(), std::regex("[0-9a-f]{32}")));
  EXPECT_TRUE(std::regex_match(
      random_uuid(),
      std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
}

}  // namespace
}  // namespace mock
