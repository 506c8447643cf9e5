#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>

#include "openhumans/test_server.hpp"

namespace mock {
namespace {

using namespace test;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string urlencoded = "application/x-www-form-urlencoded";
const std::string member = "project_member_id=12345678";
const std::string no_credentials = R"({"detail":"Authentication credentials were not provided."})";
const std::string file_does_not_exist = R"({"detail":"file does not exist"})";
const std::string no_such_file = R"({"detail":"there is no file of this id"})";

std::string metadata_of(const std::string& text) {
  return "metadata=" + ::http::percent_encode(text);
}
const std::string good = metadata_of(good_metadata);

std::string field(const Reply& reply, std::string_view name) {
  return std::string(reply.fields.find(name).value_or("(absent)"));
}

// ---- tokens

struct TokenRow {
  std::string query;
  ::http::Fields fields;
  int status;
  std::string body;
};

TEST(OpenHumans, Tokens) {
  const auto told = [](const std::string& text) { return R"({"detail":")" + text + R"("})"; };
  const std::string nothing = R"({"ids":[]})";
  const TokenRow rows[] = {
      {"access_token=example_token", {}, 200, nothing},
      {"", {{"Authorization", "Bearer example_token"}}, 200, nothing},
      {"", {{"Authorization", "bEaReR example_token"}}, 200, nothing},
      {"access_token=example_token", {{"Authorization", "Bearer wrong"}}, 200, nothing},
      {"access_token=wrong",
       {{"Authorization", "Bearer example_token"}},
       401,
       told("Invalid token.")},
      {"", {}, 401, no_credentials},
      {"", {{"Authorization", "Basic ZXhhbXBsZV90b2tlbjo="}}, 401, no_credentials},
      {"", {{"Authorization", "example_token"}}, 401, no_credentials},
      {"",
       {{"Authorization", "Bearer"}},
       401,
       told("Invalid token header. No credentials provided.")},
      {"",
       {{"Authorization", "Bearer a b"}},
       401,
       told("Invalid token header. Token string should not contain spaces.")},
      {"access_token=wrong", {}, 401, told("Invalid token.")},
      {"access_token=expired_token", {}, 401, told("Expired token.")},
      {"", {{"Authorization", "Bearer expired_token"}}, 401, told("Expired token.")},
      {"access_token=member_token", {}, 200, nothing},
  };
  for (const auto& row : rows) {
    OpenHumansServer server;
    auto fields = row.fields;
    fields.add("Content-Type", urlencoded);
    const auto reply = server.send("POST", api + "files/delete/?" + row.query, fields,
                                   member + "&file_basename=x&access_token=example_token");
    EXPECT_EQ(reply.status, row.status) << row.query << " " << reply.body;
    EXPECT_EQ(reply.body, row.body) << row.query;
    EXPECT_EQ(field(reply, "WWW-Authenticate"),
              row.status == 401 ? "Bearer realm=\"api\"" : "(absent)");
    EXPECT_EQ(field(reply, "Allow"), "POST, OPTIONS");
  }
}

TEST(OpenHumans, AMembersTokenIsForThatMemberAlone) {
  OpenHumansServer server;
  server.store("a.txt");
  const auto deleted =
      server.send("POST", api + "files/delete/?access_token=member_token",
                  {{"Content-Type", urlencoded}}, "project_member_id=87654321&file_basename=a.txt");
  EXPECT_EQ(deleted.body, R"({"ids":[1]})");
  EXPECT_EQ(server.send("GET", api + "members/?access_token=member_token", {}).status, 401);
  const auto own = server.send("GET", api + "exchange-member/?access_token=member_token", {});
  EXPECT_EQ(nlohmann::json::parse(own.body).at("project_member_id"), "12345678");
}

// ---- methods, types and bodies

TEST(OpenHumans, MethodsAndTypes) {
  OpenHumansServer server;
  const auto url = [](const std::string& call) { return api + call + with_token; };
  for (const auto* call : {"files/upload/", "files/upload/direct/", "files/upload/complete/",
                           "files/delete/", "files/delete.json"}) {
    const auto refused = server.send("GET", url(call), {});
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.body, R"({"detail":"Method \"GET\" not allowed."})");
    EXPECT_EQ(field(refused, "Allow"), "POST, OPTIONS");
    const auto typed = server.send("POST", url(call), {{"Content-Type", "text/plain"}}, "x");
    EXPECT_EQ(typed.status, 415);
    EXPECT_EQ(typed.body, R"({"detail":"Unsupported media type \"text/plain\" in request."})");
    const auto options = server.send("OPTIONS", url(call), {});
    EXPECT_EQ(options.status, 200);
    EXPECT_TRUE(nlohmann::json::parse(options.body).contains("parses"));
    EXPECT_EQ(server.send("POST", url(call), {{"Accept", "application/xml"}}).status, 406);
    EXPECT_EQ(server.send("GET", api + call, {}).status, 401) << "tokens come first";
  }
  EXPECT_EQ(server.send("POST", url("members/"), {}).status, 405);
  EXPECT_EQ(server.send("POST", api + "upload/" + with_token, {}).status, 404);
  EXPECT_EQ(server.send("POST", api + "files/upload" + with_token, {}).status, 404);
}

