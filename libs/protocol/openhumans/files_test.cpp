#include "protocol/openhumans/files.hpp"

#include <gtest/gtest.h>

namespace openhumans {
namespace {

const File file{131,
                "data1.csv",
                "2018-05-27T12:22:27.123456Z",
                {7, "VCF"},
                "http://h/data/131/",
                R"({"description":"","tags":["a"]})",
                "direct-sharing-91",
                "http://h/project/91/"};

TEST(OpenHumansFiles, TheFilesOfAMember) {
  const MemberFiles files{"12345678",   "2018-05-27T12:22:27Z", {},    1,
                          std::nullopt, "http://h/?page=1",     {file}};
  EXPECT_EQ(to_json(files),
            R"({"count":1,"next":null,"previous":"http://h/?page=1",)"
            R"("created":"2018-05-27T12:22:27Z","project_member_id":"12345678",)"
            R"("sources_shared":[],"data":[{"id":131,"basename":"data1.csv",)"
            R"("created":"2018-05-27T12:22:27.123456Z","datatypes":[7,"VCF"],)"
            R"("download_url":"http://h/data/131/","metadata":{"description":"","tags":["a"]},)"
            R"("source":"direct-sharing-91","source_project":"http://h/project/91/"}]})");
  EXPECT_EQ(parse_member_files(to_json(files)), files);
}

TEST(OpenHumansFiles, TheMembersOfAProject) {
  const MemberList list{2,
                        "http://h/?page=2",
                        std::nullopt,
                        {{"12345678", 1, "http://h/m/1/", {"direct-sharing-91"}, {file}},
                         {"87654321", 0, "", {}, {}}}};
  EXPECT_EQ(parse_member_list(to_json(list)), list);
}

TEST(OpenHumansFiles, AClientTakesLess) {
  const auto files = parse_member_files(
      R"({"project_member_id": "1", "data": [{"id": 1, "basename": "b", "download_url": "u",
          "metadata": null, "more": {}}], "more": 1})");
  ASSERT_TRUE(files) << files.error().line();
  EXPECT_EQ(files->data, (std::vector<File>{{1, "b", "", {}, "u", "{}", "", ""}}));
  for (const char* text : {"[]", R"({"data": []})", R"({"project_member_id": "1"})",
                           R"({"project_member_id": "1", "data": [{"id": 1, "basename": "b"}]})",
                           R"({"project_member_id": "1",
            "data": [{"id": "1", "basename": "b", "download_url": ""}]})"}) {
    EXPECT_FALSE(parse_member_files(text)) << text;
  }
  EXPECT_EQ(parse_member_list(R"({"results": [{"data": []}]})").error().line(),
            "list of members: results[0]: \"project_member_id\" is missing");
}

TEST(OpenHumansFiles, MetadataThatAreNoJsonAreTold) {
  File odd = file;
  odd.metadata = "{";
  EXPECT_NE(to_json(MemberFiles{"1", "", {}, 1, {}, {}, {odd}}).find(R"("metadata":{})"),
            std::string::npos);
}

}  // namespace
}  // namespace openhumans
