#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "onecodex/test_server.hpp"
#include "protocol/onecodex/schema.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/post.hpp"

namespace mock {
namespace {

using namespace test;
using onecodex::Kind;
using testing::HasSubstr;

std::string field(const Reply& reply, std::string_view name) {
  return std::string(reply.fields.find(name).value_or("(absent)"));
}

/// Every error has at least this: clients take an empty object for success.
void expect_problem(const Reply& reply, int status) {
  EXPECT_EQ(reply.status, status) << reply.body;
  const auto problem = onecodex::parse_problem(reply.body);
  ASSERT_TRUE(problem) << reply.body;
  EXPECT_EQ(problem->status, status);
  EXPECT_FALSE(problem->message.empty());
}

// ---- keys

TEST(OneCodex, Keys) {
  struct Row {
    ::http::Fields fields;
    int status;
  };
  const auto basic = [](const std::string& pair) {
    return ::http::Fields{{"Authorization", "Basic " + base64::encode(pair)}};
  };
  const Row rows[] = {
      {basic(demo_key + ":"), 200},
      {{{"Authorization", "Bearer " + demo_key}}, 200},
      {{{"X-API-Key", demo_key}}, 200},
      {{{"x-api-key", other_key}}, 200},
      {{}, 401},
      {basic(demo_key + ":password"), 401},
      {basic(demo_key), 401},
      {basic("wrong:"), 401},
      {{{"Authorization", "Bearer wrong"}}, 401},
      {{{"X-API-Key", ""}}, 401},
      {{{"Authorization", "Digest " + demo_key}}, 401},
  };
  OneCodexServer server;
  for (const auto& row : rows) {
    const auto reply = server.send("GET", "/api/v1/samples", row.fields);
    if (row.status == 401) {
      expect_problem(reply, 401);
      EXPECT_EQ(field(reply, "WWW-Authenticate"), "Basic realm=\"One Codex\"");
    } else {
      EXPECT_EQ(reply.status, 200) << reply.body;
    }
  }
}

TEST(OneCodex, WhatIsAnothersIsNotThere) {
  OneCodexServer server;
  const auto begun = server.init();
  EXPECT_EQ(server.post_file(begun.file).status, 201);
  expect_problem(server.confirm(begun.id, other_key), 404);
  expect_problem(server.get("samples/" + begun.id, other_key), 404);
  EXPECT_EQ(server.get("samples", other_key).body, "[]");
  EXPECT_EQ(server.confirm(begun.id).status, 200);
}

// ---- the flow of the documents

TEST(OneCodex, ASampleByForm) {
  OneCodexServer server;
  const auto begun = server.init();
  EXPECT_TRUE(begun.id.size() == 16 &&
              begun.id.find_first_not_of("0123456789abcdef") == std::string::npos);
  std::vector<std::string> names;
  for (const auto& [name, value] : begun.file.fields) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("AWSAccessKeyId", "acl", "key", "policy", "signature",
                                          "success_action_status", "x-amz-server-side-encryption"));
  EXPECT_THAT(std::string(*::http::find(begun.file.fields, "key")),
              testing::MatchesRegex("user_[0-9a-f]{16}/file_" + begun.id + "/\\$\\{filename\\}"));
  EXPECT_EQ(server.visibility(begun.id), "awaiting data");
  expect_problem(server.confirm(begun.id), 400);
  const auto stored = server.post_file(begun.file, "bytes", "a.fa");
  EXPECT_EQ(stored.status, 201);
  EXPECT_THAT(s3::parse_post_response(stored.body)->key, testing::EndsWith("/a.fa"));
  EXPECT_EQ(server.visibility(begun.id), "awaiting data") << "not confirmed";
  const auto confirmed = server.confirm(begun.id);
  EXPECT_EQ(confirmed.status, 200);
  EXPECT_EQ(onecodex::parse_confirmed(confirmed.body, Kind::sample),
            (onecodex::Confirmed{Kind::sample, true, "Upload confirmed", begun.id}));
  EXPECT_EQ(server.visibility(begun.id), "importing");
  server.loop.advance(std::chrono::seconds{1});
  EXPECT_EQ(server.visibility(begun.id), "private");
  EXPECT_EQ(server.confirm(begun.id).body, confirmed.body) << "as often as it is said";
  EXPECT_EQ(server.shown("samples/" + begun.id).at("size"), 5);
  EXPECT_EQ(server.download("samples", begun.id), "bytes");
}

TEST(OneCodex, ADocumentByForm) {
  OneCodexServer server;
  const auto begun = server.init(R"({"filename": "my report: 1/2", "size": 3})", Kind::document);
  expect_problem(server.post("documents/confirm_upload", R"({"sample_id": ")" + begun.id + "\"}"),
                 400);
  const auto body = R"({"document_id": ")" + begun.id + "\"}";
  expect_problem(server.post("documents/confirm_upload", body), 400);
  EXPECT_EQ(server.post_file(begun.file).status, 201);
  EXPECT_EQ(server.post("documents/confirm_upload", body).status, 200);
  const auto document = server.shown("documents/" + begun.id);
  EXPECT_EQ(document.at("filename"), "my report: 1/2");
  EXPECT_EQ(document.at("size"), 5);
  EXPECT_EQ(server.download("documents", begun.id), "bytes");
  expect_problem(server.get("samples/" + begun.id), 404);
  expect_problem(server.confirm(begun.id), 404);
}

