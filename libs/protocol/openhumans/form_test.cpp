#include "protocol/openhumans/form.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace openhumans {
namespace {

TEST(OpenHumansForm, ABodyOfJson) {
  const auto form = form_of_json(
      R"({"project_member_id": 12345678, "all_files": true, "file_id": null, "x": "y"})");
  ASSERT_TRUE(form);
  EXPECT_EQ(required_field(*form, "project_member_id"), "12345678");
  EXPECT_TRUE(boolean_field(*form, "all_files"));
  EXPECT_EQ(text_field(*form, "file_id").value(), std::nullopt);
  EXPECT_EQ(required_field(*form_of_json(R"({"metadata": {"tags": []}})"), "metadata"), "{'...'}");
  // The document's own literal for all_files is no JSON.
  for (const char* text : {R"({"project_member_id": "1", "all_files": True})", "", "x"}) {
    const auto refused = form_of_json(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().what, "JSON parse error - this is no JSON");
  }
  for (const char* text : {"[]", "7", "null"}) {
    const auto refused = form_of_json(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().what, "JSON parse error - expected an object");
  }
}

TEST(OpenHumansForm, Texts) {
  const http::Form form{{"a", " x\t\n"}, {"b", " "}, {"c", "1"}, {"c", "2"}, {"d", {'\0', 'x'}}};
  EXPECT_EQ(text_field(form, "a").value(), "x");
  EXPECT_EQ(text_field(form, "b").value(), std::nullopt);
  EXPECT_EQ(text_field(form, "c").value(), "2") << "the last one wins";
  EXPECT_EQ(text_field(form, "d").error().text, "Null characters are not allowed.");
  EXPECT_EQ(text_field(form, "e").value(), std::nullopt);
  EXPECT_EQ(required_field(form, "a"), "x");
  EXPECT_EQ(required_field(form, "b").error().text, "This field is required.");
}

TEST(OpenHumansForm, WholeNumbers) {
  const auto number = [](std::string text) {
    return integer_field({{"file_id", std::move(text)}}, "file_id");
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(number("12").value(), 12);
  EXPECT_EQ(number(" +12 ").value(), 12);
  EXPECT_EQ(number("-12").value(), -12);
  EXPECT_EQ(number("12.00").value(), 12);
  EXPECT_EQ(number("12.").value(), 12);
  EXPECT_EQ(number("0").value(), 0);
  EXPECT_EQ(number(std::to_string(most)).value(), most);
  EXPECT_EQ(number("99999999999999999999999").value(), most);
  EXPECT_EQ(number("").value(), std::nullopt);
  for (const char* wrong : {"x", "1.5", "1e3", "0x1", "1 2", "--1", "-", ".", ".0", "1.0x"}) {
    ASSERT_FALSE(number(wrong)) << wrong;
    EXPECT_EQ(number(wrong).error().text, "Enter a whole number.");
  }
}

TEST(OpenHumansForm, Switches) {
  const auto on = [](std::string text) {
    return boolean_field({{"all_files", std::move(text)}}, "all_files");
  };
  for (const char* text : {"True", "true", "1", "on", "x"}) EXPECT_TRUE(on(text)) << text;
  for (const char* text : {"", " ", "false", "False", "0"}) EXPECT_FALSE(on(text)) << text;
  EXPECT_FALSE(boolean_field({}, "all_files"));
  EXPECT_FALSE(boolean_field(*form_of_json(R"({"all_files": 0})"), "all_files"));
  EXPECT_FALSE(boolean_field(*form_of_json(R"({"all_files": false})"), "all_files"));
}

}  // namespace
}  // namespace openhumans
