#include "auth/guesses.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

using std::chrono::seconds;

const TimePoint start{seconds{1'800'000'000}};

void guess(Guesses& guesses, std::string_view name, int times, TimePoint at = start) {
  for (int i = 0; i < times; ++i) guesses.wrong(name, at);
}

TEST(Guesses, FiveInAMinuteAreLookedAt) {
  Guesses guesses;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(guesses.wait("lab", start)) << i;
    guesses.wrong("lab", start);
  }
  EXPECT_EQ(guesses.wait("lab", start), seconds{60});
  EXPECT_FALSE(guesses.wait("clinic", start)) << "others are not slowed";
}

TEST(Guesses, TheWindowSlides) {
  Guesses guesses;
  for (int i = 0; i < 5; ++i) guesses.wrong("lab", start + seconds{10 * i});
  EXPECT_EQ(guesses.wait("lab", start + seconds{45}), seconds{15});
  EXPECT_EQ(guesses.wait("lab", start + seconds{59} + Milliseconds{500}), seconds{1});
  EXPECT_FALSE(guesses.wait("lab", start + seconds{60})) << "the first is a minute ago";
  guesses.wrong("lab", start + seconds{60});
  EXPECT_EQ(guesses.wait("lab", start + seconds{60}), seconds{10});
  EXPECT_FALSE(guesses.wait("lab", start + seconds{121}));
  EXPECT_EQ(guesses.size(), 0U) << "nothing is remembered for longer than it counts";
}

TEST(Guesses, AClockThatIsSetBackLocksNobodyOut) {
  Guesses guesses;
  guess(guesses, "lab", 5, start + seconds{3600});
  EXPECT_FALSE(guesses.wait("lab", start));
}

TEST(Guesses, AreBoundedWhateverNamesAreTried) {
  Guesses guesses(5, 100);
  guess(guesses, "lab", 5);
  for (int i = 0; i < 10'000; ++i) guesses.wrong(std::string(1000, 'x') + std::to_string(i), start);
  EXPECT_EQ(guesses.size(), 100U);
  EXPECT_TRUE(guesses.wait("lab", start)) << "a flood of names does not free one";
}

TEST(Guesses, AreForgotten) {
  Guesses guesses;
  guess(guesses, "lab", 5);
  guesses.clear();
  EXPECT_FALSE(guesses.wait("lab", start));
  EXPECT_EQ(guesses.size(), 0U);
}

}  // namespace
}  // namespace mock
