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

TEST(Flags, HelpAndWhatIsUnknownComeBeforeAWrongValue) {
  const auto help = run({"--fruit", "stone", "--help"});
  ASSERT_TRUE(help.parsed) << help.parsed.error().line();
  EXPECT_TRUE(*help.parsed);
  EXPECT_NE(error({"--fruit", "stone", "--friut", "pear"}).find("no flag \"--friut\""),
            std::string::npos);
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

TEST(WholeNumber, HasBothLimits) {
  const auto number = whole_number(1, 64);
  EXPECT_EQ(number("1"), 1U);
  EXPECT_EQ(number("64"), 64U);
  for (const char* const bad : {"", "0", "65", "-1", "4x", " 4", "18446744073709551617"}) {
    ASSERT_FALSE(number(bad)) << bad;
    EXPECT_EQ(number(bad).error().line(),
              '"' + std::string(bad) + "\" is not a whole number from 1 to 64");
  }
}

// ---- subcommands

Outcome run_command(std::vector<std::string> arguments) {
  CLI::App app("About baskets.", "baskets");
  app.require_subcommand(1);
  auto* const fill = app.add_subcommand("fill", "Fill one");
  app.add_subcommand("list", "List them");
  Outcome outcome;
  add_word(*fill, {"file", "FILE.txt", "what goes in first"},
           [&](const std::string& text) -> Result<void> {
             if (text == "absent.txt") return failure("absent.txt", "is not there");
             outcome.basket.order += text;
             return {};
           });
  add_flags(*fill, table(), outcome.basket);
  outcome.parsed = parse(app, std::move(arguments));
  return outcome;
}

std::string command_error(std::vector<std::string> arguments) {
  const auto outcome = run_command(std::move(arguments));
  return outcome.parsed ? "" : outcome.parsed.error().line();
}

TEST(Commands, WordsAreAppliedInTheOrderInWhichTheyWereAdded) {
  const auto outcome = run_command({"fill", "--fruit", "pear", "a.txt"});
  ASSERT_TRUE(outcome.parsed) << outcome.parsed.error().line();
  EXPECT_EQ(outcome.basket.order, "a.txtf");
  EXPECT_EQ(command_error({"fill", "absent.txt"}), "absent.txt: is not there");
  EXPECT_EQ(command_error({"fill", "absent.txt", "b.txt"}), "unexpected argument \"b.txt\"");
  EXPECT_EQ(command_error({"fill", "--fruit", "stone"}),
            "--fruit: 'stone' is no fruit (as in pear)");
}

TEST(Commands, AreNamedWhenTheFirstWordIsNone) {
  EXPECT_EQ(command_error({"fil"}), R"("fil" is not one of fill, list (the nearest is fill))");
  EXPECT_EQ(command_error({"fly", "--fruit", "pear"}), R"("fly" is not one of fill, list)");
  EXPECT_EQ(command_error({"hunter2-hunter2"}), R"("***" is not one of fill, list)");
  EXPECT_NE(command_error({}).find("subcommand"), std::string::npos);
  EXPECT_NE(command_error({"fill", "--fruti", "pear"}).find("(the nearest are --fruit, "),
            std::string::npos);
}

TEST(Commands, HelpIsThatOfTheCommand) {
  for (const auto& line :
       {std::vector<std::string>{"fill", "--help"}, {"fill", "--fruit", "stone", "--help"}}) {
    const auto help = run_command(line);
    ASSERT_TRUE(help.parsed) << help.parsed.error().line();
    ASSERT_TRUE(*help.parsed);
    EXPECT_NE((*help.parsed)->find("FILE.txt"), std::string::npos) << **help.parsed;
  }
}

}  // namespace
}  // namespace settings
