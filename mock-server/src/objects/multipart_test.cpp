// Multipart uploads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "objects/test_objects.hpp"
#include "protocol/digest.hpp"
#include "store/test_folder.hpp"

namespace mock {
namespace {

using test::error_of;
using test::FakeObjects;
using test::owner;
using testing::IsEmpty;

constexpr std::size_t smallest = 5U << 20U;
const std::string path = "/examplebucket/a%20b";

std::string raw_md5(std::string_view bytes) {
  Digest digest(DigestAlgorithm::md5);
  digest.update(bytes);
  return digest.finish();
}

class MultipartTest : public testing::TestWithParam<bool> {
 protected:
  /// Signed in the header, with version 4 or 2.
  Reply send(const std::string& method, const std::string& query, std::string_view body = {},
             ::http::Fields fields = {}) {
    fields.add("Host", "127.0.0.1:8080");
    const auto target = path + query;
    const s3::Request request{method, target, fields};
    const auto proof = GetParam()
                           ? s3::authorize_v4(request, owner, store.loop.now(), sha256_hex(body))
                           : s3::authorize_v2(request, owner, store.loop.now());
    for (const auto& [name, value] : proof) fields.add(name, value);
    return store.send(method, target, fields, body, 1U << 20U);
  }
  std::string begin() {
    const auto reply = send("POST", "?uploads", {}, {{"Content-Type", "text/plain"}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    return s3::parse_initiate_multipart_upload_result(reply.body).value().upload_id;
  }
  std::string put(const std::string& id, unsigned number, std::string_view bytes) {
    const auto reply =
        send("PUT", "?partNumber=" + std::to_string(number) + "&uploadId=" + id, bytes);
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto etag = std::string(reply.fields.find("ETag").value_or(""));
    EXPECT_EQ(etag, '"' + to_hex(raw_md5(bytes)) + '"');
    return etag.substr(1, 32);
  }
  Reply complete(const std::string& id, const std::vector<s3::CompletedPart>& parts,
                 ::http::Fields fields = {}) {
    return send("POST", "?uploadId=" + id, s3::complete_multipart_upload(parts), std::move(fields));
  }

  FakeObjects store{Bytes{256U << 20U}};
};

TEST_P(MultipartTest, MakesAnObjectOfItsParts) {
  const auto id = begin();
  const std::string first(smallest, 'a');
  // In any order, and one of them twice: the later counts.
  const auto two = put(id, 2, "tail");
  put(id, 1, std::string(smallest, 'x'));
  const auto one = put(id, 1, first);
  EXPECT_EQ(store.content("examplebucket", "a b"), std::nullopt);
  const auto reply = complete(id, {{1, one}, {2, two}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const auto object = s3::parse_complete_multipart_upload_result(reply.body);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->bucket, "examplebucket");
  EXPECT_EQ(object->key, "a b");
  EXPECT_EQ(object->etag, '"' + to_hex(raw_md5(raw_md5(first) + raw_md5("tail"))) + "-2\"");
  EXPECT_EQ(store.content("examplebucket", "a b"), first + "tail");
  const auto head = send("HEAD", "");
  EXPECT_EQ(head.fields.find("Content-Type"), "text/plain");
  EXPECT_EQ(head.fields.find("ETag"), object->etag);
  // Nothing is left besides.
  EXPECT_EQ(store.store->ids().size(), 1U);
  EXPECT_EQ(error_of(complete(id, {{1, one}})).code, "NoSuchUpload");
}

TEST_P(MultipartTest, PartsThatAreNotThereAreRefused) {
  const auto id = begin();
  const auto one = put(id, 1, "x");
  const auto two = put(id, 2, "y");
  EXPECT_EQ(error_of(complete(id, {{1, one}, {3, two}})).code, "InvalidPart");
  EXPECT_EQ(error_of(complete(id, {{1, two}})).code, "InvalidPart");
  EXPECT_EQ(error_of(complete(id, {{2, two}, {1, one}})).code, "InvalidPartOrder");
  const auto small = complete(id, {{1, one}, {2, two}});
  EXPECT_EQ(small.status, 400);
  EXPECT_EQ(error_of(small).code, "EntityTooSmall");
  EXPECT_EQ(error_of(small).detail("MinSizeAllowed"), "5242880");
  EXPECT_EQ(error_of(send("POST", "?uploadId=" + id, "<a>")).code, "MalformedXML");
  // The last may be small.
  EXPECT_EQ(complete(id, {{2, two}}).status, 200);
  EXPECT_EQ(store.content("examplebucket", "a b"), "y");
  EXPECT_EQ(store.store->ids().size(), 1U);
}

TEST_P(MultipartTest, IsAborted) {
  const auto id = begin();
  put(id, 1, "x");
  EXPECT_EQ(send("DELETE", "?uploadId=" + id).status, 204);
  EXPECT_THAT(store.store->ids(), IsEmpty());
  EXPECT_EQ(error_of(send("DELETE", "?uploadId=" + id)).code, "NoSuchUpload");
  EXPECT_EQ(error_of(send("PUT", "?partNumber=1&uploadId=" + id, "x")).code, "NoSuchUpload");
}

// As Amazon S3 was recorded to do it (localstack/localstack, TestS3ObjectWritePrecondition).
TEST_P(MultipartTest, EndsOnACondition) {
  const ::http::Fields if_none{{"If-None-Match", "*"}};
  ASSERT_EQ(send("PUT", "", "former", if_none).status, 200);
  const auto id = begin();
  const auto one = put(id, 1, "whole");
  auto error = error_of(complete(id, {{1, one}}, if_none));
  EXPECT_EQ(error.code, "PreconditionFailed");
  EXPECT_EQ(error.detail("Condition"), "If-None-Match");
  EXPECT_EQ(error_of(complete(id, {{1, one}}, {{"If-Match", "0"}})).code, "PreconditionFailed");
  EXPECT_EQ(error_of(complete(id, {{1, one}}, {{"If-Match", "*"}})).code, "NotImplemented");
  EXPECT_EQ(store.content("examplebucket", "a b"), "former");
  // The object that the key had at the beginning is gone: this upload is spoiled, another is not.
  ASSERT_EQ(send("DELETE", "").status, 204);
  const auto reply = complete(id, {{1, one}}, if_none);
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(error_of(reply).code, "ConditionalRequestConflict");
  EXPECT_EQ(error_of(reply).detail("Key"), "a b");
  EXPECT_EQ(error_of(complete(id, {{1, one}}, {{"If-Match", one}})).code, "NoSuchKey");
  const auto again = begin();
  EXPECT_EQ(complete(again, {{1, put(again, 1, "whole")}}, if_none).status, 200);
  EXPECT_EQ(store.content("examplebucket", "a b"), "whole");
}

TEST_P(MultipartTest, EndsOnlyWithTheObjectThatItBeganWith) {
  ASSERT_EQ(send("PUT", "", "former").status, 200);
  const ::http::Fields if_former{{"If-Match", to_hex(raw_md5("former"))}};
  const auto replaced = begin();
  const auto one = put(replaced, 1, "whole");
  ASSERT_EQ(send("PUT", "", "former").status, 200);
  EXPECT_EQ(error_of(complete(replaced, {{1, one}}, if_former)).code, "ConditionalRequestConflict");
  const auto id = begin();
  EXPECT_EQ(complete(id, {{1, put(id, 1, "whole")}}, if_former).status, 200);
  EXPECT_EQ(store.content("examplebucket", "a b"), "whole");
}

TEST_P(MultipartTest, OfTwoEndsTheFirstHasTheKey) {
  const ::http::Fields if_none{{"If-None-Match", "*"}};
  const auto first = begin();
  const auto second = begin();
  const auto one = put(first, 1, "first");
  const auto other = put(second, 1, "second");
  // Both are let in before either is joined.
  const auto ending = [&](const std::string& id, const std::string& etag) {
    const auto list = s3::complete_multipart_upload({{1, etag}});
    auto fields = if_none;
    const auto target = store.presigned("POST", path + "?uploadId=" + id);
    auto exchange = store.open("POST", target, std::move(fields), list.size());
    exchange->bytes(list);
    exchange->finish();
    return exchange;
  };
  const auto a = ending(first, one);
  const auto b = ending(second, other);
  store.loop.run();
  EXPECT_EQ(a->answer().status, 200) << a->answer().body;
  EXPECT_EQ(error_of(b->answer()).code, "PreconditionFailed");
  EXPECT_EQ(store.content("examplebucket", "a b"), "first");
}

TEST_P(MultipartTest, NumbersAreOneTo10000) {
  const auto id = begin();
  for (const auto* number : {"0", "10001", "x", "", "-1"}) {
    const auto reply = send("PUT", "?partNumber=" + std::string(number) + "&uploadId=" + id, "x");
    EXPECT_EQ(error_of(reply).code, "InvalidArgument") << number;
  }
}

TEST_P(MultipartTest, ItsIdIsForOneKey) {
  const auto id = begin();
  put(id, 1, "x");
  for (const std::string target : {"/publicbucket/a%20b", "/examplebucket/other"}) {
    const auto signed_target = store.presigned("DELETE", target + "?uploadId=" + id);
    EXPECT_EQ(error_of(store.send("DELETE", signed_target, {})).code, "NoSuchUpload") << target;
  }
}

TEST_P(MultipartTest, NeedsASignature) {
  const auto reply = store.send("POST", path + "?uploads", {});
  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(store.store->ids(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, MultipartTest, testing::Bool(),
                         [](const auto& row) { return row.param ? "v4" : "v2"; });

TEST(Multipart, OutlivesARestart) {
  TestFolder folder;
  ManualLoop loop;
  const auto open = [&] {
    return make_disk_store({folder.path(), false, {}, {&objects_schema()}}, loop).value();
  };
  const auto put = [](Objects& objects, Store& store, const std::string& id, unsigned number,
                      std::string_view bytes) {
    auto writer = objects.begin_part(store, id, number, Bytes{bytes.size()}, false).value();
    EXPECT_TRUE(writer->append(std::as_bytes(std::span(bytes))));
    EXPECT_TRUE(writer->publish());
  };
  std::string former;
  std::string id;
  {
    const auto store = open();
    Objects objects{loop, ETag::md5, {"b"}};
    former = objects.begin(*store, {"b", "k"}).value()->publish().value().id;
    id = objects.begin_multipart(*store, {"b", "k", {{"Content-Type", "text/plain"}}}).value();
    put(objects, *store, id, 1, "one ");
    put(objects, *store, id, 2, "two");
  }
  const auto store = open();
  Objects objects{loop, ETag::md5, {"b"}};
  ASSERT_EQ((*objects.parts(*store, id, "b", "k"))->size(), 2U);
  EXPECT_EQ(objects.former_of(id), former);
  std::optional<Object> made;
  objects.complete(
      *store, *store, id, {1, 2}, [] { return true; }, [&](auto object) { made = object.value(); });
  loop.run();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size, Bytes{7});
  EXPECT_EQ(store->ids().size(), 1U);
  Objects again{loop, ETag::md5, {"b"}};
  EXPECT_EQ(again.find(*store, "b", "k")->fields.find("Content-Type"), "text/plain");
}

TEST(Multipart, AKillBehindTheJoinLeavesNoParts) {
  TestFolder folder;
  ManualLoop loop;
  auto store = make_disk_store({folder.path(), false, {}, {&objects_schema()}}, loop).value();
  const auto leave = [&](const std::string& id, auto change) {
    auto record = std::make_shared<ObjectRecord>();
    record->bucket = "b";
    record->key = "k";
    change(*record);
    Upload upload;
    upload.id = id;
    upload.length = Bytes{0};
    upload.attributes = std::move(record);
    ASSERT_TRUE(store->create(upload));
  };
  using State = ObjectRecord::State;
  leave("whole", [](auto& record) {
    record.state = State::object;
    record.multipart = "begun";
    record.sequence = 3;
  });
  leave("begun", [](auto& record) { record.state = State::multipart; });
  leave("part", [](auto& record) {
    record.state = State::part;
    record.multipart = "begun";
    record.number = 1;
    record.sequence = 2;
  });
  leave("stray", [](auto& record) {
    record.state = State::part;
    record.multipart = "aborted";
    record.number = 1;
    record.sequence = 1;
  });
  Objects objects{loop, ETag::md5, {"b"}};
  ASSERT_TRUE(objects.load(*store));
  EXPECT_THAT(store->ids(), testing::ElementsAre("whole"));
}

}  // namespace
}  // namespace mock