TEST(OpenHumans, BodiesThatAreNone) {
  OpenHumansServer server;
  for (const auto* body : {"{", "[1]", "7", "\"x\"", "null", "{\"a\":\"\xFF\"}"}) {
    const auto reply = server.post_json("files/delete/", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, testing::StartsWith("{\"detail\":\"JSON parse error - ")) << body;
  }
  const auto target = api + "files/upload/" + with_token;
  const auto unbounded =
      server.send("POST", target, {{"Content-Type", "multipart/form-data"}}, "x");
  EXPECT_EQ(unbounded.status, 400);
  EXPECT_EQ(unbounded.body,
            R"({"detail":"Multipart form parse error - Invalid boundary in multipart: None"})");
  const auto endless = server.post_multipart("files/upload/", file_part("a", "b"));
  EXPECT_EQ(endless.status, 400);
  EXPECT_THAT(endless.body, HasSubstr("Multipart form parse error - "));
  EXPECT_EQ(server.post("files/delete/", {{"x", std::string(3U << 20U, 'x')}}).status, 400);
  EXPECT_EQ(
      server.post_multipart("files/delete/", part("x", std::string(3U << 20U, 'x')) + end_of_form)
          .status,
      400);
  // A form has a thousand fields, however it is written.
  ::http::Form form(1'000, {"x", ""});
  form.front() = {"project_member_id", "12345678"};
  form.back() = {"file_id", "7"};
  EXPECT_EQ(server.post("files/delete/", form).body, R"({"ids":[]})");
  form.emplace_back("x", "");
  EXPECT_EQ(server.post("files/delete/", form).body, "<h1>Bad Request (400)</h1>");
  EXPECT_THAT(server.ids(), IsEmpty());
}

TEST(OpenHumans, TheThreeKindsOfBodiesAreAlike) {
  OpenHumansServer server;
  const std::string wanted = R"({"ids":[]})";
  EXPECT_EQ(
      server.post("files/delete/", {{"project_member_id", "12345678"}, {"file_id", "7"}}).body,
      wanted);
  EXPECT_EQ(
      server.post_json("files/delete/", R"({"project_member_id": "12345678", "file_id": 7})").body,
      wanted);
  EXPECT_EQ(
      server.post_json("files/delete/", R"({"project_member_id": 12345678, "file_id": "7"})").body,
      wanted);
  EXPECT_EQ(server
                .post_multipart("files/delete/", part("project_member_id", " 12345678\n") +
                                                     part("file_id", "7") + end_of_form)
                .body,
            wanted);
}

// ---- forms

struct FormRow {
  std::string call;
  std::string body;
  int status;
  std::string answer;
};

TEST(OpenHumans, Forms) {
  const std::string required = R"(["This field is required."])";
  const std::string bad_member = R"({"project_member_id":"project_member_id is invalid"})";
  const std::string upload = "files/upload/";
  const std::string direct = "files/upload/direct/";
  const std::string complete = "files/upload/complete/";
  const FormRow rows[] = {
      {upload, "", 400,
       R"({"project_member_id":)" + required + R"(,"metadata":)" + required + R"(,"data_file":)" +
           required + "}"},
      {direct, "", 400,
       R"({"project_member_id":)" + required + R"(,"filename":)" + required + R"(,"metadata":)" +
           required + "}"},
      {complete, "", 400, R"({"project_member_id":)" + required + "}"},
      {"files/delete/", "", 400, R"({"project_member_id":)" + required + "}"},
      {direct, "project_member_id=1&filename=a&" + good, 400, bad_member},
      {complete, "project_member_id=1", 400, bad_member},
      {direct, "project_member_id=1&filename=a&metadata=x", 400,
       R"({"metadata":["could not parse the uploaded metadata"]})"},
      {direct, member + "&filename=%20%20&" + good, 400, R"({"filename":)" + required + "}"},
      {direct, member + "&filename=a%00b&" + good, 400,
       R"({"filename":["Null characters are not allowed."]})"},
      {direct, member + "&filename=a&metadata=%00", 400,
       R"({"metadata":["Null characters are not allowed."]})"},
      {direct, "project_member_id=1&" + member + "&filename=a&metadata=x&" + good, 201, ""},
      {direct, member + "&filename=a&" + metadata_of("{}"), 400,
       R"({"metadata":["\"description\" is a required field of the metadata"]})"},
      {direct, member + "&filename=a&" + metadata_of(R"({"description":""})"), 400,
       R"({"metadata":["\"tags\" is a required field of the metadata"]})"},
      {direct, member + "&filename=a&" + metadata_of(R"({"description":"","tags":"a"})"), 400,
       R"({"metadata":["\"tags\" must be an array of strings"]})"},
      {direct, member + "&filename=a&" + metadata_of(R"({"description":"","tags":[]})"), 201, ""},
      {direct, member + "&filename=a&" + metadata_of(R"({"description":"","tags":[],"md5":"abc"})"),
       400, R"({"metadata":["Invalid MD5 specified"]})"},
      {direct,
       member + "&filename=a&" +
           metadata_of(R"({"description":"","tags":[],"start_date":"2018-02-30"})"),
       400, R"({"metadata":["Dates must be in ISO 8601 format: there is no such time"]})"},
      {direct, member + "&filename=a&datatypes=x&" + good, 400,
       R"({"datatypes":["Could not parse the uploaded datatypes from: 'x'"]})"},
      {direct, member + "&filename=a&datatypes=%5B%22a%22%5D&" + good, 400,
       R"({"datatypes":["The following datatypes don't match items in our database: ['a']"]})"},
      {direct, member + "&filename=a&datatypes=%5B%5D&" + good, 201, ""},
      {direct, member + "&filename=" + std::string(300, 'x') + "&" + good, 201, ""},
      {direct, member + "&filename=" + std::string(4'000, 'x') + "&" + good, 400, ""},
      {complete, member, 400, file_does_not_exist},
      {complete, member + "&file_id=0", 400, file_does_not_exist},
      {complete, member + "&file_id=7", 400, no_such_file},
      {complete, member + "&file_id=-7", 400, no_such_file},
      {complete, member + "&file_id=seven", 400, R"({"file_id":["Enter a whole number."]})"},
      {"files/delete/", member, 400,
       R"({"missing_field":"one of file_id, file_basename, or all_files is required"})"},
      {"files/delete/", member + "&file_id=0&all_files=false", 400,
       R"({"missing_field":"one of file_id, file_basename, or all_files is required"})"},
      {"files/delete/", member + "&file_id=1&all_files=true", 400,
       R"({"too_many":"one of file_id, file_basename, or all_files is required"})"},
      {"files/delete/", member + "&file_id=x", 400, R"({"file_id":["Enter a whole number."]})"},
      {"files/delete/", member + "&all_files=True", 200, R"({"ids":[]})"},
  };
  for (const auto& row : rows) {
    OpenHumansServer server;
    const auto reply =
        server.send("POST", api + row.call + with_token, {{"Content-Type", urlencoded}}, row.body);
    EXPECT_EQ(reply.status, row.status) << row.call << " " << row.body << "\n" << reply.body;
    if (!row.answer.empty()) {
      EXPECT_EQ(reply.body, row.answer) << row.call << " " << row.body;
    }
    EXPECT_EQ(field(reply, "Content-Type"), "application/json");
  }
}

TEST(OpenHumans, WhereDocumentAndServerDiffer) {
  const std::string long_text = R"({"tags":[],"description":")" + std::string(101, 'd') + "\"}";
  const std::string odd_tags = R"({"tags":[1,null],"description":""})";
  for (const bool by_guide : {false, true}) {
    OpenHumansServer server(by_guide);
    const int status = by_guide ? 400 : 201;
    for (const auto& text : {long_text, odd_tags}) {
      EXPECT_EQ(
          server
              .post("files/upload/direct/",
                    {{"project_member_id", "12345678"}, {"filename", "a"}, {"metadata", text}})
              .status,
          status)
          << text;
    }
    const auto begun = server.begin("a");
    EXPECT_EQ(server.put(begun.target, "bytes").status, 200);
    EXPECT_EQ(server.complete(begun.id, "87654321").status, by_guide ? 400 : 200);
  }
}

