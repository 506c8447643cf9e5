// The examples of One Codex' documents, run by curl against the mock, without the errors that they
// have (docs/guides/onecodex.md); and how long hostile names take.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "programs.hpp"
#include "protocol/onecodex/answers.hpp"

namespace {

using nlohmann::json;
using onecodex::Kind;
using programs::curl;
using programs::CurlAnswer;
using programs::Mock;

const std::string api_key = "demodemodemodemodemodemodemodemo";

class OneCodex : public testing::Test {
 protected:
  OneCodex() { start(); }

  void start(const std::string& profile = "onecodex", const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"--profile", profile, "--store", store_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    mock_.emplace(std::move(arguments));
  }
  [[nodiscard]] std::string url(const std::string& call) const {
    return mock_->url() + prefix_ + "/api/v1/" + call;
  }
  CurlAnswer post(const std::string& call, const std::string& body) {
    return curl(
        {url(call), "-u", api_key + ":", "-H", "Content-Type: application/json", "-d", body});
  }
  json shown(const std::string& call) {
    const auto answer = curl({url(call), "-u", api_key + ":"});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  static CurlAnswer send(const onecodex::UploadForm& form, const std::string& path) {
    std::vector<std::string> arguments{form.url};
    for (const auto& [name, value] : form.fields) {
      arguments.insert(arguments.end(), {"--form-string", name + "=" + value});
    }
    arguments.insert(arguments.end(), {"-F", "file=@" + path});
    return curl(std::move(arguments));
  }
  onecodex::Initiated begin(Kind kind, const std::string& body) {
    const auto begun = post(std::string(onecodex::resource_of(kind)) + "/init_upload", body);
    EXPECT_EQ(begun.status, 200) << begun.body;
    return onecodex::parse_initiated(begun.body, kind).value();
  }
  CurlAnswer confirm(const std::string& id) {
    return post("samples/confirm_upload", R"({"sample_id": ")" + id + "\"}");
  }
  /// Uploads a sample and confirms it; returns its id.
  std::string upload(const std::string& path) {
    const auto begun = begin(Kind::sample, R"({"filename": "HiSeq_accuracy.fa", "size": 9})");
    const auto stored = send(begun.file, path);
    EXPECT_EQ(stored.status, 201) << stored.body;
    const auto confirmed = confirm(begun.id);
    EXPECT_EQ(confirmed.status, 200) << confirmed.body;
    return begun.id;
  }
  std::string download(const std::string& resource, const std::string& id) {
    const auto told =
        curl({"-X", "POST", url(resource + "/" + id + "/download_uri"), "-u", api_key + ":"});
    return curl({json::parse(told.body).at("download_uri").get<std::string>()}).body;
  }
  [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }

  std::string prefix_;  ///< of a lane's URLs, or empty
  testkit::TempFolder folder_;
  std::string store_ = folder_.path() / "store";
  std::optional<Mock> mock_;
};

TEST_F(OneCodex, UploadsASampleAndGivesItBack) {
  const auto id = upload(file("HiSeq_accuracy.fa", ">a\nACGT\n\n"));
  EXPECT_EQ(shown("samples/" + id).at("size"), 9);
  EXPECT_EQ(download("samples", id), ">a\nACGT\n\n");
  prefix_ = "/_lane/blue";
  EXPECT_EQ(shown("samples"), json::array()) << "a server of its own";
  const auto other = upload(file("HiSeq_accuracy.fa", ">b\nACGT\n\n"));
  EXPECT_EQ(download("samples", other), ">b\nACGT\n\n");
}

TEST_F(OneCodex, UploadsALargeDocument) {
  std::string content(20UL << 20U, 'x');
  for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>(i % 251);
  const auto begun = begin(Kind::document, R"({"filename": "report.pdf", "size": )" +
                                               std::to_string(content.size()) + "}");
  EXPECT_EQ(send(begun.file, file("report.pdf", content)).status, 201);
  const auto body = R"({"document_id": ")" + begun.id + "\"}";
  EXPECT_EQ(post("documents/confirm_upload", body).status, 200);
  EXPECT_EQ(download("documents", begun.id), content);
}

TEST_F(OneCodex, AKillLosesNothingThatWasAcknowledged) {
  const auto path = file("HiSeq_accuracy.fa", ">a\nACGT\n\n");
  const auto done = upload(path);
  auto begun = begin(Kind::sample, R"({"filename": "a.fa", "size": 9})");
  const auto behind = begun.file.url.substr(mock_->url().size());
  mock_->process().kill();
  start();
  begun.file.url = mock_->url() + behind;
  EXPECT_EQ(send(begun.file, path).status, 201) << "the form is as good as before";
  mock_->process().kill();
  start();
  EXPECT_EQ(confirm(begun.id).status, 200);
  mock_->process().kill();
  start();
  EXPECT_EQ(shown("samples").size(), 2U);
  EXPECT_EQ(download("samples", done), ">a\nACGT\n\n");
}

TEST_F(OneCodex, AFormIsGoodForAsLongAsItIsSetTo) {
  start("onecodex", {"--oc-lifetime", "1h"});
  const auto path = file("HiSeq_accuracy.fa", ">a\nACGT\n\n");
  const auto body = R"({"filename": "HiSeq_accuracy.fa", "size": 9})";
  const auto early = begin(Kind::sample, body);
  const auto late = begin(Kind::sample, body);
  EXPECT_EQ(send(early.file, path).status, 201);
  const auto clock = curl({mock_->url() + "/_mock/clock", "-H", "Content-Type: application/json",
                           "-d", R"({"advance": "61m"})"});
  EXPECT_EQ(clock.status, 200) << clock.body;
  EXPECT_EQ(send(late.file, path).status, 403);
  EXPECT_EQ(confirm(early.id).status, 200) << "its file came in time";
}

TEST_F(OneCodex, AHostileNameIsAnsweredAtOnce) {
  std::string name;
  while (name.size() < 4'000) name += "a.";
  const auto body = R"({"filename": ")" + name + R"(!", "size": 1})";
  // The fastest of five requests, so that the load of the machine does not count.
  auto best = std::chrono::milliseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto answer = curl({url("samples/init_upload"), "-u", api_key + ":", "-H",
                              "Content-Type: application/json", "-d", body, "--write-out",
                              "\n%{time_starttransfer}\n%{http_code}"});
    EXPECT_EQ(answer.status, 400) << answer.body;
    const auto seconds = std::stod(answer.body.substr(answer.body.rfind('\n') + 1));
    best = std::min(best, std::chrono::milliseconds(static_cast<long>(seconds * 1000)));
  }
  EXPECT_LT(best, std::chrono::milliseconds(50));
}

TEST_F(OneCodex, SharesAPortWithTheOthers) {
  start("dex,openhumans,onecodex");
  EXPECT_EQ(curl({mock_->url() + "/health"}).status, 200);
  EXPECT_EQ(curl({mock_->url() + "/api/direct-sharing/project/members/?access_token=example_token"})
                .status,
            200);
  const auto id = upload(file("HiSeq_accuracy.fa", ">a\nACGT\n\n"));
  EXPECT_EQ(download("samples", id), ">a\nACGT\n\n");
}

}  // namespace
