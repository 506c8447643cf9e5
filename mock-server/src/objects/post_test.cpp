// What an object store makes of forms: the cases of ceph/s3-tests (8f0ae7b, test_post_object_*) and
// what Amazon S3 was recorded to answer (localstack 8b9a79f, TestS3PresignedPost, 2026-02-21).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/test_objects.hpp"
#include "protocol/base64.hpp"
#include "protocol/s3/time.hpp"

namespace mock {
namespace {

using json = nlohmann::json;
using test::error_of;
using test::FakeObjects;
using testing::IsEmpty;

constexpr std::string_view boundary = "XxboundaryxX";

enum class Version { v2, v4 };

/// As s3-tests begins each case.
struct Posted {
  std::string bucket = "examplebucket";
  std::string expires = "2027-01-16T00:00:00Z";  // the clock of the test says 2027-01-15
  json conditions = {{{"bucket", "examplebucket"}},
                     {"starts-with", "$key", "foo"},
                     {{"acl", "private"}},
                     {"starts-with", "$Content-Type", "text/plain"},
                     {"content-length-range", 0, 1024}};
  ::http::Form fields{{"key", "foo.txt"}, {"acl", "private"}, {"Content-Type", "text/plain"}};
  std::optional<std::string> policy = std::nullopt;  ///< in place of the two above
  std::string policy_field = "policy";
  std::optional<std::string> filename = "file";
  std::string file = "bar";
  bool is_signed = true;
  s3::Credentials credentials = test::owner;
  std::function<void(::http::Form&)> spoil = {};  ///< after signing

