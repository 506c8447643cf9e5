#include "dex/delivery_config.hpp"

#include <gmock/gmock.h>

namespace mock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::optional<std::string> environment(const std::string& name) {
  return name == "ROOT" ? std::optional<std::string>("/data") : std::nullopt;
}
Result<DeliveryConfig> parse(const std::string& text,
                             const std::optional<std::filesystem::path>& root = std::nullopt) {
  return parse_delivery_config(text, "deliver.yml", environment, root);
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
  EXPECT_THAT(refused.error().line(), HasSubstr("deliver.yml:3 (targets.a.type)"));
  EXPECT_THAT(refused.error().line(), HasSubstr("--deliver-root DIR"));
  EXPECT_THAT(refused.error().line(), HasSubstr("add 'path: FOLDER'"));
  EXPECT_THAT(refused.error().line(), Not(HasSubstr("\n")));
  const auto accepted = parse(s3 + "    path: /tmp/b\n");
  ASSERT_TRUE(accepted) << accepted.error().line();
  EXPECT_EQ(accepted->targets[0].folder, "/tmp/b");
}

// Every construct of the files that DEX has been deployed and tested with.
constexpr const char* cloud_targets = R"(version: 1.0

targets:
  checkpoint:
    name: checkpoint
    type: az-blob
    endpoint: $BLOB_ENDPOINT
    container_name: ${BLOB_CONTAINER}
    tenant_id: $BLOB_TENANT
    client_id: $BLOB_CLIENT
    client_secret: $BLOB_SECRET
  emulated:
    name: emulated
    type: az-blob
    endpoint: 'http://blobs:10000/account'
    storage_account: 'account'
    storage_key: $BLOB_KEY
    container_name: emulated
  bucket:
    name: bucket
    type: s3
    bucket_name: bucket
    access_key_id: key
    secret_access_key: secret
    endpoint: "http://buckets:8000"
    region: us-east-1
  local:
    type: file
    path: ./uploads/local

# a comment
routing_groups:
  - data_stream_id: cases
    data_stream_route: csv
    delivery_targets:
      - name: checkpoint
        path_template: "cases-csv/{{.Year}}/{{.Month}}/{{.Day}}/{{.Filename}}_{{.UploadId}}"
      - name: bucket
        path_template: $NO_TEMPLATE
  - data_stream_id: labs
    data_stream_route: hl7
    delivery_targets:
      - name: emulated
        path_template: '{{.DataStreamID}}-{{.DataStreamRoute}}/{{.Filename}}'
      - name: local
  - data_stream_id: cases
    data_stream_route: csv
    delivery_targets:
      - name: local)";

constexpr const char* programs = R"(version: 1.0

blob: &blob
  endpoint: $BLOB_ENDPOINT
  container_name: container
bucket: &bucket
  bucket_name: bucket
  region: us-east-1

programs:
  - data_stream_id: cases
    data_stream_route: csv
    delivery_targets:
      - name: checkpoint
        type: az-blob
        path_template: cases/{{.Filename}}
        <<: *blob
  - data_stream_id: labs
    data_stream_route: hl7
    delivery_targets:
      - name: checkpoint
        type: az-blob
        <<: *blob
      - name: bucket
        type: s3
        <<: *bucket
      - name: local
        type: file
        path: ./uploads/local
)";

std::vector<std::string> names(const std::vector<RoutedTarget>* group) {
  std::vector<std::string> names;
  if (group != nullptr) {
    for (const auto& target : *group) names.push_back(target.name);
  }
  return names;
}

TEST(DeliveryConfig, DEX_CFG_002_UnderARootEachTargetIsAFolderByItsName) {
  const auto config = parse(cloud_targets, "/srv/out");
  ASSERT_TRUE(config) << config.error().line();
  ASSERT_EQ(config->targets.size(), 4U);
  for (const auto& target : config->targets) {
    EXPECT_EQ(target.folder, std::filesystem::path("/srv/out") / target.name);
  }
  EXPECT_EQ(config->target("checkpoint")->kind, TargetKind::az_blob);
  EXPECT_EQ(config->target("bucket")->kind, TargetKind::s3);
  EXPECT_EQ(config->target("local")->kind, TargetKind::file);
  EXPECT_THAT(names(config->group_of({{"data_stream_id", "labs"}, {"data_stream_route", "hl7"}})),
              ElementsAre("emulated", "local"));
}