TEST(OneCodex, TheStorageTakesOnlyWhatTheFormSays) {
  OneCodexServer server;
  const auto mine = server.init();
  const auto other = server.init();
  const auto changed = [&](std::string_view name, const std::string& value) {
    auto form = mine.file;
    for (auto& [field, old] : form.fields) {
      if (field == name) old = value;
    }
    return server.post_file(form).status;
  };
  EXPECT_EQ(changed("key", std::string(*::http::find(other.file.fields, "key"))), 403);
  EXPECT_EQ(changed("acl", "public-read"), 403);
  EXPECT_EQ(changed("x-amz-server-side-encryption", "aws:kms"), 403);
  EXPECT_EQ(changed("success_action_status", "204"), 403);
  EXPECT_EQ(changed("signature", "AAAA"), 403);
  EXPECT_EQ(server.post_file(mine.file, "").status, 400) << "a file of no bytes";
  server.loop.advance(std::chrono::hours{24} + std::chrono::seconds{1});
  EXPECT_EQ(server.post_file(mine.file).status, 403) << "expired";
}

TEST(OneCodex, WhatIsNotAwaitedIsNotStored) {
  OneCodexServer server;
  const auto cancelled = server.init();
  EXPECT_EQ(server.cancel(cancelled.id).status, 200);
  EXPECT_EQ(server.post_file(cancelled.file).status, 403);
  const auto done = server.init();
  EXPECT_EQ(server.post_file(done.file).status, 201);
  EXPECT_EQ(server.post_file(done.file, "again").status, 201) << "a client that tries again";
  EXPECT_EQ(server.confirm(done.id).status, 200);
  EXPECT_EQ(server.post_file(done.file, "late").status, 403);
  EXPECT_EQ(server.download("samples", done.id), "again");
}

TEST(OneCodex, PairedEndsAreTwoFormsOfOneSample) {
  OneCodexServer server;
  const auto begun =
      server.init(R"({"filename": "a_R1.fq", "paired_end_filename": "a_R2.fq", "size": 5})");
  ASSERT_TRUE(begun.paired_end);
  EXPECT_EQ(server.post_file(begun.file, "bytes", "a_R1.fq").status, 201);
  expect_problem(server.confirm(begun.id), 400);
  EXPECT_EQ(server.post_file(*begun.paired_end, "others", "a_R2.fq").status, 201);
  EXPECT_EQ(server.confirm(begun.id).status, 200);
  EXPECT_EQ(server.shown("samples/" + begun.id).at("size"), 11);
}

TEST(OneCodex, SizesAreComparedWhereTheyAreMeant) {
  const std::string wrong_size = R"({"filename": "a.fa", "size": 4})";
  OneCodexServer deployed;
  const auto announced = deployed.init(wrong_size);
  deployed.post_file(announced.file);
  const auto said = [&](const std::string& what) {
    return deployed.post("samples/confirm_upload",
                         R"({"sample_id": ")" + announced.id + "\", " + what + "}");
  };
  expect_problem(said(R"("size": 4)"), 400);
  expect_problem(said(R"("md5": "00000000000000000000000000000000")"), 400);
  EXPECT_EQ(said(R"("size": 5, "md5": "4B3A6218BB3E3A7303E8A171A60FCF92")").status, 200);
  OneCodexServer guide(true);
  const auto begun = guide.init(wrong_size);
  guide.post_file(begun.file);
  expect_problem(guide.confirm(begun.id), 400);
  const auto unknown = guide.init(R"({"filename": "a.fa"})");
  guide.post_file(unknown.file);
  EXPECT_EQ(guide.confirm(unknown.id).status, 200);
}

