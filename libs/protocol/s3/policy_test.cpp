#include "protocol/s3/policy.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"
#include "protocol/s3/signature_v2.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

const auto now = *parse_basic("20180527T122227Z");
constexpr std::string_view unexpired = R"("expiration": "2018-05-27T13:22:27Z")";

Expected<Policy> parse(std::string_view json) { return parse_policy(base64::encode(json)); }
Expected<Policy> of_conditions(std::string_view conditions) {
  return parse("{" + std::string(unexpired) + ", \"conditions\": [" + std::string(conditions) +
               "]}");
}
/// Why a policy of those conditions cannot be read.
std::string unreadable(std::string_view conditions) {
  const auto policy = of_conditions(conditions);
  EXPECT_FALSE(policy) << conditions;
  if (policy) return {};
  EXPECT_EQ(policy.error().code, Code::invalid_policy_document);
  return policy.error().message;
}

/// What is said of a form, with the conditions that cover bucket and key; "" when it may go on.
std::string verdict(std::string_view conditions, const http::Form& fields,
                    std::string_view key = "foo.txt") {
  const auto policy =
      of_conditions(R"({"bucket": "b"}, ["starts-with", "$key", "foo"])" +
                    std::string(conditions.empty() ? "" : ", ") + std::string(conditions));
  EXPECT_TRUE(policy) << conditions << policy.error().message;
  if (!policy) return "unreadable";
  const auto checked = check(*policy, {fields, "b", key}, now);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, Code::access_denied);
  return checked.error().message;
}
const std::string failed = "Invalid according to Policy: Policy Condition failed: ";

TEST(Policy, TheExampleOfAws) {
  // AWS, "Examples: browser-based upload using HTTP POST": the policy of the file upload.
  const auto policy = parse_policy(
      "eyAiZXhwaXJhdGlvbiI6ICIyMDA3LTEyLTAxVDEyOjAwOjAwLjAwMFoiLAogICJjb25kaXRpb25zIjogWwogICAgey"
      "JidWNrZXQiOiAiam9obnNtaXRoIn0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci9lcmljLyJdLAog"
      "ICAgeyJhY2wiOiAicHVibGljLXJlYWQifSwKICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL2"
      "pvaG5zbWl0aC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwKICAgIFsic3RhcnRzLXdp"
      "dGgiLCAiJENvbnRlbnQtVHlwZSIsICJpbWFnZS8iXSwKICAgIHsieC1hbXotbWV0YS11dWlkIjogIjE0MzY1MTIzNj"
      "UxMjc0In0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiR4LWFtei1tZXRhLXRhZyIsICIiXQogIF0KfQo=");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->expires, *parse_basic("20071201T120000Z"));
  ASSERT_EQ(policy->conditions.size(), 7U);
  EXPECT_EQ(policy->conditions[0], equals("bucket", "johnsmith"));
  EXPECT_EQ(policy->conditions[1], starts_with("key", "user/eric/"));
  const http::Form fields{
      {"key", "user/eric/${filename}"},
      {"acl", "public-read"},
      {"success_action_redirect", "http://johnsmith.s3.amazonaws.com/successful_upload.html"},
      {"Content-Type", "image/jpeg"},
      {"x-amz-meta-uuid", "14365123651274"},
      {"x-amz-meta-tag", "Some,Tag,For,Picture"},
      {"AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE"},
      {"Policy", "POLICY"},
      {"Signature", "SIGNATURE"}};
  const PostedForm form{fields, "johnsmith", "user/eric/MyPicture.jpg"};
  EXPECT_TRUE(check(*policy, form, policy->expires));
  EXPECT_EQ(check(*policy, form, now).error(),
            (Refusal{Code::access_denied, "Invalid according to Policy: Policy expired.", {}}));
}

