#include "protocol/openhumans/metadata.hpp"

#include <gtest/gtest.h>

namespace openhumans {
namespace {

constexpr std::string_view md5 = "156da7fc980988c51682374436849943";

/// "" for what is taken, the text for what is refused, with "500: " before it where the deployed
/// server fails.
std::string verdict(std::string_view text, Contract contract = Contract::server) {
  const auto metadata = parse_metadata(text, contract);
  if (metadata) return "";
  return (metadata.error().server_fails ? "500: " : "") + metadata.error().text;
}
/// The verdict on metadata with these members added.
std::string with(std::string_view members, Contract contract = Contract::server) {
  return verdict(R"({"tags": [], "description": "", )" + std::string(members) + "}", contract);
}

const std::string no_description = "\"description\" is a required field of the metadata";
const std::string no_object = "the metadata must be an object";
const std::string no_tags = "\"tags\" is a required field of the metadata";
const std::string tags_wrong = "\"tags\" must be an array of strings";
const std::string description_wrong = "\"description\" must be a string";
const std::string date_wrong = "Dates must be in ISO 8601 format";
const std::string md5_wrong = "Invalid MD5 specified";

TEST(OpenHumansMetadata, TheExamplesOfTheDocument) {
  for (const auto contract : {Contract::server, Contract::guide}) {
    EXPECT_EQ(verdict(R"({"tags": [], "description": ""})", contract), "");
    const auto metadata = parse_metadata(
        R"({
  "tags": ["survey", "diet", "csv"],
  "description": "Diet survey questions and responses.",
  "md5": "156da7fc980988c51682374436849943"
})",
        contract);
    ASSERT_TRUE(metadata);
    EXPECT_EQ(metadata->tags, (std::vector<std::string>{"survey", "diet", "csv"}));
    EXPECT_EQ(metadata->description, "Diet survey questions and responses.");
    EXPECT_EQ(metadata->md5, md5);
    EXPECT_EQ(metadata->json,
              R"({"description":"Diet survey questions and responses.",)"
              R"("md5":"156da7fc980988c51682374436849943","tags":["survey","diet","csv"]})");
  }
}

struct Row {
  std::string text;
  std::string server;
  std::string guide;
};