  void set(const std::string& name, const std::string& value) {
    for (auto& [key, old] : fields) {
      if (key != name) continue;
      old = value;
      return;
    }
    fields.emplace_back(name, value);
  }
  void drop(std::string_view name) {
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  }
  void drop_condition(std::size_t index) {
    conditions.erase(conditions.begin() + static_cast<std::ptrdiff_t>(index));
  }
};

void set(::http::Form& form, std::string_view name, const std::string& value) {
  for (auto& [key, old] : form)
    if (::http::same_name(key, name)) old = value;
}
void drop(::http::Form& form, std::string_view name) {
  std::erase_if(form, [&](const auto& field) { return ::http::same_name(field.first, name); });
}
void reverse(::http::Form& form, std::string_view name) {
  for (auto& [key, value] : form)
    if (::http::same_name(key, name)) std::ranges::reverse(value);
}

::http::Form signed_form(Posted posted, Version version, TimePoint now) {
  auto form = posted.fields;
  if (!posted.is_signed) return form;
  const auto date = s3::format_basic(now);
  const s3::Scope scope{date.substr(0, 8), "us-east-1", "s3"};
  if (version == Version::v4) {
    const ::http::Form own{
        {"x-amz-algorithm", std::string(s3::v4_algorithm)},
        {"x-amz-credential", to_string(s3::CredentialV4{posted.credentials.access_key, scope})},
        {"x-amz-date", date}};
    for (const auto& [name, value] : own) {
      if (posted.conditions.is_array()) posted.conditions.push_back(json{{name, value}});
      form.emplace_back(name, value);
    }
  }
  const json document{{"expiration", posted.expires}, {"conditions", posted.conditions}};
  const auto policy = base64::encode(posted.policy.value_or(document.dump()));
  form.emplace_back(posted.policy_field, policy);
  const auto& secret = posted.credentials.secret;
  if (version == Version::v4) {
    form.emplace_back("x-amz-signature", s3::sign_v4(policy, s3::signing_key(secret, scope)));
  } else {
    form.emplace_back("AWSAccessKeyId", posted.credentials.access_key);
    form.emplace_back("signature", s3::sign_v2(policy, secret));
  }
  if (posted.spoil) posted.spoil(form);
  return form;
}

std::string body_of(const ::http::Form& form, const Posted& posted) {
  const auto dashes = "--" + std::string(boundary);
  std::string body;
  for (const auto& [name, value] : form) {
    // As the library of those tests writes it.
    body += dashes + "\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" +
            name + "\"\r\n\r\n" + value + "\r\n";
  }
  body += dashes + "\r\nContent-Disposition: form-data; name=\"file\"";
  if (posted.filename) body += "; filename=\"" + *posted.filename + "\"";
  return body + "\r\n\r\n" + posted.file + "\r\n" + dashes + "--\r\n";
}

Reply post_body(FakeObjects& store, const std::string& bucket, std::string_view body,
                std::size_t slice = 4096) {
  return store.send("POST", "/" + bucket,
                    {{"Content-Type", "multipart/form-data; boundary=" + std::string(boundary)}},
                    body, slice);
}

Reply post(FakeObjects& store, const Posted& posted, Version version = Version::v2) {
  const auto form = signed_form(posted, version, store.loop.now());
  return post_body(store, posted.bucket, body_of(form, posted));
}

/// What to change of the first case, and what comes of it.
struct Case {
  const char* name;
  std::function<void(Posted&)> change;
  int status;
  std::string code = {};     ///< of a refusal
  std::string message = {};  ///< a part of its message
  std::string key = "foo.txt";
  std::vector<Version> versions = {Version::v2, Version::v4};
};

const std::vector<Version> only_v2{Version::v2};
const std::vector<Version> only_v4{Version::v4};

const std::vector<Case>& s3_tests() {
  static const std::vector<Case> cases{
      {"anonymous_request",
       [](Posted& p) {
         p.bucket = "publicbucket";
         p.is_signed = false;
       },
       204},
      {"authenticated_request", [](Posted&) {}, 204},
      {"authenticated_no_content_type",
       [](Posted& p) {
         p.drop("Content-Type");
         p.drop_condition(3);
       },
       204},
      {"authenticated_request_bad_access_key",
       [](Posted& p) {
         p.bucket = "publicbucket";
         p.credentials.access_key = "foo";
       },
       403, "InvalidAccessKeyId",
       "The AWS Access Key Id you provided does not exist in our records."},
      {"set_success_code",
       [](Posted& p) {
         p.bucket = "publicbucket";
         p.is_signed = false;
         p.set("success_action_status", "201");
       },
       201},
      {"set_invalid_success_code",
       [](Posted& p) {
         p.bucket = "publicbucket";
         p.is_signed = false;
         p.set("success_action_status", "404");
       },
       204},
      {"upload_larger_than_chunk",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 0, 5 << 20};
         p.file.assign(3 << 20, 'x');
       },
       204},
      {"set_key_from_filename",
       [](Posted& p) {
         p.set("key", "${filename}");
         p.filename = "foo.txt";
       },
       204},
      {"ignored_header", [](Posted& p) { p.set("x-ignore-foo", "bar"); }, 204},
      {"case_insensitive_condition_fields",
       [](Posted& p) {
         p.conditions = {{{"bUcKeT", "examplebucket"}},
                         {"StArTs-WiTh", "$KeY", "foo"},
                         {{"AcL", "private"}},
                         {"StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"},
                         {"content-length-range", 0, 1024}};
         p.fields = {{"kEy", "foo.txt"}, {"aCl", "private"}, {"Content-Type", "text/plain"}};
         p.policy_field = "pOLICy";
       },
       204},
      {"escaped_field_values",
       [](Posted& p) {
         p.conditions[1] = {"starts-with", "$key", "\\$foo"};
         p.set("key", "\\$foo.txt");
       },
       204,
       {},
       {},
       "\\$foo.txt"},
      {"success_redirect_action",
       [](Posted& p) {
         p.conditions.push_back({"eq", "$success_action_redirect", "http://localhost/done"});
         p.set("success_action_redirect", "http://localhost/done");
       },
       303},
      {"invalid_signature",
       [](Posted& p) {
         p.spoil = [](auto& form) {
           reverse(form, "signature");
           reverse(form, "x-amz-signature");
         };
       },
       403, "SignatureDoesNotMatch"},
      {"invalid_access_key", [](Posted& p) { std::ranges::reverse(p.credentials.access_key); }, 403,
       "InvalidAccessKeyId"},
      {"invalid_date_format", [](Posted& p) { p.expires = "2027-01-16 00:00:00"; }, 400,
       "InvalidPolicyDocument", "Invalid Policy: Invalid 'expiration' value: "},
      {"no_key_specified", [](Posted& p) { p.drop("key"); }, 400, "InvalidArgument",
       "Bucket POST must contain a field named 'key'.  If it is specified, please check the order "
       "of the fields."},
      {"missing_signature",
       [](Posted& p) { p.spoil = [](auto& form) { drop(form, "signature"); }; },
       400,
       "InvalidArgument",
       "Bucket POST must contain a field named 'Signature'.  If",
       {},
       only_v2},
      {"missing_policy_condition", [](Posted& p) { p.drop_condition(0); }, 403, "AccessDenied",
       "Extra input fields: bucket"},
      {"user_specified_header",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$x-amz-meta-foo", "bar"});
         p.set("x-amz-meta-foo", "barclamp");
       },
       204},
      {"request_missing_policy_specified_field",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$x-amz-meta-foo", "bar"});
       },
       403, "AccessDenied", "Policy Condition failed"},
      {"condition_is_case_sensitive",
       [](Posted& p) {
         p.policy = json{{"expiration", p.expires}, {"CONDITIONS", p.conditions}}.dump();
       },
       400, "InvalidPolicyDocument"},
      {"expires_is_case_sensitive",
       [](Posted& p) {
         p.policy = json{{"EXPIRATION", p.expires}, {"conditions", p.conditions}}.dump();
       },
       400, "InvalidPolicyDocument"},
      {"expired_policy", [](Posted& p) { p.expires = "2027-01-15T00:00:00Z"; }, 403, "AccessDenied",
       "Invalid according to Policy: Policy expired."},
      {"wrong_bucket", [](Posted& p) { p.bucket = "publicbucket"; }, 403, "AccessDenied",
       R"(Policy Condition failed: ["eq", "$bucket", "examplebucket"])"},
      {"invalid_request_field_value",
       [](Posted& p) {
         p.conditions.push_back({"eq", "$x-amz-meta-foo", ""});
         p.set("x-amz-meta-foo", "barclamp");
       },
       403, "AccessDenied", R"(Policy Condition failed: ["eq", "$x-amz-meta-foo", ""])"},
      {"missing_expires_condition",
       [](Posted& p) {
         p.policy = json{{"conditions", p.conditions}}.dump();
       },
       400, "InvalidPolicyDocument"},
      {"missing_conditions_list",
       [](Posted& p) {
         p.policy = json{{"expiration", p.expires}}.dump();
       },
       400, "InvalidPolicyDocument"},
      {"upload_size_limit_exceeded",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 0, 0};
       },
       400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"},
      {"missing_content_length_argument",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 0};
       },
       400, "InvalidPolicyDocument"},
      {"invalid_content_length_argument",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", -1, 0};
       },
       400},
      {"upload_size_below_minimum",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 512, 1000};
       },
       400, "EntityTooSmall", "smaller than the minimum allowed size"},
      {"upload_size_rgw_chunk_size_bug",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 4 << 20, 12 << 20};
         p.file.assign((4U << 20U) + 200, 'x');
       },
       204},
      {"empty_conditions",
       [](Posted& p) { p.conditions = {json::object()}; },
       400,
       "InvalidPolicyDocument",
       {},
       {},
       only_v2},
      {"tags_anonymous_request",
       [](Posted& p) {
         p.bucket = "publicbucket";
         p.is_signed = false;
         p.set("tagging", "<Tagging><TagSet/></Tagging>");
       },
       204},
      {"tags_authenticated_request",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$tagging", "<Tagging>"});
         p.set("tagging", "<Tagging><TagSet/></Tagging>");
       },
       204},
      {"upload_checksum",
       [](Posted& p) {
         const std::string sum = "aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=";
         p.conditions[4] = {"content-length-range", 0, 4 << 20};
         p.conditions.push_back({"eq", "$x-amz-checksum-sha256", sum});
         p.set("x-amz-checksum-sha256", sum);
         p.file.assign(2 << 20, 'x');
       },
       204},
  };
  return cases;
}

