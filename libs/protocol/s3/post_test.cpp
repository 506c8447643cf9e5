#include "protocol/s3/post.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

const Credentials today{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const Credentials old{"0PN5J17HBGZHT7JJ3X82", "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o"};
const auto now = *parse_basic("20180527T122227Z");

/// The policy of the file upload in AWS's examples for version 2, and its text area's.
const std::string file_policy =
    "eyAiZXhwaXJhdGlvbiI6ICIyMDA3LTEyLTAxVDEyOjAwOjAwLjAwMFoiLAogICJjb25kaXRpb25zIjogWwogICAgeyJi"
    "dWNrZXQiOiAiam9obnNtaXRoIn0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci9lcmljLyJdLAogICAg"
    "eyJhY2wiOiAicHVibGljLXJlYWQifSwKICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL2pvaG5z"
    "bWl0aC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwKICAgIFsic3RhcnRzLXdpdGgiLCAi"
    "JENvbnRlbnQtVHlwZSIsICJpbWFnZS8iXSwKICAgIHsieC1hbXotbWV0YS11dWlkIjogIjE0MzY1MTIzNjUxMjc0In0s"
    "CiAgICBbInN0YXJ0cy13aXRoIiwgIiR4LWFtei1tZXRhLXRhZyIsICIiXQogIF0KfQo=";
const std::string text_policy =
    "eyAiZXhwaXJhdGlvbiI6ICIyMDA3LTEyLTAxVDEyOjAwOjAwLjAwMFoiLAogICJjb25kaXRpb25zIjogWwogICAgeyJi"
    "dWNrZXQiOiAiam9obnNtaXRoIn0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci9lcmljLyJdLAogICAg"
    "eyJhY2wiOiAicHVibGljLXJlYWQifSwKICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL2pvaG5z"
    "bWl0aC5zMy5hbWF6b25hd3MuY29tL25ld19wb3N0Lmh0bWwifSwKICAgIFsiZXEiLCAiJENvbnRlbnQtVHlwZSIsICJ0"
    "ZXh0L2h0bWwiXSwKICAgIHsieC1hbXotbWV0YS11dWlkIjogIjE0MzY1MTIzNjUxMjc0In0sCiAgICBbInN0YXJ0cy13"
    "aXRoIiwgIiR4LWFtei1tZXRhLXRhZyIsICIiXQogIF0KfQo=";
/// AWS's example for version 4; its lines end in CR LF.
const std::string v4_policy =
    "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7"
    "ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91"
    "c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3Qi"
    "OiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwi"
    "fSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRh"
    "LXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVT"
    "MjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNy"
    "ZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9"
    "LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAi"
    "MjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";

TEST(Post, KnownAnswersOfVersion2) {
  EXPECT_EQ(sign_v2(file_policy, old.secret), "0RavWzkygo6QX9caELEqKi9kDbU=");
  EXPECT_EQ(sign_v2(file_policy, today.secret), "gp42sMsv4L5xLO0OjT+56V64o+A=");
  // AWS prints ...WgF=, which differs in unused bits only: the bytes are the same.
  EXPECT_EQ(sign_v2(text_policy, old.secret), "qA7FWXKq6VvU68lI9KdveT1cWgE=");
}

TEST(Post, KnownAnswersOfVersion4) {
  EXPECT_EQ(sign_v4(v4_policy, signing_key(today.secret, {"20151229"})),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
  EXPECT_TRUE(parse_policy(v4_policy));
}

Policy onecodex_policy() {
  return {*parse_basic("20180527T132227Z"),
          {equals("acl", "private"), equals("success_action_status", "201"),
           equals("x-amz-server-side-encryption", "AES256"), size_between(1, 21'474'836'480),
           equals("bucket", "examplebucket"),
           starts_with("key", "user_0123456789abcdef/file_28459508592a481c/")}};
}

TEST(Post, FormsAsBotoSignsThem) {
  EXPECT_EQ(http::find(sign_post_v2(onecodex_policy(), today), "signature"),
            "+d6IrB0+pWdhoE+jyuY8cmZAIPE=");
  const http::Form v4 = sign_post_v4(onecodex_policy(), today, now);
  EXPECT_EQ(http::find(v4, "x-amz-signature"),
            "71a9a7b2fdbf987e4c1b3a067bad7282f4d74a645df1aa5d8bbddb0070f54303");
  EXPECT_EQ(http::find(v4, "x-amz-credential"),
            "AKIAIOSFODNN7EXAMPLE/20180527/us-east-1/s3/aws4_request");
}

TEST(Post, AFormThatWasSignedIsTaken) {
  for (http::Form fields :
       {sign_post_v2(onecodex_policy(), today), sign_post_v4(onecodex_policy(), today, now)}) {
    for (const auto& [name, value] :
         http::Form{{"acl", "private"},
                    {"kEy", "user_0123456789abcdef/file_28459508592a481c/${filename}"},
                    {"success_action_status", "201"},
                    {"x-amz-server-side-encryption", "AES256"}}) {
      fields.emplace_back(name, value);
    }
    const auto post = read_post(fields);
    ASSERT_TRUE(post) << post.error().message;
    ASSERT_TRUE(post->signature);
    EXPECT_EQ(post->signature->access_key, today.access_key);
    EXPECT_TRUE(check(*post, today.secret));
    const auto refused = check(*post, old.secret);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::signature_does_not_match);
    EXPECT_EQ(refused.error().details[1], (Detail{"StringToSign", post->policy}));
    const auto policy = parse_policy(post->policy);
    ASSERT_TRUE(policy);
    const std::string key = key_for(post->key, "dir/a.fq");
    EXPECT_TRUE(check(*policy, {fields, "examplebucket", key}, now));
  }
}

TEST(Post, WhatIsMissingIsNamed) {
  const auto missing = [](http::Form fields) {
    fields.emplace_back("key", "k");
    const auto post = read_post(fields);
    EXPECT_FALSE(post);
    if (post) return std::string{};
    EXPECT_EQ(post.error().code, Code::invalid_argument);
    EXPECT_EQ(post.error().message,
              "Bucket POST must contain a field named '" + post.error().details[0].value +
                  "'.  If it is specified, please check the order of the fields.");
    EXPECT_EQ(post.error().details[1], (Detail{"ArgumentValue", ""}));
    return post.error().details[0].value;
  };
  EXPECT_EQ(missing({{"policy", "p"}, {"AWSAccessKeyId", "A"}}), "Signature");
  EXPECT_EQ(missing({{"policy", "p"}, {"signature", "s"}}), "AWSAccessKeyId");
  EXPECT_EQ(missing({{"AWSAccessKeyId", "A"}, {"signature", "s"}}), "Policy");
  http::Form v4 = sign_post_v4(onecodex_policy(), today, now);
  v4.pop_back();
  EXPECT_EQ(missing(v4), "X-Amz-Signature");
  v4 = sign_post_v4(onecodex_policy(), today, now);
  v4.erase(v4.begin());
  EXPECT_EQ(missing(v4), "X-Amz-Algorithm");
  EXPECT_EQ(read_post({{"policy", "p"}}).error().details[0].value, "key");
  EXPECT_EQ(read_post({{"key", "k"}, {"policy", "p"}}), (Post{"k", "p", std::nullopt}));
  EXPECT_EQ(check(Post{"k", "p", std::nullopt}, today.secret).error(),
            (Refusal{Code::access_denied, "Access Denied", {}}));
}

TEST(Post, WhatIsWrongIsNamed) {
  const auto argument = [](std::string_view name, std::string_view value) {
    http::Form fields = sign_post_v4(onecodex_policy(), today, now);
    fields.emplace_back("key", "k");
    for (auto& [field, text] : fields) {
      if (field == name) text = value;
    }
    const auto post = read_post(fields);
    EXPECT_FALSE(post);
    return post ? "" : post.error().details.at(0).value;
  };
  EXPECT_EQ(argument("x-amz-algorithm", "AWS4"), "X-Amz-Algorithm");
  EXPECT_EQ(argument("x-amz-credential", "A/2018"), "X-Amz-Credential");
  EXPECT_EQ(argument("x-amz-date", "2018-05-27"), "X-Amz-Date");
  EXPECT_EQ(read_post({{"key", "k"}, {"acl", "a"}, {"KEY", "l"}}).error().details[0].value, "key");
}

TEST(Post, KeysWithTheNameOfTheFile) {
  EXPECT_EQ(key_for("user/${filename}", "a.txt"), "user/a.txt");
  EXPECT_EQ(key_for("${filename}/${filename}", "x/y\\z"), "z/z");
  EXPECT_EQ(key_for("${filename}", "/home/a.txt"), "a.txt");
  EXPECT_EQ(key_for("k${filename}", "${filename}"), "k${filename}");
  EXPECT_EQ(key_for("k/${filename}", ""), "k/");
  EXPECT_EQ(key_for("k/${filename}", std::nullopt), "k/${filename}");
  EXPECT_EQ(key_for("k", "a.txt"), "k");
}

TEST(Post, HowSuccessIsAnswered) {
  const auto answer = [](const http::Form& fields) {
    return success_of(fields, "b", "a b/k.txt", "\"0f\"");
  };
  EXPECT_EQ(answer({}), (PostSuccess{204, ""}));
  EXPECT_EQ(answer({{"success_action_status", "200"}}).status, 200);
  EXPECT_EQ(answer({{"Success_Action_Status", "201"}}).status, 201);
  EXPECT_EQ(answer({{"success_action_status", "404"}}).status, 204);
  EXPECT_EQ(answer({{"success_action_redirect", "http://h/p"}, {"success_action_status", "201"}}),
            (PostSuccess{303, "http://h/p?bucket=b&key=a%20b%2Fk.txt&etag=%220f%22"}));
  EXPECT_EQ(answer({{"redirect", "HTTPS://h/?a=b"}}).redirect,
            "HTTPS://h/?a=b&bucket=b&key=a%20b%2Fk.txt&etag=%220f%22");
  for (const char* nowhere : {"", "/p", "h/p", "ftp://h/", "http://", "http://h/ p", "http:/h"}) {
    EXPECT_EQ(answer({{"success_action_redirect", nowhere}}), PostSuccess{}) << nowhere;
  }
  EXPECT_EQ(answer({{"success_action_redirect", "http://h/\r\nX: y"}}), PostSuccess{});
  EXPECT_EQ(post_location("https://b.s3.amazonaws.com", "a b/k.txt"),
            "https://b.s3.amazonaws.com/a%20b%2Fk.txt");
}

TEST(Post, WhatIsSaidOfABody) {
  EXPECT_EQ(status_of(not_form_data().code), 412);
  EXPECT_EQ(not_form_data().details[0].value,
            "Bucket POST must be of the enclosure-type multipart/form-data");
  using Failure = http::FormReader::Failure;
  EXPECT_EQ(refusal_of(Failure::malformed), malformed_post());
  EXPECT_EQ(refusal_of(Failure::second_file).message, not_one_file().message);
  EXPECT_EQ(refusal_of(Failure::before_file),
            (Refusal{Code::max_post_pre_data_length_exceeded,
                     "Your POST request fields preceeding the upload file was too large.",
                     {{"MaxPostPreDataLengthBytes", "20480"}}}));
  EXPECT_EQ(post_shape().before_file, 20'480U);
}

}  // namespace
}  // namespace s3