TEST(OneCodex, Cancelling) {
  OneCodexServer server;
  const auto begun = server.init();
  server.post_file(begun.file);
  EXPECT_EQ(server.cancel(begun.id).body, onecodex::cancelled_body());
  expect_problem(server.get("samples/" + begun.id), 404);
  expect_problem(server.cancel(begun.id), 404);
  EXPECT_TRUE(server.services.store.ids().empty());
  const auto done = server.init();
  server.post_file(done.file);
  server.confirm(done.id);
  const auto refused = server.cancel(done.id);
  expect_problem(refused, 400);
  EXPECT_EQ(onecodex::parse_problem(refused.body)->message, "Upload already successful");
}

// Once, its bytes stayed in the store for good, and nobody knew of them.
TEST(OneCodex, WhatIsCancelledWhileItComesLeavesNothing) {
  OneCodexServer server;
  const auto begun = server.init();
  server.meanwhile = [&] { EXPECT_EQ(server.cancel(begun.id).status, 200); };
  EXPECT_EQ(server.post_file(begun.file).status, 403);
  EXPECT_TRUE(server.services.store.ids().empty());
}

TEST(OneCodex, AFileForAPreuploadedSample) {
  OneCodexServer server;
  const auto reply = server.post("samples/preupload",
                                 R"({"metadata": {"external_sample_id": "lims-1"}, "tags": []})");
  const auto id = onecodex::parse_id(reply.body, Kind::sample).value();
  EXPECT_EQ(server.visibility(id), "awaiting data");
  expect_problem(server.confirm(id), 400);
  for (const auto* none : {R"("sample_id": "0123456789abcdef")", R"("external_sample_id": "x")"}) {
    expect_problem(server.post("samples/init_upload",
                               std::string(R"({"filename": "a.fa", "size": 5, )") + none + "}"),
                   400);
  }
  const auto begun = server.init(R"({"filename": "a.fa", "size": 5, "sample_id": ")" + id + "\"}");
  EXPECT_EQ(begun.id, id);
  expect_problem(server.post("samples/init_upload",
                             R"({"filename": "a.fa", "size": 5, "sample_id": ")" + id + "\"}"),
                 400);
  EXPECT_EQ(server.cancel(id).status, 200);
  EXPECT_EQ(server.visibility(id), "awaiting data") << "it was there before";
  EXPECT_EQ(server.post_file(begun.file).status, 403);
  const auto again =
      server.init(R"({"filename": "a.fa", "size": 5, "external_sample_id": "lims-1"})");
  EXPECT_EQ(again.id, id);
  EXPECT_EQ(server.post_file(again.file).status, 201);
  EXPECT_EQ(server.confirm(id).status, 200);
  const auto sample = server.shown("samples/" + id + "?expand=all");
  EXPECT_EQ(sample.at("metadata").at("external_sample_id"), "lims-1");
}

// ---- the flow of newer clients

TEST(OneCodex, InPartsWithPairedEnds) {
  OneCodexServer server;
  const auto reply = server.post(
      "samples/init_multipart_upload",
      R"({"filename": "a_R1.fq", "paired_end_filename": "a_R2.fq", "sample_id": null})");
  const auto begun = onecodex::parse_multipart_initiated(reply.body, Kind::sample).value();
  ASSERT_TRUE(begun.paired_end_file_id);
  const auto callback = [&](const std::string& path) {
    return server.post(begun.callback_url.substr(8),
                       R"({"s3_path": ")" + path + R"(", "filename": "a_R1.fq"})");
  };
  const auto path = "s3://" + begun.bucket + "/" + begun.file_id;
  expect_problem(callback(path), 400);
  EXPECT_EQ(server.put(begun, "elsewhere", "x").status, 403);
  EXPECT_EQ(server.put(begun, *begun.paired_end_file_id, "others").status, 200);
  expect_problem(callback(path), 400);
  EXPECT_EQ(server.put(begun, begun.file_id, "bytes").status, 200);
  expect_problem(callback("s3://" + begun.bucket + "/elsewhere"), 404);
  expect_problem(callback("s3://elsewhere/" + begun.file_id), 404);
  EXPECT_EQ(callback(path).body, onecodex::id_body(Kind::sample, *begun.sample_id));
  EXPECT_EQ(callback(path).status, 200) << "again";
  EXPECT_EQ(server.shown("samples/" + *begun.sample_id).at("size"), 11);
  EXPECT_EQ(server.download("samples", *begun.sample_id), "bytes");
}