const std::vector<Case>& recorded() {
  static const std::vector<Case> cases{
      {"a_bad_checksum",
       [](Posted& p) {
         const std::string sum = "aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=";
         p.conditions.push_back({"eq", "$x-amz-checksum-sha256", sum});
         p.set("x-amz-checksum-sha256", sum);
       },
       400, "BadDigest", "The SHA256 you specified did not match the calculated checksum."},
      {"wrong_signature_before_expired_policy",
       [](Posted& p) {
         p.expires = "2027-01-15T00:00:00Z";
         p.spoil = [](auto& form) {
           reverse(form, "signature");
           reverse(form, "x-amz-signature");
         };
       },
       403, "SignatureDoesNotMatch"},
      {"a_policy_that_was_cut",
       [](Posted& p) {
         p.spoil = [](auto& form) {
           for (auto& [name, value] : form)
             if (name == "policy") value.pop_back();
         };
       },
       403, "SignatureDoesNotMatch"},
      {"no_access_key",
       [](Posted& p) { p.spoil = [](auto& form) { drop(form, "AWSAccessKeyId"); }; },
       400,
       "InvalidArgument",
       "must contain a field named 'AWSAccessKeyId'.  If",
       {},
       only_v2},
      {"no_signature_of_version_4",
       [](Posted& p) { p.spoil = [](auto& form) { drop(form, "x-amz-signature"); }; },
       400,
       "InvalidArgument",
       "must contain a field named 'X-Amz-Signature'.  If",
       {},
       only_v4},
      {"no_algorithm",
       [](Posted& p) { p.spoil = [](auto& form) { drop(form, "x-amz-algorithm"); }; },
       400,
       "InvalidArgument",
       "must contain a field named 'X-Amz-Algorithm'.  If",
       {},
       only_v4},
      {"only_key_and_policy",
       [](Posted& p) {
         p.spoil = [](auto& form) {
           std::erase_if(form,
                         [](const auto& f) { return f.first != "key" && f.first != "policy"; });
         };
       },
       403, "AccessDenied", "Access Denied"},
      {"a_condition_that_fails",
       [](Posted& p) {
         p.conditions.push_back({"eq", "$success_action_redirect", "http://localhost.test/random"});
         p.set("success_action_redirect", "http://localhost.test/other");
       },
       403, "AccessDenied",
       R"(Invalid according to Policy: Policy Condition failed: ["eq", "$success_action_redirect", "http://localhost.test/random"])"},
      {"values_are_case_sensitive", [](Posted& p) { p.set("acl", "Private"); }, 403, "AccessDenied",
       R"(Policy Condition failed: ["eq", "$acl", "private"])"},
      {"an_uncovered_field", [](Posted& p) { p.drop_condition(3); }, 403, "AccessDenied",
       "Invalid according to Policy: Extra input fields: content-type"},
      {"two_keys_in_a_simple_condition",
       [](Posted& p) {
         p.conditions.push_back(json{{"acl", "private"}, {"x-amz-meta-a", "b"}});
       },
       400, "InvalidPolicyDocument",
       "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property "
       "specified."},
      {"not_json", [](Posted& p) { p.policy = "{"; }, 400, "InvalidPolicyDocument"},
      {"a_range_of_words",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", "test", "10"};
       },
       403, "AccessDenied", "Policy Condition failed"},
      {"a_range_of_numbers_as_text",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", "3", "3"};
       },
       204},
      {"the_ends_belong_to_the_range",
       [](Posted& p) {
         p.conditions[4] = {"content-length-range", 3, 3};
       },
       204},
      {"an_unknown_storage_class",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$x-amz-storage-class", ""});
         p.set("x-amz-storage-class", "FakeClass");
       },
       400, "InvalidStorageClass"},
      {"a_relative_redirect_counts_as_none",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$success_action_redirect", ""});
         p.set("success_action_redirect", "/done");
       },
       204},
      {"status_200",
       [](Posted& p) {
         p.conditions.push_back({{"success_action_status", "200"}});
         p.set("success_action_status", "200");
       },
       200},
      {"a_name_with_folders",
       [](Posted& p) {
         p.set("key", "foo/${filename}");
         p.filename = "a/b\\\\c.txt";
       },
       204,
       {},
       {},
       "foo/c.txt"},
      {"no_name_of_the_file",
       [](Posted& p) {
         p.set("key", "foo/${filename}");
         p.filename.reset();
       },
       204,
       {},
       {},
       "foo/${filename}"},
      {"a_key_of_1025_bytes", [](Posted& p) { p.set("key", "foo" + std::string(1022, 'x')); }, 400,
       "KeyTooLongError"},
      {"a_field_twice", [](Posted& p) { p.fields.emplace_back("ACL", "private"); }, 400,
       "InvalidArgument"},
      {"a_header_in_a_value",
       [](Posted& p) {
         p.conditions.push_back({"starts-with", "$x-amz-meta-foo", ""});
         p.set("x-amz-meta-foo", "a\r\nSet-Cookie: b");
       },
       400, "InvalidArgument"},
      {"an_empty_file", [](Posted& p) { p.file.clear(); }, 204},
      {"a_file_that_ends_in_line_ends", [](Posted& p) { p.file = "a\r\n--\r\n\r\n"; }, 204},
      {"what_is_nearly_the_boundary",
       [](Posted& p) { p.file = "a\r\n--XxboundaryxY\r\n--Xxbound"; }, 204},
  };
  return cases;
}

