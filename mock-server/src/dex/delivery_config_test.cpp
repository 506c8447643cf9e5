#include "dex/delivery_config.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

std::optional<std::string> environment(const std::string& name) {
  return name == "ROOT" ? std::optional<std::string>("/data") : std::nullopt;
}
Result<DeliveryConfig> parse(const std::string& text) {
  return parse_delivery_config(text, "deliver.yml", environment);
}

constexpr const char* two_targets = R"(version: 1.0
targets:
  edav:
    name: edav
    type: file
    path: ./uploads/edav
  ehdi:
    type: file
    path: ${ROOT}/ehdi
routing_groups:
  - data_stream_id: dextesting
    data_stream_route: testevent1
    delivery_targets:
      - name: edav
        path_template: '{{.Year}}/{{.Filename}}_{{.UploadId}}'
      - name: ehdi
  - data_stream_id: nowhere
    data_stream_route: nothing
)";

TEST(DeliveryConfig, DEX_CFG_002_ReadsCdcsForm) {
  const auto config = parse(two_targets);
  ASSERT_TRUE(config) << config.error().line();
  ASSERT_EQ(config->targets.size(), 2U);
  ASSERT_NE(config->target("edav"), nullptr);
  EXPECT_EQ(config->target("edav")->folder, "./uploads/edav");
  ASSERT_NE(config->target("ehdi"), nullptr) << "named by its key";
  EXPECT_EQ(config->target("ehdi")->folder, "/data/ehdi");
  EXPECT_EQ(config->target("other"), nullptr);
}

TEST(DeliveryConfig, DEX_DELIV_006_GroupsAreFoundByStream) {
  const auto config = parse(two_targets);
  ASSERT_TRUE(config) << config.error().line();
  const auto* group =
      config->group_of({{"data_stream_id", "dextesting"}, {"data_stream_route", "testevent1"}});
  ASSERT_NE(group, nullptr);
  ASSERT_EQ(group->size(), 2U);
  EXPECT_EQ((*group)[0].name, "edav");
  EXPECT_EQ((*group)[1].name, "ehdi");
  const auto* empty =
      config->group_of({{"data_stream_id", "nowhere"}, {"data_stream_route", "nothing"}});
  ASSERT_NE(empty, nullptr);
  EXPECT_TRUE(empty->empty());
  EXPECT_EQ(config->group_of({{"data_stream_id", "dextesting"}, {"data_stream_route", "other"}}),
            nullptr);
  EXPECT_EQ(config->group_of({}), nullptr);
}

TEST(DeliveryConfig, CloudTargetsNeedAFolderThatStandsIn) {
  const std::string s3 = "targets:\n  a:\n    type: s3\n    bucket_name: b\n";
  const auto refused = parse(s3);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().line().find("add 'path: FOLDER'"), std::string::npos)
      << refused.error().line();
  const auto accepted = parse(s3 + "    path: /tmp/b\n");
  ASSERT_TRUE(accepted) << accepted.error().line();
  EXPECT_EQ(accepted->targets[0].folder, "/tmp/b");
}

TEST(DeliveryConfig, DEX_CFG_003_UnknownTypes) {
  const auto config = parse("targets:\n  a:\n    type: ftp\n    path: x\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().line(),
            "deliver.yml:3 (targets.a.type): Unknown destination type: ftp "
            "(expected file, s3 or az-blob)");
}

struct Bad {
  const char* text;
  const char* said;
};
class BadDeliveryFile : public testing::TestWithParam<Bad> {};
TEST_P(BadDeliveryFile, IsRefusedNamingThePlace) {
  const auto config = parse(GetParam().text);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().line().rfind("deliver.yml", 0), 0U) << config.error().line();
  EXPECT_NE(config.error().line().find(GetParam().said), std::string::npos)
      << config.error().line();
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadDeliveryFile,
    testing::Values(
        Bad{"", "expected a mapping"}, Bad{"targets: [", "deliver.yml:1"},
        Bad{"a\n", "expected a mapping"}, Bad{"version: 1.0\n", "targets"},
        Bad{"programs: []\n", "routing_groups"}, Bad{"version: 2.0\ntargets: {}\n", "version"},
        Bad{"targets: []\n", "mapping"}, Bad{"targets:\n  a: x\n", "targets.a"},
        Bad{"targets:\n  a: {path: x}\n", "type"}, Bad{"targets:\n  a: {type: file}\n", "path"},
        Bad{"targets:\n  a: {type: file, path: ''}\n", "must not be empty"},
        Bad{"targets:\n  a: {type: file, path: x, paht: y}\n", "paht"},
        Bad{"targets:\n  a: {type: file, path: x}\n  a: {type: file, path: x}\n", "twice"},
        Bad{"targets:\n  a: {type: file, path: x, name: b}\n  b: {type: file, path: x}\n",
            "earlier target"},
        Bad{"targets: {}\nrouting_groups: {}\n", "list"},
        Bad{"targets: {}\nrouting_groups:\n  - data_stream_id: x\n", "data_stream_route"},
        Bad{"targets: {}\nrouting_groups:\n"
            "  - {data_stream_id: x, data_stream_route: y, delivery_targets: [{name: a}]}\n",
            "delivery_targets[0].name"},
        Bad{"targets: {}\nrouting_groups:\n"
            "  - {data_stream_id: x, data_stream_route: y}\n"
            "  - {data_stream_id: x, data_stream_route: y}\n",
            "second group"},
        Bad{"targets: {a: {type: file, path: x}}\nrouting_groups:\n"
            "  - data_stream_id: x\n    data_stream_route: y\n    delivery_targets:\n"
            "      - {name: a, path_template: '{{.Minute}}'}\n",
            "deliver.yml:6"}));

TEST(DeliveryConfig, AFileThatCannotBeReadIsNamed) {
  for (const char* file : {"/nonexistent/deliver.yml", "/"}) {
    const auto config = load_delivery_config(file, environment);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().line().rfind(file, 0), 0U) << config.error().line();
  }
}

}  // namespace
}  // namespace mock
