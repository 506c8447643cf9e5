#include "protocol/openhumans/answers.hpp"

#include <gtest/gtest.h>

namespace openhumans {
namespace {

TEST(OpenHumansAnswers, ErrorBodies) {
  EXPECT_EQ(detail_body(invalid_token), R"({"detail":"Invalid token."})");
  EXPECT_EQ(problems_body({{"metadata", "a"}, {"data_file", "b"}, {"metadata", "c"}}),
            R"({"metadata":["a","c"],"data_file":["b"]})");
  EXPECT_EQ(problems_body({}), "{}");
  EXPECT_EQ(unknown_member_body(), R"({"project_member_id":"project_member_id is invalid"})");
  EXPECT_EQ(missing_selector_body(),
            R"({"missing_field":"one of file_id, file_basename, or all_files is required"})");
  EXPECT_EQ(too_many_selectors_body(),
            R"({"too_many":"one of file_id, file_basename, or all_files is required"})");
}

TEST(OpenHumansAnswers, ErrorBodiesAreRead) {
  EXPECT_EQ(parse_problems(detail_body("x")), (Problems{{"detail", "x"}}));
  EXPECT_EQ(parse_problems(unknown_member_body()),
            (Problems{{"project_member_id", "project_member_id is invalid"}}));
  EXPECT_EQ(parse_problems(problems_body({{"a", "1"}, {"a", "2"}, {"b", "3"}})),
            (Problems{{"a", "1"}, {"a", "2"}, {"b", "3"}}));
  for (const char* text : {"", "<html>", "[]", "{}", R"({"a": 1})", R"({"a": [1]})"}) {
    EXPECT_FALSE(parse_problems(text)) << text;
  }
}

TEST(OpenHumansAnswers, Uploads) {
  EXPECT_EQ(to_json(Created{131, std::nullopt}), R"({"id":131})");
  const Created direct{131, "https://h/k?Signature=x&Expires=1"};
  EXPECT_EQ(to_json(direct), R"({"id":131,"url":"https://h/k?Signature=x&Expires=1"})");
  EXPECT_EQ(parse_created(to_json(direct)), direct);
  EXPECT_EQ(parse_created(R"({"id": 131, "url": "u", "more": []})"), (Created{131, "u"}));
  for (const char* text :
       {"{}", R"({"id": "131"})", R"({"id": -1})", R"({"id": 1, "url": null})"}) {
    EXPECT_FALSE(parse_created(text)) << text;
  }
  EXPECT_EQ(parse_created(R"({"id": 1, "url": "https://h/?Signature=secret" x)")
                .error()
                .line()
                .find("secret"),
            std::string::npos);
}

TEST(OpenHumansAnswers, CompletionsAndDeletions) {
  EXPECT_EQ(to_json(Completed{446}), R"({"status":"ok","size":446})");
  EXPECT_EQ(parse_completed(to_json(Completed{446})), Completed{446});
  EXPECT_EQ(parse_completed(R"({"status": "no", "size": 1})").error().line(),
            "completion answer: status: expected \"ok\", found \"no\"");
  EXPECT_FALSE(parse_completed(R"({"status": "ok"})"));
  EXPECT_EQ(to_json(Deleted{{130, 131}}), R"({"ids":[130,131]})");
  EXPECT_EQ(to_json(Deleted{}), R"({"ids":[]})");
  EXPECT_EQ(parse_deleted(R"({"ids": [130, 131]})"), (Deleted{{130, 131}}));
  EXPECT_FALSE(parse_deleted(R"({"ids": ["130"]})"));
}

}  // namespace
}  // namespace openhumans