struct Row {
  const Case* what;
  Version version;
};
std::vector<Row> rows() {
  std::vector<Row> all;
  for (const auto* cases : {&s3_tests(), &recorded()}) {
    for (const auto& one : *cases) {
      for (const auto version : one.versions) all.push_back({&one, version});
    }
  }
  return all;
}

class PostTable : public testing::TestWithParam<Row> {};

TEST(PostCases, AreThoseOfS3Tests) { EXPECT_EQ(s3_tests().size(), 36U); }

TEST_P(PostTable, IsAnsweredAsS3Does) {
  const auto& [what, version] = GetParam();
  FakeObjects store;
  Posted posted;
  what->change(posted);
  const auto reply = post(store, posted, version);
  EXPECT_EQ(reply.status, what->status) << reply.body;
  EXPECT_TRUE(reply.fields.has("x-amz-request-id"));
  EXPECT_TRUE(reply.fields.has("x-amz-id-2"));
  if (reply.status < 400) {
    EXPECT_EQ(store.content(posted.bucket, what->key), posted.file);
    return;
  }
  const auto error = error_of(reply);
  EXPECT_THAT(error.code, testing::StartsWith(what->code)) << reply.body;
  EXPECT_THAT(error.message, testing::HasSubstr(what->message));
  EXPECT_EQ(error.detail("RequestId"), reply.fields.find("x-amz-request-id"));
  EXPECT_EQ(error.detail("HostId"), reply.fields.find("x-amz-id-2"));
  EXPECT_EQ(reply.fields.find("Content-Type"), "application/xml");
  EXPECT_THAT(store.store->ids(), IsEmpty());
}