const std::string other_md5 =
    R"({"tags":[],"description":"","md5":"156da7fc980988c51682374436849943"})";

TEST(OpenHumans, ByTheGuideAnMd5IsThatOfTheFile) {
  for (const bool by_guide : {false, true}) {
    OpenHumansServer server(by_guide);
    const auto begun = server.begin("a", other_md5);
    EXPECT_EQ(server.put(begun.target, "bytes").status, 200);
    EXPECT_EQ(server.complete(begun.id).status, by_guide ? 400 : 200);
    const auto form = part("project_member_id", "12345678") + part("metadata", other_md5) +
                      file_part("a", "bytes") + end_of_form;
    EXPECT_EQ(server.post_multipart("files/upload/", form).status, by_guide ? 400 : 201);
    EXPECT_EQ(server.ids().size(), by_guide ? 0U : 2U);
    const auto right = server.begin(
        "a", R"({"tags":[],"description":"","md5":"4B3A6218BB3E3A7303E8A171A60FCF92"})");
    EXPECT_EQ(server.put(right.target, "bytes").status, 200);
    EXPECT_EQ(server.complete(right.id).status, 200);
  }
}

// ---- simple uploads

TEST(OpenHumans, SimpleUploadsInAnyOrderAndInAnySlices) {
  const auto one = part("project_member_id", "12345678");
  const auto two = part("metadata", good_metadata);
  const std::string bytes = "\r\n--b\rx\r\n--bb\n\x00\xFF tail\r\n"s;
  const auto file = file_part("C:\\folder\\a b.txt", bytes);
  const std::array forms{one + two + file, file + two + one, one + file + two};
  for (const auto& form : forms) {
    for (const std::size_t slice : {1UL, 7UL, 1UL << 16U}) {
      OpenHumansServer server;
      const auto reply = server.post_multipart("files/upload/", form + end_of_form, slice);
      EXPECT_EQ(reply.status, 201) << reply.body;
      EXPECT_EQ(reply.body, R"({"id":1})");
      const auto listed = server.listing().at("data").at(0);
      EXPECT_EQ(listed.at("basename"), "a b.txt");
      EXPECT_EQ(listed.at("metadata"), nlohmann::json::parse(good_metadata));
      EXPECT_EQ(listed.at("source"), "direct-sharing-1");
      EXPECT_EQ(server.download(), bytes);
    }
  }
}

