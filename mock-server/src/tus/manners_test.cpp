// What known servers do differently from the text or from this one, each by its option.
#include "tus/tus_test.hpp"

namespace mock {
namespace {

using testing::ElementsAre;

class Manners : public TusTest {
 protected:
  std::string final_of(const std::string& parts) {
    return create({{"Upload-Concat", "final;" + parts}});
  }
};

// ---- PATCH

TEST_F(Manners, TheFieldsOfAPatchMayComeBeforeItsUpload) {
  const auto status = [&](const Headers& headers) {
    return server.send("PATCH", "/files/unknown", headers, "abc").status;
  };
  EXPECT_EQ(status(patch_at("x")), 404);
  server.options.patch_fields_first = true;
  EXPECT_EQ(status(patch_at("x")), 400);
  EXPECT_EQ(status(with({{"Upload-Offset", "0"}})), 415);
  EXPECT_EQ(status(patch_at("0")), 404);
  EXPECT_EQ(server.send("PATCH", create(5), patch_at("3", {{"Upload-Length", "x"}}), "d").status,
            409);
  const auto joined = final_of(part("abc"));
  EXPECT_EQ(server.send("PATCH", joined, patch_at("x"), "d").status, 400);
  EXPECT_EQ(patch(joined, 3, "d").status, 403);
}

TEST_F(Manners, AWrongPatchMayTakeTheUploadFromItsHolder) {
  server.options.lock_first = true;
  const auto path = create(10);
  auto holder = server.open("PATCH", path, patch_at("0"), 10);
  holder->bytes("abcd");
  EXPECT_EQ(patch(path, 0, "x").status, 409);
  EXPECT_EQ(holder->answer().status, 423);
  EXPECT_EQ(offset(path), "4");
  EXPECT_EQ(patch(path, 0, "x").status, 409);
  EXPECT_EQ(patch(path, 4, "efghij").status, 204);
}

TEST_F(Manners, WhatFitsOfAnOverlongChunkedBodyMayBeKept) {
  server.options.keeps_what_fits = true;
  const auto path = create(10);
  patch(path, 0, "abcd");
  EXPECT_EQ(patch(path, 4, "0123456789", Framing::chunked).status, 413);
  EXPECT_EQ(stored(path), "abcd012345");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/10", "finishing 10/10", "finished 10/10"));
  EXPECT_EQ(patch(path, 10, "").status, 204);
  const auto announced = create(10);
  EXPECT_EQ(patch(announced, 0, "0123456789ab").status, 413);
  EXPECT_EQ(stored(announced), "") << "an announced length is refused before anything is read";
}

TEST_F(Manners, WhatFitsOfAnOverlongCreationMayBeKept) {
  server.options.keeps_what_fits = true;
  const auto reply = post(stream({{"Upload-Length", "3"}}), "hello", Framing::chunked);
  EXPECT_EQ(reply.status, 413);
  EXPECT_FALSE(reply.fields.has("Location"));
  ASSERT_EQ(server.store->ids().size(), 1U);
  EXPECT_EQ(server.stored(server.store->ids().front()), "hel");
  EXPECT_THAT(server.hooks.calls, testing::Contains("finished 3/3"));
}

TEST_F(Manners, NothingIsKeptOfAnOverlongBodyWithAChecksum) {
  server.options.keeps_what_fits = true;
  server.options.extensions.insert("checksum");
  const auto path = create(3);
  const auto headers = patch_at("0", {{"Upload-Checksum", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="}});
  EXPECT_EQ(server.send("PATCH", path, headers, "hello", Framing::chunked).status, 413);
  EXPECT_EQ(offset(path), "0");
}

TEST_F(Manners, TheLengthOfARefusedPatchMayStay) {
  server.options.keeps_refused_length = true;
  const auto path = create({{"Upload-Defer-Length", "1"}});
  EXPECT_EQ(server.send("PATCH", path, patch_at("1", {{"Upload-Length", "3"}}), "hello").status,
            409);
  EXPECT_EQ(field(head(path), "Upload-Defer-Length"), "1") << "the offset comes first";
  EXPECT_EQ(server.send("PATCH", path, patch_at("0", {{"Upload-Length", "3"}}), "hello").status,
            413);
  EXPECT_EQ(field(head(path), "Upload-Length"), "3");
  EXPECT_EQ(offset(path), "0");
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/?"));
  EXPECT_EQ(patch(path, 0, "abc").status, 204);
  EXPECT_THAT(server.hooks.calls, ElementsAre("created 0/?", "finishing 3/3", "finished 3/3"));
}

TEST_F(Manners, TheVersionMayComeBeforeTheMethod) {
  const auto path = create(1);
  const auto status = [&](const char* method, const Headers& headers) {
    return server.send(method, path, headers).status;
  };
  EXPECT_EQ(status("POST", {}), 405);
  server.options.version_before_method = true;
  for (const auto* method : {"POST", "PUT", "helloGET"}) {
    EXPECT_EQ(status(method, {}), 412) << method;
    EXPECT_EQ(status(method, with({})), 405) << method;
  }
  EXPECT_EQ(server.send("GET", "/files", {}).status, 405);
  EXPECT_EQ(status("OPTIONS", {}), 204);
}

// ---- creation

TEST_F(Manners, OtherBodiesOfACreationMayBeLeftUnread) {
  server.options.ignores_other_bodies = true;
  for (const auto framing : {Framing::length, Framing::chunked}) {
    for (const auto& headers : {Headers{{"Upload-Length", "10"}, {"Content-Type", "text/plain"}},
                                Headers{{"Upload-Defer-Length", "1"}}}) {
      const auto reply = post(headers, "hello", framing);
      EXPECT_EQ(reply.status, 201);
      EXPECT_FALSE(reply.fields.has("Upload-Offset"));
      EXPECT_EQ(offset(field(reply, "Location")), "0");
    }
  }
  const auto joined =
      post({{"Upload-Concat", "final;" + part("abc")}, {"Content-Type", "text/plain"}}, "hello");
  EXPECT_EQ(joined.status, 201);
  EXPECT_EQ(stored(field(joined, "Location")), "abc");
  EXPECT_EQ(post(stream({{"Upload-Concat", "final;" + part("abc")}})).status, 400)
      << "a final announces bytes, be they none";
}

TEST_F(Manners, IdsMayBeHexadecimalDigits) {
  server.options.hex_ids = true;
  const auto first = id(create(1));
  EXPECT_THAT(first, testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(id(create(1)), first);
}

TEST_F(Manners, MetadataMayBeKeptAsText) {
  server.options.metadata_as_text = true;
  // The bytes FF FE FD, "b" and "cases".
  const auto path =
      create({{"Upload-Length", "5"}, {"Upload-Metadata", "a //79,b Yg==,c Y2FzZXM="}});
  EXPECT_EQ(field(head(path), "Upload-Metadata"), "a 77+977+977+9,b Yg==,c Y2FzZXM=");
}

// ---- concatenation

TEST_F(Manners, PartsMayBeReadLeniently) {
  const auto one = part("abc");
  const auto two = part("def");
  const auto status = [&](const std::string& value) {
    return post({{"Upload-Concat", value}}).status;
  };
  const std::string refused[] = {"final;" + one + "/", "final;" + one + "  " + two,
                                 "final;http://elsewhere.example" + one};
  for (const auto& value : refused) EXPECT_EQ(status(value), 400) << value;
  server.options.lenient_parts = true;
  for (const auto& value : refused) EXPECT_EQ(status(value), 201) << value;
  EXPECT_EQ(stored(final_of(" " + two + "  http://elsewhere.example" + one + " ")), "defabc");
  EXPECT_EQ(status("partial"), 400) << "it needs a length";
  EXPECT_EQ(post({{"Upload-Concat", "partial"}, {"Upload-Length", "1"}}).status, 201);
  server.options.refusals["part-elsewhere"] = {404, ""};
  for (const auto& value :
       {"final;" + id(one), "final;/elsewhere/" + id(one), "final;/upload/" + id(one)}) {
    EXPECT_EQ(status(value), 404) << value;
  }
  server.options.refusals["part-unknown"] = {410, ""};
  for (const auto& value : {"final;" + one + "?a=b", "final;" + one + "\tmore",
                            "final;" + one + "," + two, std::string("final;/files/none")}) {
    EXPECT_EQ(status(value), 410) << value;
  }
  for (const auto* value : {"final;", "final; ", "final", "Final;/files/a", "nonsense"}) {
    EXPECT_EQ(status(value), 400) << value;
  }
}

TEST_F(Manners, AFinalMayTellItsPartsByUrlsOfItsOwn) {
  const auto one = part("abc");
  const auto two = part("def");
  server.options.own_part_urls = true;
  const auto path = final_of(one + " " + two);
  const auto asked = server.send("HEAD", path, with({{"Host", "uploads.example"}}));
  EXPECT_EQ(field(asked, "Upload-Concat"),
            "final;http://uploads.example" + one + " http://uploads.example" + two);
  EXPECT_EQ(field(head(one), "Upload-Concat"), "partial");
}

// ---- downloads

TEST_F(Manners, ADownloadMayBeAFile) {
  server.options.downloads_as_file = true;
  const auto create_with = [&](const std::string& metadata) {
    const auto path = create({{"Upload-Length", "5"}, {"Upload-Metadata", metadata}});
    patch(path, 0, "hello");
    return path;
  };
  const auto get = [&](const std::string& path, Headers headers = {}) {
    return server.send("GET", path, std::move(headers));
  };
  // "a.png" and "image/png"; "text/html".
  const auto image = create_with("filename YS5wbmc=,filetype aW1hZ2UvcG5n");
  auto reply = get(image);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(field(reply, "Content-Type"), "image/png");
  EXPECT_EQ(field(reply, "Content-Disposition"), "inline;filename=\"a.png\"");
  EXPECT_TRUE(reply.fields.has("Last-Modified"));
  EXPECT_FALSE(reply.fields.has("Cache-Control"));
  EXPECT_EQ(field(get(create_with("filetype dGV4dC9odG1s")), "Content-Disposition"), "attachment");
  // A quotation mark, a line feed, and a type that would end the field.
  const auto hostile = get(create_with("filename YSIKYg==,filetype dGV4dC9wbGFpbg0KWDogMQ=="));
  EXPECT_EQ(field(hostile, "Content-Disposition"), "attachment;filename=\"a\\\"\\x0ab\"");
  EXPECT_EQ(field(hostile, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(get(image, {{"Tus-Resumable", "0.1"}}).status, 200) << "no version is asked for";
  EXPECT_EQ(get(image, {{"If-None-Match", "*"}}).status, 304);
  reply = get(image, {{"Range", "bytes=1-2"}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.body, "el");
  EXPECT_EQ(field(get(image, {{"Range", "bytes=9-"}}), "Content-Range"), "bytes */5");
  EXPECT_EQ(field(get(image, {{"Range", "bytes=-0"}}), "Content-Range"), "bytes 5-4/5");
  EXPECT_EQ(field(get(image, {{"Range", "bytes= 9-, 1-2"}}), "Content-Range"), "bytes 1-2/5");
  for (const auto* all : {"bytes=", "bytes=0-1,3-4", "bytes=0-9,0-9"}) {
    EXPECT_EQ(get(image, {{"Range", all}}).status, 200) << all;
  }
  for (const auto* odd : {"bytes=x", "bytes=3-1", "bytes=-", "lines=1-2"}) {
    reply = get(image, {{"Range", odd}});
    EXPECT_EQ(reply.status, 416) << odd;
    EXPECT_EQ(reply.body, "invalid range\n");
    EXPECT_FALSE(reply.fields.has("Content-Range"));
  }
  EXPECT_EQ(get(create(0), {{"Range", "bytes=2-1"}}).status, 200) << "nothing has no ranges";
  EXPECT_EQ(field(get(create(0), {{"Range", "bytes=-2"}}), "Content-Range"), "bytes 0--1/0");
}

}  // namespace
}  // namespace mock