TEST(OneCodex, PartsAreTakenOnlyWhileTheyAreAwaited) {
  OneCodexServer server;
  const auto begin = [&] {
    return onecodex::parse_multipart_initiated(
               server.post("samples/init_multipart_upload", R"({"filename": "a.fq"})").body,
               Kind::sample)
        .value();
  };
  const auto begun = begin();
  EXPECT_EQ(server.signed_request(begun, "POST", "elsewhere?uploads").status, 403);
  const auto transfer = [&](const onecodex::MultipartInitiated& at) {
    const auto told = server.signed_request(at, "POST", at.file_id + "?uploads");
    EXPECT_EQ(told.status, 200) << told.body;
    const auto id = s3::parse_initiate_multipart_upload_result(told.body)->upload_id;
    const auto part =
        server.signed_request(at, "PUT", at.file_id + "?partNumber=1&uploadId=" + id, "bytes");
    EXPECT_EQ(part.status, 200) << part.body;
    const auto etag = field(part, "ETag");
    const auto list = s3::complete_multipart_upload({{1, etag.substr(1, etag.size() - 2)}});
    return [&server, at, id, list] {
      return server.signed_request(at, "POST", at.file_id + "?uploadId=" + id, list).status;
    };
  };
  const auto complete = transfer(begun);
  EXPECT_EQ(server.cancel(*begun.sample_id).status, 200);
  EXPECT_EQ(complete(), 403);
  const auto kept = begin();
  EXPECT_EQ(transfer(kept)(), 200);
  EXPECT_EQ(server
                .post(kept.callback_url.substr(8),
                      R"({"s3_path": "s3://)" + kept.bucket + "/" + kept.file_id + "\"}")
                .status,
            200);
  EXPECT_EQ(server.shown("samples/" + *kept.sample_id).at("filename"), "a.fq");
}

TEST(OneCodex, ADocumentInParts) {
  OneCodexServer server;
  const auto reply =
      server.send("POST", "/api/v1/documents/init_multipart_upload", server.authorized(demo_key));
  const auto begun = onecodex::parse_multipart_initiated(reply.body, Kind::document).value();
  EXPECT_EQ(server.put(begun, begun.file_id, "bytes").status, 200);
  const auto done = server.post(begun.callback_url.substr(8),
                                R"({"s3_path": "s3://)" + begun.bucket + "/" + begun.file_id +
                                    R"(", "filename": "report.pdf", "import_as_document": true})");
  const auto id = onecodex::parse_id(done.body, Kind::document).value();
  EXPECT_EQ(server.shown("documents/" + id).at("filename"), "report.pdf");
}

// ---- bodies and methods

TEST(OneCodex, NoErrorIsEmpty) {
  OneCodexServer server;
  for (const auto* call :
       {"samples/init_upload", "samples/init_multipart_upload", "samples/preupload",
        "samples/confirm_upload", "samples/cancel_upload", "documents/init_upload",
        "documents/init_multipart_upload", "documents/confirm_upload", "upload_callback"}) {
    const auto target = "/api/v1/" + std::string(call);
    auto fields = OneCodexServer::authorized(demo_key);
    const auto get = server.send("GET", target, fields);
    expect_problem(get, 405);
    EXPECT_EQ(field(get, "Allow"), "POST");
    expect_problem(server.send("POST", target, {}), 401);
    fields.add("Content-Type", "text/plain");
    expect_problem(server.send("POST", target, fields, "{}"), 415);
    const bool documents_in_parts = target.ends_with("documents/init_multipart_upload");
    if (documents_in_parts) continue;
    for (const auto* body : {"{", "[]", "7", R"({"sample_id": 7, "filename": 7, "tags": 7})"}) {
      expect_problem(server.post(call, body), 400);
    }
    expect_problem(server.post(call, std::string((1U << 20U) + 1, ' ')), 413);
  }
  for (const auto* nothing :
       {"nothing", "samples/a/b", "samples/a/b/c", "analyses/x", "tags/x", "projects/x", "users/x",
        "metadata/x", "init_upload", "documents/x", "samples/%zz"}) {
    expect_problem(server.get(nothing), 404);
  }
  expect_problem(server.post("tags", "{}"), 405);
  expect_problem(server.post("samples", "{}"), 405);
  expect_problem(server.get("samples?per_page=0"), 400);
  expect_problem(server.get("samples?where=%7B%22a%22%3A1%7D"), 400);
  const auto breach = server.post("samples/init_upload", R"({"filename": "a", "size": 1})");
  EXPECT_THAT(breach.body, HasSubstr(R"("errors":[{"path":["filename"],"validationOf")"));
  expect_problem(
      server.post("samples/init_upload", R"({"filename": "a.fa", "size": 1, "project": "x"})"),
      404);
}