TEST(OpenHumans, NothingOfARefusedUploadStays) {
  OpenHumansServer server;
  const auto file = file_part("a", "bytes");
  const auto fields = part("project_member_id", "12345678") + part("metadata", good_metadata);
  const auto upload = [&](const std::string& form, BodyEnd end = BodyEnd::complete) {
    return server.post_multipart("files/upload/", form, 3, end);
  };
  EXPECT_EQ(
      upload(file + part("project_member_id", "1") + part("metadata", good_metadata) + end_of_form)
          .body,
      R"({"project_member_id":"project_member_id is invalid"})");
  EXPECT_EQ(upload(file + end_of_form).status, 400);
  EXPECT_EQ(upload(fields + file_part("a", "") + end_of_form).body,
            R"({"data_file":["The submitted file is empty."]})");
  EXPECT_EQ(upload(fields + part("data_file", "bytes") + end_of_form).body,
            R"({"data_file":["This field is required."]})");
  EXPECT_EQ(upload(fields + file_part("", "bytes") + end_of_form).body,
            R"({"data_file":["This field is required."]})");
  EXPECT_EQ(upload(fields + file_part("..", "bytes") + end_of_form).status, 400);
  EXPECT_EQ(upload(fields + file_part(std::string(2'000, 'n'), "bytes") + end_of_form).status, 400);
  EXPECT_EQ(upload(fields + file + file + end_of_form).status, 400);
  EXPECT_EQ(upload(fields + file, BodyEnd::aborted).status, 0);
  EXPECT_EQ(upload(fields + file, BodyEnd::timed_out).status, 408);
  EXPECT_EQ(upload(fields + file).status, 400) << "without its end";
  EXPECT_THAT(server.ids(), IsEmpty());
  EXPECT_THAT(server.services.store.ids(), IsEmpty());
}

TEST(OpenHumans, AFileThatDoesNotFitIsTold) {
  OpenHumansServer server;
  const auto form = part("project_member_id", "12345678") + part("metadata", good_metadata) +
                    file_part("a", std::string(70UL << 20U, 'x')) + end_of_form;
  EXPECT_EQ(server.post_multipart("files/upload/", form).status, 507);
  EXPECT_THAT(server.services.store.ids(), IsEmpty());
}

TEST(OpenHumans, TwoFilesOfOneNameAreTwo) {
  OpenHumansServer server;
  EXPECT_EQ(server.store("a.txt", "one"), 1U);
  EXPECT_EQ(server.store("a.txt", "two"), 2U);
  EXPECT_THAT(server.ids(), ElementsAre(1, 2));
  EXPECT_EQ(server.download(0), "one");
  EXPECT_EQ(server.download(1), "two");
}

// ---- direct uploads

TEST(OpenHumans, ADirectUpload) {
  OpenHumansServer server;
  const auto begun = server.begin("data1.csv");
  EXPECT_THAT(begun.target,
              testing::MatchesRegex("/open-humans-production/member-files/direct-sharing-1/"
                                    "[0-9a-f-]{36}/data1.csv\\?Signature=.*&Expires=[0-9]*&"
                                    "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE"));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(server.loop.now());
  const auto expires = std::to_string(seconds.time_since_epoch().count() + 21'600);
  EXPECT_THAT(begun.target, HasSubstr("&Expires=" + expires + "&"));
  EXPECT_THAT(server.ids(), IsEmpty());
  const auto early = server.complete(begun.id);
  EXPECT_EQ(early.status, 400);
  EXPECT_EQ(early.body, R"({"detail":"file not present"})");
  const auto typed = server.send("PUT", begun.target,
                                 {{"Content-Length", "1"}, {"Content-Type", "text/csv"}}, "x");
  EXPECT_EQ(typed.status, 403);
  EXPECT_THAT(typed.body, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_EQ(server.put(begun.target, "0123456789").status, 200);
  const auto put = server.put(begun.target, "bytes");
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.body, "");
  EXPECT_EQ(field(put, "ETag"), "\"4b3a6218bb3e3a7303e8a171a60fcf92\"");
  EXPECT_THAT(server.ids(), IsEmpty());
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(server.complete(begun.id).body, R"({"status":"ok","size":5})");
    EXPECT_THAT(server.ids(), ElementsAre(1));
    EXPECT_EQ(server.download(), "bytes");
  }
}

TEST(OpenHumans, NamesNeverLeadAnywhere) {
  OpenHumansServer server;
  for (const auto& [name, basename] :
       std::vector<std::pair<std::string, std::string>>{{"../../x", "x"},
                                                        {"a/b.txt", "b.txt"},
                                                        {"..", ".."},
                                                        {"\xC3\xA9 +%2F.txt", "\xC3\xA9 +%2F.txt"},
                                                        {"a\xFF", "a\xEF\xBF\xBD"}}) {
    server.store(name, name);
    EXPECT_EQ(server.listing().at("data").back().at("basename"), basename);
    EXPECT_EQ(server.download(server.ids().size() - 1), name);
  }
}

TEST(OpenHumans, WhatIsNotCompletedInSixHoursVanishes) {
  OpenHumansServer server;
  server.store("kept");
  const auto old = server.begin("old");
  EXPECT_EQ(server.put(old.target, "bytes").status, 200);
  server.loop.advance(std::chrono::hours{3});
  const auto young = server.begin("young");
  server.loop.advance(std::chrono::hours{3} - std::chrono::seconds{1});
  EXPECT_EQ(server.complete(old.id).status, 200) << "just in time";
  const auto lost = server.begin("lost");
  server.loop.advance(std::chrono::hours{3} + std::chrono::seconds{1});
  server.loop.run();
  EXPECT_EQ(server.complete(young.id).body, no_such_file);
  EXPECT_EQ(server.complete(lost.id).body, R"({"detail":"file not present"})");
  EXPECT_THAT(server.ids(), ElementsAre(1, old.id));
  EXPECT_EQ(server.services.store.ids().size(), 5U) << "two files, each with an object; and one";
}

TEST(OpenHumans, ADirectUploadMayBeGivenLessTime) {
  OpenHumansConfig config;
  config.lifetime = std::chrono::seconds{2};
  OpenHumansServer server(false, config);
  const auto late = server.begin("late");
  server.loop.advance(std::chrono::seconds{1});
  const auto begun = server.begin("begun");
  EXPECT_EQ(server.put(begun.target, "bytes").status, 200);
  server.loop.advance(std::chrono::seconds{2});
  const auto refused = server.put(late.target, "bytes");
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("Request has expired"));
  server.loop.run();
  EXPECT_EQ(server.complete(begun.id).body, no_such_file);
  server.store("next");
  EXPECT_EQ(server.download(), "bytes") << "what is listed keeps its six hours";
}

// ---- deletions

TEST(OpenHumans, DeletesByIdNameOrAll) {
  OpenHumansServer server;
  const auto remove = [&](const std::string& name, const std::string& value,
                          const std::string& of = "12345678") {
    return server.post("files/delete/", {{"project_member_id", of}, {name, value}}).body;
  };
  server.store("a.txt");
  server.store("b.txt");
  server.store("A.txt");
  server.store("a.txt");
  server.store("c.txt");
  const auto unfinished = server.begin("a.txt");
  EXPECT_EQ(remove("file_id", "2", "87654321"), R"({"ids":[]})");
  EXPECT_EQ(remove("file_id", "2"), R"({"ids":[2]})");
  EXPECT_EQ(remove("file_id", "2"), R"({"ids":[]})");
  EXPECT_EQ(server.complete(2).body, no_such_file);
  EXPECT_EQ(remove("file_basename", "a.txt"), R"({"ids":[1,4]})");
  EXPECT_EQ(remove("file_basename", "a.txt"), R"({"ids":[]})");
  EXPECT_EQ(remove("file_id", std::to_string(unfinished.id)), R"({"ids":[]})");
  EXPECT_EQ(remove("all_files", "true", "87654321"), R"({"ids":[]})");
  EXPECT_EQ(server
                .post_json("files/delete/", R"({"project_member_id": "12345678",
                                                  "all_files": true})")
                .body,
            R"({"ids":[3,5]})");
  EXPECT_THAT(server.ids(), IsEmpty());
  EXPECT_EQ(server.services.store.ids().size(), 1U) << "the unfinished one's record";
  EXPECT_EQ(server.put(unfinished.target, "bytes").status, 200);
  EXPECT_EQ(server.complete(unfinished.id).status, 200);
}

TEST(OpenHumans, ADeletedFileCannotBeHad) {
  OpenHumansServer server;
  server.store("a.txt");
  const auto url = server.listing().at("data").at(0).at("download_url").get<std::string>();
  server.post("files/delete/", {{"project_member_id", "12345678"}, {"all_files", "1"}});
  EXPECT_EQ(server.send("GET", url.substr(std::string("http://h").size()), {}).status, 404);
}

// A URL may outlive its file: once, an object that came by one stayed until the next start.
TEST(OpenHumans, WhatComesForADeletedFileLeavesNothing) {
  OpenHumansServer server;
  const auto before = server.begin("a.txt");
  EXPECT_EQ(server.put(before.target, "bytes").status, 200);
  EXPECT_EQ(server.complete(before.id).status, 200);
  const auto remove = [&] {
    const auto removed = server.post("files/delete/", {{"project_member_id", "12345678"},
                                                       {"file_id", std::to_string(before.id)}});
    EXPECT_EQ(removed.body, R"({"ids":[1]})");
  };
  server.meanwhile = remove;
  EXPECT_EQ(server.put(before.target, "others").status, 403);
  EXPECT_TRUE(server.services.store.ids().empty());
  EXPECT_EQ(server.put(before.target, "others").status, 403) << "and what begins later";
  EXPECT_TRUE(server.services.store.ids().empty());
}

TEST(OpenHumans, WhatComesForAFileThatVanishedLeavesNothing) {
  OpenHumansServer server;
  const auto begun = server.begin("a.txt");
  server.meanwhile = [&] {
    server.loop.advance(std::chrono::hours{6});
    server.loop.run();
  };
  EXPECT_EQ(server.put(begun.target, "bytes").status, 403);
  EXPECT_TRUE(server.services.store.ids().empty());
}

// ---- listings

TEST(OpenHumans, Listings) {
  OpenHumansServer server;
  for (int i = 0; i < 12; ++i) server.store("a" + std::to_string(i));
  const auto url = [](const std::string& call, const std::string& query) {
    return api + call + with_token + query;
  };
  const auto json = [&](const std::string& target) {
    return nlohmann::json::parse(server.send("GET", target, {}).body);
  };
  const auto members = json(url("members/", ""));
  EXPECT_EQ(members.at("count"), 2);
  EXPECT_EQ(members.at("next"), nullptr);
  const auto& first = members.at("results").at(0);
  EXPECT_EQ(first.at("project_member_id"), "12345678");
  EXPECT_EQ(first.at("file_count"), 12);
  EXPECT_EQ(first.at("data").size(), 10U);
  EXPECT_EQ(
      first.at("exchange_member"),
      "http://h" + api + "exchange-member/?project_member_id=12345678&access_token=example_token");
  // From page to page as a client goes.
  std::vector<int> seen;
  auto target = url("exchange-member/", "&project_member_id=12345678&limit=5");
  for (;;) {
    const auto page = json(target);
    EXPECT_EQ(page.at("count"), 12);
    EXPECT_THAT(page.at("sources_shared"), IsEmpty());
    for (const auto& file : page.at("data")) seen.push_back(file.at("id"));
    if (page.at("next").is_null()) {
      EXPECT_THAT(page.at("previous").get<std::string>(), HasSubstr("limit=5&offset=5"));
      break;
    }
    target = page.at("next").get<std::string>().substr(std::string("http://h").size());
  }
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_EQ(server.send("GET", url("exchange-member/", ""), {}).status, 400);
  EXPECT_EQ(server.send("HEAD", url("members/", ""), {}).status, 200);
}

TEST(OpenHumans, PagesOfOtherOrigins) {
  OpenHumansServer server;
  const auto asked = server.send("OPTIONS", api + "files/upload/",
                                 {{"Origin", "https://a.example"},
                                  {"Access-Control-Request-Method", "POST"},
                                  {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(asked.status, 200);
  EXPECT_EQ(field(asked, "Access-Control-Allow-Origin"), "*");
  EXPECT_THAT(field(asked, "Access-Control-Allow-Headers"), HasSubstr("authorization"));
  const auto refused =
      server.send("POST", api + "files/upload/", {{"Origin", "https://a.example"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(field(refused, "Access-Control-Allow-Origin"), "*");
}

// ---- restarts

TEST(OpenHumans, WhatIsKnownOfFilesSurvivesARestart) {
  OpenHumansServer server;
  server.store("a.txt", "one");
  const auto begun = server.begin("b.txt");
  EXPECT_EQ(server.put(begun.target, "two").status, 200);
  server.restart();
  EXPECT_THAT(server.ids(), ElementsAre(1));
  EXPECT_EQ(server.download(), "one");
  EXPECT_EQ(server.complete(begun.id).body, R"({"status":"ok","size":3})");
  EXPECT_EQ(server.store("c.txt"), 3U);
  server.restart();
  EXPECT_THAT(server.ids(), ElementsAre(1, 2, 3));
  server.loop.advance(std::chrono::hours{7});
  EXPECT_THAT(server.ids(), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace mock
