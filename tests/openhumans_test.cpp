// The examples of Open Humans' document, run by curl against the mock. Only the URLs differ, and
// the errors of the document are corrected (docs/guides/open-humans.md).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "programs.hpp"

namespace {

using nlohmann::json;
using programs::curl;
using programs::CurlAnswer;
using programs::Mock;

const std::string metadata =
    R"({"tags": ["survey", "diet", "csv"], "description": "Diet survey questions and responses", )"
    R"("md5": "156da7fc980988c51682374436849943"})";

class OpenHumans : public testing::Test {
 protected:
  OpenHumans() { start(); }

  void start(const std::string& profile = "openhumans") {
    mock_.emplace(std::vector<std::string>{"--profile", profile, "--store", store_});
  }
  [[nodiscard]] std::string url(const std::string& call) const {
    return mock_->url() + "/api/direct-sharing/project/" + call;
  }
  [[nodiscard]] std::string signed_url(const std::string& call) const {
    return url(call) + "?access_token=example_token";
  }

  CurlAnswer post_json(const std::string& call, const std::string& body) {
    return curl({signed_url(call), "-H", "Content-Type: application/json", "-d", body});
  }
  [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }

  CurlAnswer upload(const std::string& path, const std::string& call = "files/upload/") {
    return curl({signed_url(call), "-F", "project_member_id=12345678", "-F", "metadata=" + metadata,
                 "-F", "data_file=@" + path});
  }
  /// Uploads a file directly and completes it; returns its id.
  int upload_directly(const std::string& path, const std::string& name) {
    const auto begun = curl({signed_url("files/upload/direct/"), "-F", "project_member_id=12345678",
                             "-F", "metadata=" + metadata, "-F", "filename=" + name});
    EXPECT_EQ(begun.status, 201) << begun.body;
    const auto body = json::parse(begun.body);
    const int id = body.at("id");
    EXPECT_EQ(curl({"-T", path, body.at("url").get<std::string>()}).status, 200);
    const auto complete =
        curl({signed_url("files/upload/complete/"), "-F", "project_member_id=12345678", "-F",
              "file_id=" + std::to_string(id)});
    EXPECT_EQ(complete.status, 200) << complete.body;
    EXPECT_EQ(json::parse(complete.body).at("status"), "ok");
    return id;
  }
  json listing() {
    const auto answer = curl({signed_url("exchange-member/") + "&project_member_id=12345678"});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).at("data");
  }

  testkit::TempFolder folder_;
  std::string store_ = folder_.path() / "store";
  std::optional<Mock> mock_;
};

TEST_F(OpenHumans, UploadsAFileAndGivesItBack) {
  const auto path = file("test-file.txt", "test file data\n");
  const auto uploaded = upload(path);
  EXPECT_EQ(uploaded.status, 201);
  EXPECT_EQ(uploaded.body, R"({"id":1})");
  const auto listed = listing();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("basename"), "test-file.txt");
  EXPECT_EQ(listed[0].at("metadata"), json::parse(metadata));
  EXPECT_EQ(curl({listed[0].at("download_url").get<std::string>()}).body, "test file data\n");
}

TEST_F(OpenHumans, TakesTheTokenInAHeader) {
  const auto path = file("test-file.txt", "test file data\n");
  const auto answer = curl({url("files/upload/"), "-H", "Authorization: Bearer example_token", "-F",
                            "project_member_id=12345678", "-F", "metadata=" + metadata, "-F",
                            "data_file=@" + path});
  EXPECT_EQ(answer.status, 201) << answer.body;
}

TEST_F(OpenHumans, UploadsALargeFileInThreeCalls) {
  std::string content(20UL << 20U, 'x');
  for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>(i % 251);
  const auto path = file("test-file.json", content);
  EXPECT_EQ(upload_directly(path, "test-file.json"), 1);
  const auto listed = listing();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(curl({listed[0].at("download_url").get<std::string>()}).body, content);
}