TEST(OneCodex, TheContractsDiffer) {
  struct Row {
    std::string call;
    std::string body;
    int server;
    int guide;
  };
  const Row rows[] = {
      {"samples/init_upload", R"({"filename": "a.fa"})", 400, 200},
      {"samples/init_upload", R"({"filename": "a.fa", "size": null})", 400, 200},
      {"samples/init_upload", R"({"filename": "a.fa", "size": 1, "more": 1})", 400, 200},
      {"samples/init_upload", R"({"filename": "\u00e9.fa", "size": 1})", 200, 400},
      {"samples/init_upload", R"({"filename": "a.fa", "size": 1, "tags": [{}]})", 200, 400},
      {"documents/confirm_upload", R"({"sample_id": "x"})", 400, 404},
  };
  for (const auto& row : rows) {
    OneCodexServer server;
    OneCodexServer guide(true);
    EXPECT_EQ(server.post(row.call, row.body).status, row.server) << row.body;
    EXPECT_EQ(guide.post(row.call, row.body).status, row.guide) << row.body;
  }
}

// ---- what there is to see

TEST(OneCodex, Resources) {
  OneCodexServer server;
  const auto begun = server.init(
      R"({"filename": "a.fa", "size": 5, "tags": [{"name": "t"}], "metadata": {"name": "n"},
          "project": "d0c0ffee00000001"})");
  const auto sample = server.shown("samples/" + begun.id);
  const auto follow = [&](const nlohmann::json& reference) {
    return server.shown(reference.at("$ref").get<std::string>().substr(8));
  };
  EXPECT_EQ(follow(sample.at("metadata")).at("name"), "n");
  EXPECT_EQ(follow(sample.at("tags").at(0)).at("name"), "t");
  EXPECT_EQ(follow(sample.at("owner")).at("$uri"), sample.at("owner").at("$ref"));
  EXPECT_EQ(follow(sample.at("project")).at("$uri"), "/api/v1/projects/d0c0ffee00000001");
  EXPECT_EQ(server.shown("account").at("user"), sample.at("owner"));
  EXPECT_EQ(server.shown("analyses"), nlohmann::json::array());
  server.init();
  EXPECT_EQ(server.shown("samples?per_page=1&page=2").size(), 1U);
  EXPECT_EQ(field(server.get("samples"), "X-Total-Count"), "2");
  expect_problem(server.post("samples/" + begun.id + "/download_uri", ""), 400);
  const auto destroyed =
      server.send("DELETE", "/api/v1/samples/" + begun.id, server.authorized(demo_key));
  EXPECT_EQ(destroyed.status, 204);
  expect_problem(server.get("samples/" + begun.id), 404);
}

TEST(OneCodex, TheSchemaIsForEverybody) {
  OneCodexServer server;
  EXPECT_EQ(server.send("GET", "/api/v1/schema", {}).body, onecodex::schema_document());
  EXPECT_EQ(server.send("GET", "/api/v1/schema?expand=all", {}).body,
            onecodex::expanded_schema_document());
  EXPECT_EQ(server.send("GET", "/api/v1/samples/schema", {}).body,
            *onecodex::schema_document("samples"));
  EXPECT_EQ(server.get("tags/schema").body, *onecodex::schema_document("tags"));
  expect_problem(server.send("POST", "/api/v1/schema", {}), 405);
}

TEST(OneCodex, ARestartForgetsNothing) {
  OneCodexServer server;
  const auto begun = server.init();
  const auto done = server.init();
  server.post_file(done.file);
  server.confirm(done.id);
  server.restart();
  EXPECT_EQ(server.visibility(done.id), "importing");
  EXPECT_EQ(server.download("samples", done.id), "bytes");
  EXPECT_EQ(server.post_file(begun.file).status, 201);
  server.restart();
  EXPECT_EQ(server.confirm(begun.id).status, 200);
}

}  // namespace
}  // namespace mock
