#include "misbehave/template.hpp"

#include <gtest/gtest.h>

namespace mock::misbehave {
namespace {

std::optional<std::string> values(std::string_view name) {
  if (name == "offset") return "10";
  if (name == "length") return "25";
  if (name == "host") return "up.example:99";
  if (name == "reply.upload-offset") return "4";
  if (name == "request.upload-offset") return "abc";
  return std::nullopt;
}

TEST(Template, FillsNamesAndSums) {
  const std::pair<const char*, const char*> cases[] = {
      {"plain", "plain"},
      {"{offset}", "10"},
      {"{offset+1}", "11"},
      {"{offset-3}", "7"},
      {"{offset-11}", "0"},
      {"{offset+9223372036854775807}", "9223372036854775807"},
      {"http://{host}/files/{id}", "http://up.example:99/files/"},
      {"{reply.upload-offset-1}", "3"},
      {"{request.upload-offset+1}", ""},
      {"{id}", ""},
      {"{length-offset}", "15"},
      {"{offset-length}", "0"},
      {"{length-offset+2}", "17"},
      {"{length-offset-received}", ""},
      {"{reply.upload-offset-1-1}", "2"},
      {"{reply.upload-offset+1-2}", "3"},
      {"{{\"a\": {offset}}}", "{\"a\": 10}"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = Template::parse(text);
    ASSERT_TRUE(parsed.has_value()) << text << ": " << parsed.error().line();
    EXPECT_EQ(parsed->fill(values), expected) << text;
  }
}

TEST(Template, RefusesWhatItCannotFill) {
  for (const auto* text :
       {"{", "}", "{offset", "{ofset}", "{}", "{+1}", "{reply.}", "{offset+}", "{offset+-1}",
        "{offset+ofset}", "{1+1}", "{offset+99999999999999999999}"})
    EXPECT_FALSE(Template::parse(text).has_value()) << text;
}

TEST(Template, TellsTheNamesItUses) {
  EXPECT_EQ(Template::parse("a{length-offset+1}{reply.x-1}")->names(),
            (std::vector<std::string>{"length", "offset", "reply.x"}));
}

TEST(Template, SumsOfHostileValuesStayInRange) {
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    return name == "offset" ? "-9223372036854775808" : "9223372036854775807";
  };
  EXPECT_EQ(Template::parse("{length-offset}")->fill(lookup), "9223372036854775807");
  EXPECT_EQ(Template::parse("{offset-length}")->fill(lookup), "0");
  EXPECT_EQ(Template::parse("{offset-offset}")->fill(lookup), "0");
}

TEST(Template, IsANumberOnlyWhenAllOfItIs) {
  EXPECT_EQ(Template::parse("{offset+1}")->number(values), 11U);
  EXPECT_EQ(Template::parse("{offset} ")->number(values), std::nullopt);
  EXPECT_EQ(Template::parse("{id}")->number(values), std::nullopt);
}

}  // namespace
}  // namespace mock::misbehave