TEST_F(OpenHumans, DeletesInThreeWays) {
  const auto path = file("foobar.txt", "x");
  for (int i = 0; i < 3; ++i) upload(path);
  upload_directly(path, "other.txt");
  EXPECT_EQ(post_json("files/delete/", R"({"project_member_id": "12345678", "file_id": 2})").body,
            R"({"ids":[2]})");
  EXPECT_EQ(post_json("files/delete/",
                      R"({"project_member_id": "12345678", "file_basename": "foobar.txt"})")
                .body,
            R"({"ids":[1,3]})");
  EXPECT_EQ(
      post_json("files/delete/", R"({"project_member_id": "12345678", "all_files": true})").body,
      R"({"ids":[4]})");
  EXPECT_EQ(listing(), json::array());
  EXPECT_EQ(
      post_json("files/delete/", R"({"project_member_id": "12345678", "all_files": True})").status,
      400)
      << "the document's True is no JSON";
}

TEST_F(OpenHumans, ThePathOfTheDocumentsExamplesWasNeverServed) {
  EXPECT_EQ(upload(file("test-file.txt", "test file data\n"), "upload/").status, 404);
}

TEST_F(OpenHumans, AKillLosesNothingThatWasAcknowledged) {
  const auto path = file("test-file.txt", "test file data\n");
  upload(path);
  const auto begun = curl({signed_url("files/upload/direct/"), "-F", "project_member_id=12345678",
                           "-F", "metadata=" + metadata, "-F", "filename=b.txt"});
  const auto target = json::parse(begun.body).at("url").get<std::string>();
  const auto behind = target.substr(mock_->url().size());
  mock_->process().kill();
  start();
  EXPECT_EQ(listing().size(), 1U);
  EXPECT_EQ(curl({"-T", path, mock_->url() + behind}).status, 200)
      << "the URL is as good as before";
  mock_->process().kill();
  start();
  EXPECT_EQ(curl({signed_url("files/upload/complete/"), "-F", "project_member_id=12345678", "-F",
                  "file_id=2"})
                .body,
            R"({"status":"ok","size":15})");
  mock_->process().kill();
  start();
  EXPECT_EQ(listing().size(), 2U);
}

TEST_F(OpenHumans, LanesAreServersOfTheirOwn) {
  const auto path = file("test-file.txt", "test file data\n");
  const auto main = mock_->url();
  upload(path);
  const auto lane = "/_lane/blue/api/direct-sharing/project/";
  const auto begun =
      curl({main + lane + "files/upload/direct/?access_token=example_token", "-F",
            "project_member_id=12345678", "-F", "metadata=" + metadata, "-F", "filename=b.txt"});
  ASSERT_EQ(begun.status, 201) << begun.body;
  const auto body = json::parse(begun.body);
  EXPECT_EQ(body.at("id"), 1);
  const auto url = body.at("url").get<std::string>();
  EXPECT_TRUE(url.starts_with(main + "/_lane/blue/open-humans-production/")) << url;
  EXPECT_EQ(curl({"-T", path, url}).status, 200);
  EXPECT_EQ(curl({main + lane + "files/upload/complete/?access_token=example_token", "-F",
                  "project_member_id=12345678", "-F", "file_id=1"})
                .status,
            200);
  EXPECT_EQ(listing().size(), 1U);
}

TEST_F(OpenHumans, SharesAPortWithDex) {
  start("dex,openhumans");
  EXPECT_EQ(curl({mock_->url() + "/health"}).status, 200);
  const auto path = file("test-file.txt", "test file data\n");
  EXPECT_EQ(upload(path).status, 201);
  EXPECT_EQ(upload_directly(path, "b.txt"), 2);
  EXPECT_EQ(listing().size(), 2U);
}

TEST_F(OpenHumans, SharesAPortWithAnotherObjectStore) {
  start("objects,openhumans");
  const auto path = file("test-file.txt", "test file data\n");
  EXPECT_EQ(upload_directly(path, "b.txt"), 1);
  EXPECT_EQ(listing().size(), 1U);
  EXPECT_EQ(curl({"-F", "key=a", "-F", "file=@" + path, mock_->url() + "/publicbucket"}).status,
            204);
}

}  // namespace
