// --upload-url: a service whose uploads are made by another API is judged without creating any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "programs.hpp"
#include "transport/client.hpp"

namespace {

using programs::judge;
using programs::Mock;
using testing::HasSubstr;
using Arguments = std::vector<std::string>;

std::string made(const Mock& mock, const std::string& length) {
  transport::Client client({});
  transport::Request request;
  request.method = "POST";
  request.url = mock.creation_url();
  request.headers = {{"Tus-Resumable", "1.0.0"}, {"Upload-Length", length}};
  const auto seen = client.send(request);
  return std::string(seen.response.value().headers.find("Location").value());
}

class UploadUrls : public ::testing::Test {
 protected:
  /// `flags`, and --upload-url for `count` new uploads.
  [[nodiscard]] Arguments with_uploads(std::size_t count, Arguments flags) const {
    for (std::size_t i = 0; i < count; ++i) {
      flags.insert(flags.end(), {"--upload-url", made(mock_, "10")});
    }
    return flags;
  }
  Mock mock_{{"--profile", "tus", "--store", "memory"}};
};

TEST_F(UploadUrls, AreJudgedWithoutACreation) {
  const auto run = judge(
      mock_.creation_url(),
      with_uploads(60, {"--system", "tus", "--jobs", "2", "--patience", "1", "--select",
                        "core-head", "--select", "core-patch", "--select", "creation", "--select",
                        "termination", "--select", "http", "--select", "ietf-draft"}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("remark: uploads that another API made: 60 of 10 bytes; each is "
                                 "used by one check and not cleaned up"));
  EXPECT_EQ(run.results.at("TUS-CORE-HEAD-001").at("verdict"), "pass");
  EXPECT_EQ(run.results.at("TUS-TERM-002").at("verdict"), "pass");
  for (const char* row : {"TUS-CREATE-001", "TUS-CREATE-002", "TUS-CREATE-021", "IETF-002"}) {
    EXPECT_EQ(run.results.at(row).at("verdict"), "skip") << row;
    EXPECT_THAT(run.results.at(row).at("got").get<std::string>(),
                HasSubstr("uploads are another API's (--upload-url)"));
  }
  EXPECT_GT(run.report.at("counts").at("pass"), 20) << run.out;
  EXPECT_EQ(run.report.at("uploads").at("left").size(), 0U);
  const auto asked =
      nlohmann::json::parse(programs::curl({mock_.control_url() + "/_mock/journal/verify", "-H",
                                            "Content-Type: application/json", "-d",
                                            R"({"match": {"method": "POST", "status": 201}})"})
                                .body);
  EXPECT_EQ(asked.at("count"), 60) << "those of the test: " << asked;
}

TEST_F(UploadUrls, AreAllThatAPlanHas) {
  Arguments plan{DEX_CONFORMANCE, "plan", "--url", mock_.creation_url(), "--system", "tus"};
  EXPECT_THAT(testkit::run(plan).out, HasSubstr("uploads   at most "));
  const auto told = testkit::run(with_uploads(3, plan));
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("uploads   none is created: 3 are given"));
}

TEST_F(UploadUrls, SayWhenThereAreTooFew) {
  const auto run =
      judge(mock_.creation_url(),
            with_uploads(1, {"--system", "tus", "--jobs", "1", "--select", "core-head"}));
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("no upload of 10 bytes is left among those of --upload-url"));
}

TEST_F(UploadUrls, ThatAreNoneAreAnError) {
  const auto run = judge(mock_.creation_url(),
                         {"--system", "tus", "--upload-url", mock_.creation_url() + "/0123"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("--upload-url: " + mock_.creation_url() +
                                 "/0123 is no upload at its beginning: HEAD is answered 404"));
}

}  // namespace