std::string row_name(const testing::TestParamInfo<Row>& row) {
  return std::string(row.param.what->name) + (row.param.version == Version::v2 ? "_v2" : "_v4");
}
INSTANTIATE_TEST_SUITE_P(All, PostTable, testing::ValuesIn(rows()), row_name);

// ---- what a reply holds besides

TEST(Post, Status201TellsWhereTheObjectIs) {
  FakeObjects store;
  Posted posted;
  posted.set("key", "foo/a b.txt");
  posted.set("success_action_status", "201");
  posted.conditions.push_back({{"success_action_status", "201"}});
  const auto reply = post(store, posted);
  ASSERT_EQ(reply.status, 201) << reply.body;
  const auto object = s3::parse_post_response(reply.body);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->location, "http://127.0.0.1:8080/examplebucket/foo%2Fa%20b.txt");
  EXPECT_EQ(object->bucket, "examplebucket");
  EXPECT_EQ(object->key, "foo/a b.txt");
  EXPECT_EQ(object->etag, "\"37b51d194a7513e45b56f6524f2d51f2\"");
  EXPECT_EQ(reply.fields.find("Location"), object->location);
  EXPECT_EQ(reply.fields.find("ETag"), object->etag);
  EXPECT_EQ(reply.body.find("xmlns"), std::string::npos);
}