TEST(Policy, TheTextThatBotoWrites) {
  const Policy policy{*parse_basic("20180527T132227Z"),
                      {equals("acl", "private"), equals("success_action_status", "201"),
                       equals("x-amz-server-side-encryption", "AES256"),
                       size_between(1, 21'474'836'480), equals("bucket", "examplebucket"),
                       starts_with("key", "user_0123456789abcdef/file_28459508592a481c/")}};
  const std::string text =
      "eyJleHBpcmF0aW9uIjogIjIwMTgtMDUtMjdUMTM6MjI6MjdaIiwgImNvbmRpdGlvbnMiOiBbeyJhY2wiOiAicHJpdm"
      "F0ZSJ9LCB7InN1Y2Nlc3NfYWN0aW9uX3N0YXR1cyI6ICIyMDEifSwgeyJ4LWFtei1zZXJ2ZXItc2lkZS1lbmNyeXB0"
      "aW9uIjogIkFFUzI1NiJ9LCBbImNvbnRlbnQtbGVuZ3RoLXJhbmdlIiwgMSwgMjE0NzQ4MzY0ODBdLCB7ImJ1Y2tldC"
      "I6ICJleGFtcGxlYnVja2V0In0sIFsic3RhcnRzLXdpdGgiLCAiJGtleSIsICJ1c2VyXzAxMjM0NTY3ODlhYmNkZWYv"
      "ZmlsZV8yODQ1OTUwODU5MmE0ODFjLyJdXX0=";
  EXPECT_EQ(write_policy(policy), text);
  EXPECT_EQ(parse_policy(text), policy);
  const http::Form fields{{"acl", "private"},
                          {"success_action_status", "201"},
                          {"x-amz-server-side-encryption", "AES256"}};
  const PostedForm form{fields, "examplebucket",
                        "user_0123456789abcdef/file_28459508592a481c/a.fq.gz"};
  EXPECT_EQ(check(policy, form, now), (SizeRange{1, 21'474'836'480}));
}

TEST(Policy, Documents) {
  const auto message = [](std::string_view json) {
    const auto policy = parse(json);
    EXPECT_FALSE(policy) << json;
    if (policy) return std::string{};
    EXPECT_EQ(policy.error().code, Code::invalid_policy_document);
    return policy.error().message;
  };
  const std::string time(unexpired);
  EXPECT_EQ(message(""), "Invalid Policy: Expecting '{' but found End-of-Input");
  for (const char* json : {"{", "[]", "x", "{\"a\": 1} x", "{\"a\": 1, \"a\": 1}"}) {
    EXPECT_EQ(message(json), "Invalid Policy: Invalid JSON.") << json;
  }
  EXPECT_EQ(parse_policy("e30").error().message, "Invalid Policy: invalid Base64 encoding.");
  EXPECT_EQ(message(R"({"conditions": []})"), "Invalid Policy: Policy missing expiration.");
  EXPECT_EQ(message(R"({"EXPIRATION": "x", "conditions": []})"),
            "Invalid Policy: Policy missing expiration.");
  EXPECT_EQ(message("{" + time + "}"), "Invalid Policy: Policy missing conditions.");
  EXPECT_EQ(message("{" + time + R"(, "CONDITIONS": []})"),
            "Invalid Policy: Policy missing conditions.");
  EXPECT_EQ(message("{" + time + R"(, "conditions": {}})"),
            "Invalid Policy: Invalid 'conditions' value: must be a List.");
  EXPECT_EQ(message("{" + time + R"(, "conditions": [], "extra": 1})"),
            "Invalid Policy: Unexpected: \"extra\"");
  for (const char* wrong :
       {"2018-05-27 13:22:27", "2018-05-27T13:22:27+00:00", "2018-05-27T13:22:27",
        "2018-05-27 13:22:27Z", "2018-02-30T00:00:00Z", "soon", ""}) {
    EXPECT_EQ(message("{\"expiration\": \"" + std::string(wrong) + "\", \"conditions\": []}"),
              "Invalid Policy: Invalid 'expiration' value: '" + std::string(wrong) + "'");
  }
  EXPECT_EQ(message(R"({"expiration": 1, "conditions": []})"),
            "Invalid Policy: Invalid 'expiration' value: '1'");
  EXPECT_TRUE(parse(R"({"expiration": "2018-05-27T13:22:27.123Z", "conditions": []})"));
  EXPECT_GT(parse(R"({"expiration": "9999-12-31T23:59:59Z", "conditions": []})")->expires, now);
}

TEST(Policy, ConditionsThatCannotBeRead) {
  const std::string one_property =
      "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property "
      "specified.";
  EXPECT_EQ(unreadable("{}"), one_property);
  EXPECT_EQ(unreadable(R"({"a": "b", "c": "d"})"), one_property);
  EXPECT_EQ(unreadable(R"({"success_action_status": 201})"),
            "Invalid Policy: Invalid Simple-Condition: value must be a string.");
  EXPECT_EQ(unreadable("1"), "Invalid Policy: Invalid condition test: must be a List or Object.");
  EXPECT_EQ(unreadable("[]"), "Invalid Policy: Invalid Condition: missing operation identifier.");
  EXPECT_EQ(unreadable("[1, 2, 3]"), "Invalid Policy: Invalid JSON.");
  EXPECT_EQ(unreadable(R"(["ends-with", "$key", "x"])"),
            "Invalid Policy: Invalid Condition: unknown operation 'ends-with'.");
  EXPECT_EQ(unreadable(R"(["eq", "$key"])"),
            "Invalid Policy: Invalid eq: wrong number of arguments.");
  EXPECT_EQ(unreadable(R"(["content-length-range", 0])"),
            "Invalid Policy: Invalid content-length-range: wrong number of arguments.");
}

// What ceph/s3-tests sends and AWS recorded, case by case.
TEST(Policy, ConditionsAgainstFields) {
  const http::Form text{{"Content-Type", "text/plain"}};
  EXPECT_EQ(verdict("", {}), "");
  EXPECT_EQ(verdict(R"(["starts-with", "$Content-Type", "text/plain"])", text), "");
  EXPECT_EQ(verdict(R"(["StArTs-WiTh", "$cOnTeNt-TyPe", "text/plain"])", text), "");
  EXPECT_EQ(verdict(R"({"AcL": "private"})", {{"aCl", "private"}}), "");
  EXPECT_EQ(verdict(R"({"acl": "private"})", {{"acl", "Private"}}),
            failed + R"(["eq", "$acl", "private"])");
  EXPECT_EQ(verdict(R"(["eq", "$success_action_redirect", "http://localhost.test/random"])",
                    {{"success_action_redirect", "http://localhost.test/other"}}),
            failed + R"(["eq", "$success_action_redirect", "http://localhost.test/random"])");
  EXPECT_EQ(
      verdict(R"(["starts-with", "$x-amz-meta-foo", "bar"])", {{"x-amz-meta-foo", "barclamp"}}),
      "");
  EXPECT_EQ(verdict(R"(["starts-with", "$x-amz-meta-foo", "bar"])", {}),
            failed + R"(["starts-with", "$x-amz-meta-foo", "bar"])");
  EXPECT_EQ(verdict(R"(["starts-with", "$x-amz-meta-foo", ""])", {}),
            failed + R"(["starts-with", "$x-amz-meta-foo", ""])");
  EXPECT_EQ(verdict(R"(["eq", "$x-amz-meta-foo", ""])", {{"x-amz-meta-foo", "barclamp"}}),
            failed + R"(["eq", "$x-amz-meta-foo", ""])");
  EXPECT_EQ(verdict(R"(["eq", "acl", "private"])", {{"acl", "private"}}),
            failed + R"(["eq", "acl", "private"])");
  EXPECT_EQ(verdict(R"(["eq", "$success_action_status", 201])", {{"success_action_status", "201"}}),
            "");
  EXPECT_EQ(verdict(R"({"bucket": "c"})", {}), failed + R"(["eq", "$bucket", "c"])");
  EXPECT_EQ(verdict("", {{"Bucket", "b"}}), "");
  EXPECT_EQ(verdict("", {{"Bucket", "c"}}), failed + R"(["eq", "$bucket", "b"])");
  EXPECT_EQ(verdict("", {}, "bar.txt"), failed + R"(["starts-with", "$key", "foo"])");
}

TEST(Policy, AListOfTypesMustMatchInEachEntry) {
  const std::string images = R"(["starts-with", "$Content-Type", "image/"])";
  EXPECT_EQ(verdict(images, {{"Content-Type", "image/png, image/jpeg"}}), "");
  EXPECT_NE(verdict(images, {{"Content-Type", "image/png,text/html"}}), "");
}

TEST(Policy, EveryFieldIsCovered) {
  const std::string extra = "Invalid according to Policy: Extra input fields: ";
  EXPECT_EQ(verdict("", {{"x-ignore-foo", "bar"},
                         {"X-Amz-Signature", "0"},
                         {"AwsAccessKeyId", "A"},
                         {"signature", "s"},
                         {"pOLICy", "p"},
                         {"key", "foo"}}),
            "");
  EXPECT_EQ(verdict("", {{"Content-Type", "text/plain"}}), extra + "content-type");
  EXPECT_EQ(verdict("", {{"utf8", "1"}, {"x-amz-date", "d"}}), extra + "utf8, x-amz-date");
  const auto policy = of_conditions(R"(["starts-with", "$key", ""])");
  const http::Form fields{{"key", "k"}};
  EXPECT_EQ(check(*policy, {fields, "b", "k"}, now).error().message, extra + "bucket");
}

TEST(Policy, TextIsComparedAsItIs) {
  const auto policy = of_conditions(R"({"bucket": "b"}, ["starts-with", "$key", "\\$foo"])");
  EXPECT_TRUE(check(*policy, {{}, "b", "\\$foo.txt"}, now));
  EXPECT_FALSE(check(*policy, {{}, "b", "$foo.txt"}, now));
  const auto letters = of_conditions(R"({"bucket": "b"}, {"key": "\u00e9"})");
  EXPECT_TRUE(check(*letters, {{}, "b", "\xC3\xA9"}, now));
  EXPECT_EQ(check(*letters, {{}, "b", "e"}, now).error().message,
            failed + R"(["eq", "$key", "\u00e9"])");
}

TEST(Policy, SizesOfTheFile) {
  const auto range = [](std::string_view conditions) {
    const auto policy =
        of_conditions(R"({"bucket": "b"}, {"key": "k"}, )" + std::string(conditions));
    return check(policy.value(), {{}, "b", "k"}, now).value();
  };
  EXPECT_EQ(range(R"(["content-length-range", "512", 1000])"), (SizeRange{512, 1000}));
  EXPECT_EQ(range(R"(["content-length-range", 0, 10], ["content-length-range", 5, 20])"),
            (SizeRange{5, 10}));
  EXPECT_EQ(range(R"(["content-length-range", 0, 18446744073709551615])").max, SizeRange{}.max);
  EXPECT_EQ(verdict(R"(["content-length-range", "test", "10"])", {}),
            failed + R"(["content-length-range", "test", "10"])");
  EXPECT_EQ(verdict(R"(["content-length-range", 0, 1.5])", {}),
            failed + R"(["content-length-range", 0, 1.5])");

  const SizeRange size{512, 1000};
  EXPECT_FALSE(exceeds(size, 1000));
  EXPECT_TRUE(exceeds(size, 1001));
  EXPECT_FALSE(falls_short(size, 512));
  EXPECT_TRUE(falls_short(size, 511));
  EXPECT_TRUE(exceeds({-1, 0}, 3)) << "s3-tests, test_post_object_invalid_content_length_argument";
  EXPECT_FALSE(exceeds({-1, 0}, 0));
  EXPECT_TRUE(exceeds({0, -1}, 0));
  EXPECT_FALSE(falls_short({-1, 0}, 0));
  EXPECT_EQ(too_large({0, 0}, 3), (Refusal{Code::entity_too_large,
                                           "Your proposed upload exceeds the maximum allowed size",
                                           {{"ProposedSize", "3"}, {"MaxSizeAllowed", "0"}}}));
  EXPECT_EQ(too_small(size, 3),
            (Refusal{Code::entity_too_small,
                     "Your proposed upload is smaller than the minimum allowed size",
                     {{"ProposedSize", "3"}, {"MinSizeAllowed", "512"}}}));
}

}  // namespace
}  // namespace s3
