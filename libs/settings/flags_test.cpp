#include "settings/flags.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace settings {
namespace {

struct Basket {
  std::string fruit = "apple";
  std::vector<std::string> extras, notes;
  bool sealed = false;
  std::string order;
};

std::vector<Setting<Basket>> table() {
  const auto fruit = [](const std::string& text) -> Result<std::string> {
    if (text == "stone") return failure("", "'stone' is no fruit", "as in pear");
    if (text == "absent.txt") return failure("absent.txt", "is not there");
    return text;
  };
  return {
      {{"fruit", "NAME", "what it holds", "Basket", "apple"},
       parsed(fruit,
              [](Basket& b, std::string v) {
                b.fruit = std::move(v);
                b.order += 'f';
              })},
      {{"extra", "WORD", "also in it", "More", "", Times::listed},
       [](Basket& b, const std::string& text) -> Result<void> {
         b.extras.push_back(text);
         b.order += 'e';
         return {};
       }},
      {{"note", "WORD", "beside it", "More", "", Times::often},
       [](Basket& b, const std::string& text) -> Result<void> {
         b.notes.push_back(text);
         return {};
       }},
      {{"sealed", "", "with a lid", "More"},
       [](Basket& b, const std::string& text) -> Result<void> {
         b.sealed = text == "true";
         return {};
       }},
      {{"kept", "", "is no flag", "More"}, {}},
  };
}

struct Outcome {
  Basket basket;
  Result<std::optional<std::string>> parsed;
};

Outcome run(std::vector<std::string> arguments) {
  CLI::App app("About baskets.", "basket");
  Outcome outcome;
  add_flags(app, table(), "Basket", outcome.basket);
  add_flags(app, table(), "More", outcome.basket);
  outcome.parsed = parse(app, std::move(arguments));
  return outcome;
}

std::string error(std::vector<std::string> arguments) {
  const auto outcome = run(std::move(arguments));
  return outcome.parsed ? "" : outcome.parsed.error().line();
}

TEST(Flags, ApplyWhatTheTableSays) {
  const auto [basket, parsed] =
      run({"--extra", "a", "b", "--sealed", "--note", "x", "--note=y", "--fruit", "pear"});
  ASSERT_TRUE(parsed) << parsed.error().line();
  EXPECT_FALSE(*parsed);
  EXPECT_EQ(basket.fruit, "pear");
  EXPECT_EQ(basket.extras, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(basket.notes, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(basket.sealed);
  EXPECT_EQ(basket.order, "fee") << "in the order of the table";
}

TEST(Flags, LeaveAloneWhatIsNotGiven) {
  const auto [basket, parsed] = run({"--sealed=false"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(basket.fruit, "apple");
  EXPECT_EQ(basket.order, "");
  EXPECT_FALSE(basket.sealed);
}

TEST(Flags, HelpShowsThemByGroupWithTheirDefaults) {
  const auto help = run({"--help"});
  ASSERT_TRUE(help.parsed);
  ASSERT_TRUE(*help.parsed);
  const auto& text = **help.parsed;
  for (const auto* const part : {"About baskets.", "\nBasket:\n", "--fruit NAME=apple", "\nMore:\n",
                                 "--extra WORD ...", "--note WORD", "--sealed", "with a lid"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(text.find("kept"), std::string::npos);
}

TEST(Flags, AnErrorNamesTheFlag) {
  EXPECT_EQ(error({"--fruit", "stone"}), "--fruit: 'stone' is no fruit (as in pear)");
  EXPECT_EQ(error({"--fruit", "absent.txt"}), "--fruit: absent.txt: is not there");
  EXPECT_EQ(error({"--fruit", "a", "--fruit", "b"}), "--fruit: At Most 1 required but received 2");
  EXPECT_EQ(error({"--sealed=perhaps"}), "Could not convert: --sealed = perhaps");
}

TEST(Flags, AFlagGivenOftenTakesOneWordEachTime) {
  EXPECT_EQ(error({"--note", "x", "y"}), "unexpected argument \"y\"");
}

TEST(Flags, OfAFlagThatThereIsNotNoValueIsShown) {
  const auto line = error({"--password=hunter2", "--fruit", "pear"});
  EXPECT_NE(line.find("there is no flag \"--password\""), std::string::npos) << line;
  EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
}

TEST(Flags, AMisspeltOneIsAnsweredWithTheNearest) {
  EXPECT_EQ(error({"--friut", "pear"}),
            "there is no flag \"--friut\" (the nearest are --fruit, --extra, --help)");
  EXPECT_NE(error({"--tra=1"}).find("(the nearest are --extra, "), std::string::npos);
  EXPECT_EQ(error({"pear"}), "unexpected argument \"pear\"");
}

}  // namespace
}  // namespace settings