TEST(OpenHumansMetadata, EveryRowUnderBothContracts) {
  const std::string fails = "500: ";
  const Row rows[] = {
      {"", "could not parse the uploaded metadata", "could not parse the uploaded metadata"},
      {"{'tags': []}", "could not parse the uploaded metadata",
       "could not parse the uploaded metadata"},
      {"[]", no_description, no_description},
      {R"("x")", no_description, no_description},
      {"{}", no_description, no_description},
      {R"({"tags": 1})", no_description, no_description},
      {"1", fails + no_object, fails + no_object},
      {"null", fails + no_object, fails + no_object},
      {R"(["description", "tags"])", fails + no_object, fails + no_object},
      {R"("a description")", fails + no_object, fails + no_object},
      {R"({"description": 1})", description_wrong, description_wrong},
      {R"({"description": null, "tags": []})", description_wrong, description_wrong},
      {R"({"description": ""})", no_tags, no_tags},
      {R"({"description": "", "tags": "a"})", tags_wrong, tags_wrong},
      {R"({"description": "", "tags": {}})", tags_wrong, tags_wrong},
      {R"({"description": "", "tags": null})", tags_wrong, tags_wrong},
      {R"({"description": "", "tags": [1, null]})", "", tags_wrong},
      {R"({"description": ")" + std::string(100, 'x') + R"(", "tags": []})", "", ""},
      {R"({"description": ")" + std::string(101, 'x') + R"(", "tags": []})", "",
       "\"description\" must be at most 100 characters"},
      {R"({"description": "", "tags": [], "other": {"a": 1}})", "", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(verdict(row.text, Contract::server), row.server) << row.text;
    EXPECT_EQ(verdict(row.text, Contract::guide), row.guide) << row.text;
  }
  std::string letters;
  for (int i = 0; i < 100; ++i) letters += "\xC3\xA9";
  EXPECT_EQ(verdict(R"({"description": ")" + letters + R"(", "tags": []})", Contract::guide), "")
      << "characters are counted, not bytes";
}

TEST(OpenHumansMetadata, Md5) {
  const auto of = [](const std::string& value, Contract contract) {
    return with("\"md5\": " + value, contract);
  };
  const auto quoted = [](std::string_view value) { return '"' + std::string(value) + '"'; };
  for (const auto contract : {Contract::server, Contract::guide}) {
    EXPECT_EQ(of(quoted(md5), contract), "");
    EXPECT_EQ(of(quoted("156DA7FC980988C51682374436849943"), contract), "");
    EXPECT_EQ(of(quoted(md5.substr(1)), contract), md5_wrong);
    EXPECT_EQ(of(quoted(""), contract), md5_wrong);
    EXPECT_EQ(of(quoted(std::string(32, '-')), contract), md5_wrong);
    EXPECT_EQ(of("1", contract), "500: " + md5_wrong + ": this is no text");
    EXPECT_EQ(of("null", contract), "500: " + md5_wrong + ": this is no text");
  }
  for (const auto& loose : {std::string(32, 'z'), std::string(md5) + " and more"}) {
    EXPECT_EQ(of(quoted(loose), Contract::server), "");
    EXPECT_EQ(of(quoted(loose), Contract::guide), md5_wrong);
  }
}

TEST(OpenHumansMetadata, Dates) {
  for (const std::string key : {"creation_date", "start_date", "end_date"}) {
    const auto of = [&](std::string_view value, Contract contract = Contract::server) {
      return with("\"" + key + "\": " + std::string(value), contract);
    };
    EXPECT_EQ(of(R"("2018-05-27T12:22:27+02:00")"), "");
    EXPECT_EQ(of(R"("yesterday")"), date_wrong);
    EXPECT_EQ(of(R"("")"), date_wrong);
    EXPECT_EQ(of(R"("05/27/2018")"), date_wrong);
    EXPECT_EQ(of(R"("2018-02-30")"), "500: " + date_wrong + ": there is no such time");
    EXPECT_EQ(of(R"("2018-13-01")"), "500: " + date_wrong + ": there is no such time");
    for (const char* time : {"0", "-1", "1.5", "1527423747", "1527423747000", "1527423747000000"}) {
      EXPECT_EQ(of(time), "") << time;
      EXPECT_EQ(of(time, Contract::guide), date_wrong) << time;
    }
    for (const char* wrong : {"null", "true", "[]", "[\"2018\"]", "{}", "1e18", "-1e12"}) {
      EXPECT_EQ(of(wrong), "500: " + date_wrong + ": this is no text") << wrong;
    }
  }
  EXPECT_EQ(with(R"("start_date": "2019", "end_date": "2018")"), "") << "no order is asked for";
}

TEST(OpenHumansMetadata, OneErrorInOrder) {
  EXPECT_EQ(with(R"("md5": "x", "end_date": "x")"), date_wrong);
  EXPECT_EQ(verdict(R"({"md5": "x", "tags": 1, "description": ""})"), tags_wrong);
}

TEST(OpenHumansMetadata, WhatAClientWritesIsTaken) {
  EXPECT_EQ(to_json({{"a", "b\""}, "d", "", "", "", ""}),
            R"({"tags":["a","b\""],"description":"d"})");
  const auto metadata = parse_metadata(
      to_json({{"a"}, "d", std::string(md5), "2018-05-27", "2018", "2019-01-01T00:00Z"}),
      Contract::guide);
  ASSERT_TRUE(metadata);
  EXPECT_FALSE(contradicts(*metadata, md5));
  EXPECT_TRUE(contradicts(*metadata, "00000000000000000000000000000000"));
  EXPECT_FALSE(contradicts(*parse_metadata(to_json({}), Contract::guide), md5));
}

TEST(OpenHumansDatatypes, ListsOfNumbersAndNames) {
  using List = std::vector<Datatype>;
  EXPECT_EQ(parse_datatypes(R"([1, "VCF"])"), (List{1, "VCF"}));
  EXPECT_EQ(parse_datatypes("[]"), List{});
  EXPECT_EQ(parse_datatypes("x").error(),
            (FieldError{"Could not parse the uploaded datatypes from: 'x'", false}));
  EXPECT_EQ(parse_datatypes("it's").error().text,
            "Could not parse the uploaded datatypes from: \"it's\"");
  EXPECT_TRUE(parse_datatypes("1").error().server_fails);
  for (const char* wrong : {"{}", "[null]", "[[]]", "[1.5]", "[18446744073709551615]"}) {
    EXPECT_FALSE(parse_datatypes(wrong)) << wrong;
  }
  EXPECT_EQ(unknown_datatypes({"a", 7}).text,
            "The following datatypes don't match items in our database: ['a', 7]");
  EXPECT_EQ(unregistered_datatypes({"a\\\n\x01"}).text,
            "The following datatypes aren't registered for this project: ['a\\\\\\n\\x01']");
}

}  // namespace
}  // namespace openhumans