TEST(Post, Status204HasNoBodyAndNoType) {
  FakeObjects store;
  const auto reply = post(store, {});
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.body, "");
  EXPECT_FALSE(reply.fields.has("Content-Type"));
  EXPECT_EQ(reply.fields.find("ETag"), "\"37b51d194a7513e45b56f6524f2d51f2\"");
  EXPECT_EQ(reply.fields.find("Location"), "http://127.0.0.1:8080/examplebucket/foo.txt");
}

TEST(Post, ARedirectTellsBucketKeyAndEtag) {
  FakeObjects store;
  Posted posted;
  posted.set("success_action_redirect", "http://localhost/done?a=b");
  posted.conditions.push_back({"starts-with", "$success_action_redirect", "http://localhost/"});
  const auto reply = post(store, posted);
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(reply.fields.find("Location"),
            "http://localhost/done?a=b&bucket=examplebucket&key=foo.txt&etag="
            "%2237b51d194a7513e45b56f6524f2d51f2%22");
}

TEST(Post, MetadataIsKept) {
  FakeObjects store;
  Posted posted;
  posted.set("x-amz-meta-foo", "barclamp");
  posted.set("Cache-Control", "no-store");
  posted.conditions.push_back({"starts-with", "$x-amz-meta-foo", "bar"});
  posted.conditions.push_back({"starts-with", "$Cache-Control", ""});
  ASSERT_EQ(post(store, posted).status, 204);
  const auto reply = store.send("HEAD", store.presigned("HEAD", "/examplebucket/foo.txt"), {});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.fields.find("x-amz-meta-foo"), "barclamp");
  EXPECT_EQ(reply.fields.find("Cache-Control"), "no-store");
  EXPECT_EQ(reply.fields.find("Content-Type"), "text/plain");
}

TEST(Post, AMismatchTellsWhatWasSigned) {
  FakeObjects store;
  Posted posted;
  posted.spoil = [](auto& form) { set(form, "policy", "YWJj"); };
  const auto error = error_of(post(store, posted));
  EXPECT_EQ(error.detail("AWSAccessKeyId"), test::owner.access_key);
  EXPECT_EQ(error.detail("StringToSign"), "YWJj");
  EXPECT_EQ(error.detail("StringToSignBytes"), "59 57 4a 6a");
  EXPECT_TRUE(error.detail("SignatureProvided"));
}

TEST(Post, SizesAreTold) {
  FakeObjects store;
  Posted posted;
  posted.conditions[4] = {"content-length-range", 0, 2};
  auto error = error_of(post(store, posted));
  EXPECT_EQ(error.detail("ProposedSize"), "3");
  EXPECT_EQ(error.detail("MaxSizeAllowed"), "2");
  posted.conditions[4] = {"content-length-range", 4, 9};
  error = error_of(post(store, posted));
  EXPECT_EQ(error.detail("ProposedSize"), "3");
  EXPECT_EQ(error.detail("MinSizeAllowed"), "4");
}

// ---- bodies

TEST(Post, IsCutAnywhere) {
  Posted posted;
  posted.file = "x\r\n--Xxbound\r\n";
  for (const std::size_t slice : {1, 2, 3, 5, 13, 64}) {
    FakeObjects store;
    const auto body = body_of(signed_form(posted, Version::v2, store.loop.now()), posted);
    EXPECT_EQ(post_body(store, "examplebucket", body, slice).status, 204) << slice;
    EXPECT_EQ(store.content("examplebucket", "foo.txt"), posted.file) << slice;
  }
}

TEST(Post, OtherBodiesAreRefused) {
  FakeObjects store;
  const auto post_as = [&](const std::string& type) {
    return store.send("POST", "/examplebucket", {{"Content-Type", type}}, "key=foo");
  };
  auto reply = post_as("application/x-www-form-urlencoded");
  EXPECT_EQ(reply.status, 412);
  EXPECT_EQ(error_of(reply).code, "PreconditionFailed");
  EXPECT_EQ(error_of(reply).detail("Condition"),
            "Bucket POST must be of the enclosure-type multipart/form-data");
  reply = post_as("multipart/form-data");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_of(reply).code, "MalformedPOSTRequest");
  reply = post_as("multipart/form-data; boundary=x");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_of(reply).code, "MalformedPOSTRequest");
}

