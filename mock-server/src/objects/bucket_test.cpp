// What a bucket tells of what it holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "objects/test_objects.hpp"
#include "protocol/xml/element.hpp"

namespace mock {
namespace {

using test::error_of;
using test::FakeObjects;
using testing::ElementsAre;
using testing::IsEmpty;

/// The texts of all elements of that name, one in another: "Contents/Key".
std::vector<std::string> texts(const xml::Element& root, const std::string& outer,
                               const std::string& inner) {
  std::vector<std::string> all;
  for (const auto& child : root.children)
    if (child.name == outer) all.emplace_back(child.text_of(inner).value_or("(none)"));
  return all;
}

class BucketTest : public testing::Test {
 protected:
  void put(const std::string& key, std::string_view bytes = "x") {
    const auto path = s3::encode_path("/examplebucket/" + key);
    ASSERT_EQ(store.send("PUT", store.presigned("PUT", path), {}, bytes).status, 200);
  }
  Reply send(const std::string& method, const std::string& query,
             const std::string& path = "/examplebucket") {
    return store.send(method, store.presigned(method, path + query), {});
  }
  xml::Element get(const std::string& query, const std::string& path = "/examplebucket") {
    const auto reply = send("GET", query, path);
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_NE(reply.body.find("xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""),
              std::string::npos);
    EXPECT_EQ(reply.fields.find("Content-Type"), "application/xml");
    return xml::parse(reply.body).value_or(xml::Element{});
  }
  static std::vector<std::string> keys(const xml::Element& root) {
    return texts(root, "Contents", "Key");
  }
  std::string begin_multipart(const std::string& key) {
    const auto reply = send("POST", "?uploads", "/examplebucket/" + key);
    return s3::parse_initiate_multipart_upload_result(reply.body).value().upload_id;
  }

  FakeObjects store;
};

TEST_F(BucketTest, TellsItsObjects) {
  put("b", "hello");
  put("a/1");
  const auto root = get("?list-type=2");
  EXPECT_EQ(root.name, "ListBucketResult");
  EXPECT_EQ(root.text_of("Name"), "examplebucket");
  EXPECT_EQ(root.text_of("KeyCount"), "2");
  EXPECT_EQ(root.text_of("MaxKeys"), "1000");
  EXPECT_EQ(root.text_of("IsTruncated"), "false");
  EXPECT_EQ(root.text_of("NextContinuationToken"), std::nullopt);
  EXPECT_THAT(keys(root), ElementsAre("a/1", "b"));
  EXPECT_THAT(texts(root, "Contents", "Size"), ElementsAre("1", "5"));
  EXPECT_THAT(texts(root, "Contents", "LastModified"),
              ElementsAre("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:00.000Z"));
  EXPECT_EQ(texts(root, "Contents", "ETag").back(), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_THAT(keys(get("?list-type=2", "/examplebucket/")), ElementsAre("a/1", "b"));
  EXPECT_THAT(keys(get("")), ElementsAre("a/1", "b"));
}

TEST_F(BucketTest, TellsWhatBeginsSo) {
  for (const auto* key : {"a", "p/1", "p/2", "q/r/3"}) put(key);
  EXPECT_THAT(keys(get("?list-type=2&prefix=p/")), ElementsAre("p/1", "p/2"));
  EXPECT_THAT(keys(get("?list-type=2&prefix=none")), IsEmpty());
  EXPECT_THAT(keys(get("?list-type=2&start-after=p/1")), ElementsAre("p/2", "q/r/3"));
  EXPECT_THAT(keys(get("?marker=p/1")), ElementsAre("p/2", "q/r/3"));
}

TEST_F(BucketTest, TellsFoldersAtOnce) {
  for (const auto* key : {"a", "p/1", "p/2", "p/s/3", "q/r/3", "\xff/1", "\xff/2"}) put(key);
  auto root = get("?list-type=2&delimiter=/&encoding-type=url");
  EXPECT_THAT(keys(root), ElementsAre("a"));
  EXPECT_THAT(texts(root, "CommonPrefixes", "Prefix"), ElementsAre("p/", "q/", "%FF/"));
  EXPECT_EQ(root.text_of("KeyCount"), "4");
  root = get("?list-type=2&delimiter=/&prefix=p/");
  EXPECT_THAT(keys(root), ElementsAre("p/1", "p/2"));
  EXPECT_THAT(texts(root, "CommonPrefixes", "Prefix"), ElementsAre("p/s/"));
  root = get("?list-type=2&delimiter=/&start-after=p/");
  EXPECT_THAT(keys(root), IsEmpty());
  EXPECT_EQ(texts(root, "CommonPrefixes", "Prefix").size(), 2U);
}

/// By both versions, whatever the size of a page.
TEST_F(BucketTest, TellsPageByPage) {
  for (const auto* key : {"a", "b+c d", "p/1", "p/2", "q/1", "r"}) put(key);
  for (const std::string version : {"?list-type=2&", "?"}) {
    for (const std::string delimiter : {"", "&delimiter=/"}) {
      const std::size_t expected = delimiter.empty() ? 6 : 5;
      for (unsigned most = 1; most <= 7; ++most) {
        std::vector<std::string> told;
        std::string more;
        for (std::size_t pages = 0; pages < 8; ++pages) {
          const auto root = get(version + "max-keys=" + std::to_string(most) + delimiter + more);
          for (auto& key : keys(root)) told.push_back(std::move(key));
          for (auto& one : texts(root, "CommonPrefixes", "Prefix")) told.push_back(std::move(one));
          if (root.text_of("IsTruncated") == "false") break;
          const auto next = version == "?" ? root.text_of("NextMarker").value_or(told.back())
                                           : root.text_of("NextContinuationToken").value_or("");
          more =
              (version == "?" ? "&marker=" : "&continuation-token=") + ::http::percent_encode(next);
        }
        EXPECT_EQ(told.size(), expected) << version << most << delimiter;
        std::ranges::sort(told);
        EXPECT_EQ(std::ranges::unique(told).begin(), told.end()) << version << most << delimiter;
      }
    }
  }
  EXPECT_THAT(keys(get("?list-type=2&max-keys=0")), IsEmpty());
}

TEST_F(BucketTest, KeysAreEscapedWhenThatIsWanted) {
  put("a b+\x01");
  EXPECT_THAT(keys(get("?list-type=2&encoding-type=url")), ElementsAre("a%20b%2B%01"));
  EXPECT_THAT(keys(get("?list-type=2")), ElementsAre("a b+\xEF\xBF\xBD"));
}

TEST_F(BucketTest, OddQuestionsAreRefused) {
  const std::pair<const char*, const char*> rows[]{
      {"?max-keys=x", "max-keys"},
      {"?max-keys=-1", "max-keys"},
      {"?max-keys=2147483648", "max-keys"},
      {"?encoding-type=x", "encoding-type"},
      {"?list-type=2&continuation-token=", "continuation-token"},
      {"?list-type=2&continuation-token=%25", "continuation-token"}};
  for (const auto& [query, argument] : rows) {
    const auto reply = send("GET", query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(error_of(reply).code, "InvalidArgument") << query;
    EXPECT_EQ(error_of(reply).detail("ArgumentName"), argument) << query;
  }
  EXPECT_EQ(error_of(send("GET", "?versions")).code, "NotImplemented");
}

TEST_F(BucketTest, IsThereForWhoMay) {
  EXPECT_EQ(send("HEAD", "").status, 200);
  EXPECT_EQ(send("HEAD", "").fields.find("x-amz-bucket-region"), "us-east-1");
  EXPECT_EQ(get("?location").name, "LocationConstraint");
  EXPECT_EQ(send("PUT", "").fields.find("Location"), "/examplebucket");
  EXPECT_EQ(error_of(send("PUT", "?acl")).code, "NotImplemented");
  EXPECT_EQ(error_of(store.send("GET", "/examplebucket", {})).code, "AccessDenied");
  EXPECT_EQ(store.send("HEAD", "/examplebucket", {}).status, 403);
}

// ---- pages of a browser

TEST_F(BucketTest, PagesMayAskBeforeTheySend) {
  for (const auto* path : {"/examplebucket", "/examplebucket/k"}) {
    const auto reply =
        store.send("OPTIONS", path,
                   {{"Origin", "https://lab.example"},
                    {"Access-Control-Request-Method", "PUT"},
                    {"Access-Control-Request-Headers", "authorization, x-amz-date"}});
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.fields.find("Access-Control-Allow-Origin"), "*");
    EXPECT_THAT(std::string(*reply.fields.find("Access-Control-Allow-Methods")),
                testing::HasSubstr("PUT"));
    EXPECT_EQ(reply.fields.find("Access-Control-Allow-Headers"), "authorization, x-amz-date");
  }
  EXPECT_EQ(store.send("OPTIONS", "/examplebucket", {}).status, 405);
}

/// 204 and refusals too: without it a page takes a stored file for a failure (formbricks/formbricks
/// pull request 7362).
TEST_F(BucketTest, PagesMayReadEveryReply) {
  const ::http::Fields page{{"Origin", "https://lab.example"}};
  const std::string path = "/examplebucket/k";
  const std::tuple<const char*, std::string, int> rows[]{
      {"PUT", store.presigned("PUT", path), 200},
      {"GET", store.presigned("GET", path), 200},
      {"DELETE", store.presigned("DELETE", path), 204},
      {"GET", store.presigned("GET", path), 404},
      {"PUT", path, 403},
      {"PATCH", path, 405},
      {"POST", "/examplebucket", 412},
      {"GET", store.presigned("GET", "/examplebucket"), 200}};
  for (const auto& [method, target, status] : rows) {
    const auto reply = store.send(method, target, page, method == std::string("PUT") ? "x" : "");
    EXPECT_EQ(reply.status, status) << method << target;
    EXPECT_EQ(reply.fields.find("Access-Control-Allow-Origin"), "*") << method << target;
    EXPECT_THAT(std::string(reply.fields.find("Access-Control-Expose-Headers").value_or("")),
                testing::HasSubstr("ETag"));
  }
  EXPECT_FALSE(store.send("PUT", path, {}, "x").fields.has("Access-Control-Allow-Origin"));
}

TEST_F(BucketTest, AFormOfAPageIsAnsweredSo) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n";
  const auto reply = store.send(
      "POST", "/publicbucket",
      {{"Origin", "https://lab.example"}, {"Content-Type", "multipart/form-data; boundary=b"}},
      body);
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.fields.find("Access-Control-Allow-Origin"), "*");
}

TEST_F(BucketTest, RemovesSeveralAtOnce) {
  for (const auto* key : {"a", "b&c", "d"}) put(key);
  const std::string list =
      "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object>"
      "<Object><Key>none</Key></Object></Delete>";
  const auto path = store.presigned("POST", "/examplebucket?delete");
  const auto v4 = s3::presign_v4({"POST", "/examplebucket?delete", {{"Host", "127.0.0.1:8080"}}},
                                 test::owner, store.loop.now(), std::chrono::hours{1});
  EXPECT_EQ(
      error_of(store.send("POST", v4, {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}}, list)).code,
      "BadDigest");
  EXPECT_EQ(error_of(store.send("POST", path, {}, "<Delete/>")).code, "MalformedXML");
  EXPECT_EQ(error_of(store.send("POST", "/examplebucket?delete", {}, list)).code, "AccessDenied");
  EXPECT_THAT(keys(get("")), ElementsAre("a", "b&c", "d"));
  auto reply = store.send("POST", path, {}, list);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(texts(xml::parse(reply.body).value(), "Deleted", "Key"),
              ElementsAre("a", "b&c", "none"));
  EXPECT_THAT(keys(get("")), ElementsAre("d"));
  reply = store.send("POST", path, {},
                     "<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>");
  EXPECT_THAT(xml::parse(reply.body).value().children, IsEmpty());
  EXPECT_THAT(store.store->ids(), IsEmpty());
}

TEST_F(BucketTest, TellsOpenMultipartUploads) {
  const auto second = begin_multipart("b");
  const auto first = begin_multipart("a/1");
  auto root = get("?uploads");
  EXPECT_EQ(root.name, "ListMultipartUploadsResult");
  EXPECT_THAT(texts(root, "Upload", "UploadId"), ElementsAre(first, second));
  EXPECT_THAT(texts(root, "Upload", "Key"), ElementsAre("a/1", "b"));
  EXPECT_THAT(texts(get("?uploads&prefix=b"), "Upload", "Key"), ElementsAre("b"));
  send("DELETE", "?uploadId=" + first, "/examplebucket/a/1");
  EXPECT_THAT(texts(get("?uploads"), "Upload", "Key"), ElementsAre("b"));
}

TEST_F(BucketTest, TellsThePartsOfAnUpload) {
  const auto id = begin_multipart("k");
  const std::string path = "/examplebucket/k";
  for (const auto number : {"3", "1", "2"}) {
    const auto target = path + "?partNumber=" + number + "&uploadId=" + id;
    ASSERT_EQ(store.send("PUT", store.presigned("PUT", target), {}, number).status, 200);
  }
  auto root = get("?uploadId=" + id, path);
  EXPECT_EQ(root.name, "ListPartsResult");
  EXPECT_THAT(texts(root, "Part", "PartNumber"), ElementsAre("1", "2", "3"));
  EXPECT_EQ(texts(root, "Part", "ETag").front(), "\"c4ca4238a0b923820dcc509a6f75849b\"");
  EXPECT_THAT(texts(root, "Part", "Size"), ElementsAre("1", "1", "1"));
  EXPECT_EQ(texts(root, "Part", "LastModified").front(), "2027-01-15T08:00:00.000Z");
  root = get("?max-parts=2&uploadId=" + id, path);
  EXPECT_EQ(root.text_of("IsTruncated"), "true");
  EXPECT_EQ(root.text_of("NextPartNumberMarker"), "2");
  root = get("?part-number-marker=2&uploadId=" + id, path);
  EXPECT_THAT(texts(root, "Part", "PartNumber"), ElementsAre("3"));
  EXPECT_EQ(error_of(send("GET", "?uploadId=none", path)).code, "NoSuchUpload");
  EXPECT_EQ(error_of(send("GET", "?max-parts=x&uploadId=" + id, path)).code, "InvalidArgument");
}

}  // namespace
}  // namespace mock
