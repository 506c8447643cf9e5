#include "app/line_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimePoint start{std::chrono::seconds{1'800'000'000}};
constexpr Milliseconds ms(int count) { return Milliseconds{count}; }

unsigned admitted(LineLimit& limit, std::string_view kind, TimePoint now, unsigned asked) {
  unsigned count = 0;
  for (unsigned i = 0; i < asked; ++i) count += limit.admits(kind, now) ? 1U : 0U;
  return count;
}

TEST(LineLimits, TenOfAKindInASecondAndTheOthersAreCounted) {
  LineLimit limit;
  EXPECT_EQ(admitted(limit, "404", start, 7), 7U);
  EXPECT_EQ(admitted(limit, "404", start + ms(999), 315), 3U);
  EXPECT_THAT(limit.ended(start + ms(999)), IsEmpty());
  EXPECT_THAT(limit.ended(start + ms(1000)), ElementsAre(LineLimit::Withheld{"404", 312}));
  EXPECT_THAT(limit.ended(start + ms(1000)), IsEmpty()) << "told once";
  EXPECT_EQ(admitted(limit, "404", start + ms(1000), 20), 10U) << "a second begins anew";
}

TEST(LineLimits, NoKindIsCountedWithAnother) {
  LineLimit limit;
  EXPECT_EQ(admitted(limit, "a", start, 20), 10U);
  EXPECT_EQ(admitted(limit, "b", start + ms(500), 11), 10U);
  EXPECT_EQ(admitted(limit, "c", start + ms(500), 10), 10U);
  EXPECT_THAT(limit.ended(start + ms(1000)), ElementsAre(LineLimit::Withheld{"a", 10}));
  EXPECT_THAT(limit.ended(start + ms(1500)), ElementsAre(LineLimit::Withheld{"b", 1}));
}

TEST(LineLimits, TellWhenThereWillBeSomethingToTell) {
  LineLimit limit;
  EXPECT_EQ(limit.next(), std::nullopt);
  admitted(limit, "few", start, 10);
  EXPECT_EQ(limit.next(), std::nullopt);
  admitted(limit, "late", start + ms(300), 11);
  EXPECT_EQ(limit.next(), start + ms(1300));
  admitted(limit, "few", start + ms(400), 1);
  EXPECT_EQ(limit.next(), start + ms(1000));
  EXPECT_THAT(limit.ended(start + ms(1000)), ElementsAre(LineLimit::Withheld{"few", 1}));
  EXPECT_EQ(limit.next(), start + ms(1300));
}

TEST(LineLimits, TheRestIsToldInTheMiddleOfASecondAtTheEnd) {
  LineLimit limit;
  admitted(limit, "a", start, 11);
  admitted(limit, "b", start, 1);
  EXPECT_THAT(limit.rest(), ElementsAre(LineLimit::Withheld{"a", 1}));
  EXPECT_THAT(limit.rest(), IsEmpty());
}

TEST(LineLimits, AClockThatIsSetBackBeginsASecondAnew) {
  LineLimit limit;
  admitted(limit, "a", start, 12);
  EXPECT_THAT(limit.ended(start - ms(60'000)), ElementsAre(LineLimit::Withheld{"a", 2}));
  EXPECT_EQ(admitted(limit, "a", start - ms(60'000), 12), 10U);
}

}  // namespace
}  // namespace mock