TEST(Post, WantsOneFile) {
  FakeObjects store;
  const std::string dashes = "--" + std::string(boundary);
  const auto field = dashes + "\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n";
  const auto file =
      dashes + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n";
  auto reply = post_body(store, "publicbucket", field + dashes + "--\r\n");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_of(reply).message, "POST requires exactly one file upload per request.");
  EXPECT_EQ(error_of(reply).detail("ArgumentName"), "file");
  EXPECT_EQ(error_of(reply).detail("ArgumentValue"), "0");
  reply = post_body(store, "publicbucket", field + file + file + dashes + "--\r\n");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_of(reply).message, "POST requires exactly one file upload per request.");
  // A key field after the file does not count.
  reply = post_body(store, "publicbucket", file + field + dashes + "--\r\n");
  EXPECT_EQ(error_of(reply).detail("ArgumentName"), "key");
  EXPECT_THAT(store.store->ids(), IsEmpty());
}

TEST(Post, FieldsBeforeTheFileAreFew) {
  FakeObjects store;
  Posted posted;
  posted.bucket = "publicbucket";
  posted.is_signed = false;
  posted.set("x-ignore-filler", std::string(20'481, 'x'));
  const auto reply = post(store, posted);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(error_of(reply).code, "MaxPostPreDataLengthExceeded");
  EXPECT_EQ(error_of(reply).detail("MaxPostPreDataLengthBytes"), "20480");
}

TEST(Post, OneThatBreaksOffStoresNothing) {
  FakeObjects store;
  const Posted posted;
  const auto form = signed_form(posted, Version::v2, store.loop.now());
  const auto body = body_of(form, posted);
  // No closing boundary, and no end.
  auto reply = post_body(store, "examplebucket", body.substr(0, body.size() - 8));
  EXPECT_EQ(error_of(reply).code, "MalformedPOSTRequest");
  for (const auto how : {BodyEnd::aborted, BodyEnd::timed_out}) {
    auto exchange = store.open(
        "POST", "/examplebucket",
        {{"Content-Type", "multipart/form-data; boundary=" + std::string(boundary)}}, body.size());
    exchange->bytes(std::string_view(body).substr(0, body.size() - 10));
    EXPECT_EQ(store.store->ids().size(), 1U);
    exchange->finish(how);
    EXPECT_THAT(store.store->ids(), IsEmpty());
  }
  EXPECT_EQ(post(store, posted).status, 204);
}

TEST(Post, AWrongOneIsRefusedBeforeItsFileIsRead) {
  FakeObjects store;
  Posted posted;
  posted.expires = "2027-01-15T00:00:00Z";
  const auto body = body_of(signed_form(posted, Version::v2, store.loop.now()), posted);
  auto exchange = store.open(
      "POST", "/examplebucket",
      {{"Content-Type", "multipart/form-data; boundary=" + std::string(boundary)}}, 1U << 30U);
  exchange->bytes(std::string_view(body).substr(0, body.find("bar\r\n") + 1));
  EXPECT_EQ(exchange->answer().status, 403);
}

TEST(Post, LengthsAreTold) {
  FakeObjects store;
  const std::string type = "multipart/form-data; boundary=x";
  auto reply = store.open("POST", "/examplebucket", {{"Content-Type", type}})->answer();
  EXPECT_EQ(reply.status, 411);
  reply = store
              .open("POST", "/examplebucket",
                    {{"Content-Type", type}, {"Transfer-Encoding", "chunked"}})
              ->answer();
  EXPECT_EQ(reply.status, 501);
}

TEST(Post, ToAnObjectIsNotAllowed) {
  FakeObjects store;
  const auto reply = store.send("POST", "/examplebucket/foo.txt", {}, "x");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(error_of(reply).code, "MethodNotAllowed");
}

}  // namespace
}  // namespace mock