TEST(DeliveryConfig, OfTwoGroupsOfOneStreamTheLastCounts) {
  const auto config = parse(
      "targets: {a: {type: file, path: x}, b: {type: file, path: x}}\n"
      "routing_groups:\n"
      "  - {data_stream_id: x, data_stream_route: y, delivery_targets: [{name: a}, {name: b}]}\n"
      "  - {data_stream_id: x, data_stream_route: z, delivery_targets: [{name: a}]}\n"
      "  - {data_stream_id: x, data_stream_route: y, delivery_targets: [{name: b}]}\n");
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_THAT(names(config->group_of({{"data_stream_id", "x"}, {"data_stream_route", "y"}})),
              ElementsAre("b"));
  EXPECT_THAT(config->warnings,
              ElementsAre("deliver.yml:5 (routing_groups[2]): is a second group of its stream, and "
                          "replaces the one before as in DEX"));
}

TEST(DeliveryConfig, TheOlderFormSaysInItsGroupsWhatTheTargetsAre) {
  const auto config = parse(programs, "out");
  ASSERT_TRUE(config) << config.error().line();
  ASSERT_EQ(config->targets.size(), 3U);
  EXPECT_EQ(config->target("checkpoint")->folder, "out/checkpoint");
  EXPECT_EQ(config->target("bucket")->kind, TargetKind::s3);
  EXPECT_THAT(names(config->group_of({{"data_stream_id", "labs"}, {"data_stream_route", "hl7"}})),
              ElementsAre("checkpoint", "bucket", "local"));
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(DeliveryConfig, WhatAnAnchorSaysGivesWayToWhatIsSaidHere) {
  const auto config = parse(
      "base: &base {type: file, path: there}\n"
      "targets:\n  a: {<<: *base}\n  b: {<<: *base, path: here}\n");
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_EQ(config->target("a")->folder, "there");
  EXPECT_EQ(config->target("b")->folder, "here");
}

TEST(DeliveryConfig, NamesStayInsideTheRoot) {
  for (const std::string name : {"'..'", "'.'", "a/b", "../a", "/etc", "a/", "\"a\\0b\""}) {
    const std::string text = "targets:\n  x: {type: s3, path: p, name: " + name + "}\n";
    EXPECT_TRUE(parse(text)) << "it is a name as any other where it is no folder's";
    const auto config = parse(text, "out");
    ASSERT_FALSE(config) << name;
    EXPECT_THAT(config.error().line(), HasSubstr("deliver.yml:2 (targets.x.name)"));
    EXPECT_THAT(config.error().line(), HasSubstr("--deliver-root"));
  }
  EXPECT_FALSE(parse("targets:\n  '..': {type: s3}\n", "out")) << "the key as well";
}

TEST(DeliveryConfig, AWideDocumentOfAliasesIsRefused) {
  std::string text = "base: &base {";
  for (int i = 0; i < 101; ++i) text += "k" + std::to_string(i) + ": 1, ";
  const auto wide = parse(text + "type: s3}\ntargets: {a: {<<: *base}}\n", "out");
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().line(), HasSubstr("100 members"));
  const auto deep = parse("a: &a {type: s3}\nb: &b {<<: *a}\ntargets: {c: {<<: *b}}\n", "out");
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().line(), HasSubstr("deliver.yml"));
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
        Bad{"programme: []\n", "routing_groups"}, Bad{"programs: {}\n", "list"},
        Bad{"programs: [{data_stream_id: x, data_stream_route: y, delivery_targets: [{name: a}]}]",
            "type"},
        Bad{"programs: [{data_stream_id: x, data_stream_route: y, delivery_targets: "
            "[{type: file, path: x}]}]",
            "name"},
        Bad{"programs: [{data_stream_id: x, data_stream_route: y, delivery_targets: "
            "[{name: a, type: file, path: x}, {name: a, type: file, path: y}]}]",
            "another path"},
        Bad{"targets:\n  a: {type: file, path: x, <<: [1]}\n", "targets.a.<<"},
        Bad{"version: 2.0\ntargets: {}\n", "version"}, Bad{"targets: []\n", "mapping"},
        Bad{"targets:\n  a: x\n", "targets.a"}, Bad{"targets:\n  a: {path: x}\n", "type"},
        Bad{"targets:\n  a: {type: file}\n", "path"},
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
