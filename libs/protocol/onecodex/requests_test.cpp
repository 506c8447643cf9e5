#include "protocol/onecodex/requests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace onecodex {
namespace {

/// "" for what is taken; else the keyword that it breaks, and where: "maxLength metadata.name".
template <class T>
std::string verdict(const Expected<T>& parsed) {
  if (parsed) return "";
  auto text = parsed.error().keyword;
  if (text.empty()) return "no JSON";
  for (std::size_t i = 0; i < parsed.error().path.size(); ++i) {
    text += (i == 0 ? " " : ".") + parsed.error().path[i];
  }
  EXPECT_FALSE(parsed.error().text.empty());
  EXPECT_TRUE(nlohmann::json::accept(parsed.error().demanded)) << parsed.error().demanded;
  return text;
}

struct Row {
  std::string text;
  std::string server;
  std::string guide;
};

std::string letters(std::size_t count) { return std::string(count, 'x'); }
std::string sample(const std::string& members) {
  return R"({"filename": "a.fa", "size": 1, )" + members + "}";
}
Row both(const std::string& members, const std::string& breach) {
  return {sample(members), breach, breach};
}
Row metadata(const std::string& members, const std::string& breach) {
  return both("\"metadata\": {" + members + "}", breach);
}

TEST(OneCodexRequests, ToInitialiseASample) {
  const Row rows[] = {
      {"", "no JSON", "no JSON"},
      {"{'filename': 'a.fa'}", "no JSON", "no JSON"},
      {"[]", "type", "type"},
      {"{}", "required", "required"},
      {R"({"filename": "a.fa"})", "required", ""},
      {R"({"size": 1})", "required", "required"},
      {R"({"filename": "a.fa", "size": 1})", "", ""},
      {R"({"filename": "a.fa", "size": 1, "size": 2})", "no JSON", "no JSON"},
      {R"({"filename": "a.fa", "size": null})", "type size", ""},
      {R"({"filename": "a.fa", "size": 0})", "minimum size", "minimum size"},
      {R"({"filename": "a.fa", "size": -1})", "minimum size", "minimum size"},
      {R"({"filename": "a.fa", "size": 1.5})", "type size", "type size"},
      {R"({"filename": "a.fa", "size": "1"})", "type size", "type size"},
      {R"({"filename": "a.fa", "size": true})", "type size", "type size"},
      {R"({"filename": "a.fa", "size": 18446744073709551615})", "", ""},
      {R"({"filename": "a", "size": 1})", "pattern filename", "pattern filename"},
      {R"({"filename": "\u00e9.fa", "size": 1})", "", "pattern filename"},
      {R"({"filename": null, "size": 1})", "type filename", "type filename"},
      {sample(R"("paired_end_filename": "b.fa")"), "", ""},
      {sample(R"("paired_end_filename": "b/c.fa")"), "pattern paired_end_filename",
       "pattern paired_end_filename"},
      {sample(R"("unknown": 1)"), "additionalProperties", ""},
      both(R"("upload_type": "standard")", ""),
      both(R"("upload_type": "fast")", "enum upload_type"),
      both(R"("interleaved": null)", ""),
      both(R"("interleaved": 1)", "type interleaved"),
      both(R"("sample_id": null, "external_sample_id": null)", ""),
      both(R"("sample_id": 1)", "type sample_id"),
      both(R"("external_sample_id": {})", "type external_sample_id"),
      both(R"("project": null)", ""),
      both(R"("project": "0123456789abcdef")", ""),
      both(R"("project": {"$ref": "/api/v1/projects/a"})", ""),
      both(R"("project": "0123456789abcdef0")", "anyOf project"),
      both(R"("project": {"$ref": "/api/v1/samples/a"})", "anyOf project"),
      both(R"("project": {"$ref": "/api/v1/projects/a/b"})", "anyOf project"),
      both(R"("project": 1)", "anyOf project"),
      both(R"("tags": [{"name": ")" + letters(30) + "\"}]", ""),
      both(R"("tags": [{"name": "a"}, {"name": ")" + letters(31) + "\"}]", "maxLength tags.1.name"),
      both(R"("tags": {})", "type tags"),
      both(R"("tags": ["a"])", "type tags.0"),
      {sample(R"("tags": [{}])"), "", "required tags.0"},
      {sample(R"("tags": [null])"), "", "type tags.0"},
      {sample(R"("tags": [{"name": null}])"), "", "type tags.0.name"},
      {sample(R"("tags": [{"name": "a", "b": 1}])"), "additionalProperties tags.0", ""},
      {sample(R"("metadata": null)"), "", "type metadata"},
      both(R"("metadata": [])", "type metadata"),
      metadata(R"("unknown": 1)", "additionalProperties metadata"),
      metadata(R"("name": ")" + letters(255) + "\"", ""),
      metadata(R"("name": ")" + letters(256) + "\"", "maxLength metadata.name"),
      metadata(R"("name": "\u00e9)" + letters(254) + "\"", ""),
      metadata(R"("location_string": ")" + letters(256) + "\"",
               "maxLength metadata.location_string"),
      metadata(R"("external_sample_id": ")" + letters(60) + "\"", ""),
      metadata(R"("external_sample_id": ")" + letters(61) + "\"",
               "maxLength metadata.external_sample_id"),
      metadata(R"("location_lat": 90, "location_lon": -180.0)", ""),
      metadata(R"("location_lat": 90.1)", "maximum metadata.location_lat"),
      metadata(R"("location_lat": -91)", "minimum metadata.location_lat"),
      metadata(R"("location_lon": 180.5)", "maximum metadata.location_lon"),
      metadata(R"("location_lon": -181)", "minimum metadata.location_lon"),
      metadata(R"("location_lat": "1")", "type metadata.location_lat"),
      metadata(R"("library_type": "WGS", "sample_type": null)", ""),
      metadata(R"("library_type": "wgs")", "enum metadata.library_type"),
      metadata(R"("sample_type": "Other")", ""),
      metadata(R"("sample_type": "other")", "enum metadata.sample_type"),
      metadata(R"("platform": "Illumina MiSeq")", ""),
      metadata(R"("platform": "MiSeq")", "enum metadata.platform"),
      {sample(R"("metadata": {"platform": "BGISEQ"})"), "enum metadata.platform", ""},
      {sample(R"("metadata": {"platform": "Ion GeneStudio S5"})"), "", "enum metadata.platform"},
      metadata(R"("starred": true)", ""),
      metadata(R"("starred": null)", "type metadata.starred"),
      metadata(R"("date_collected": "2018-05-27T12:22:27Z")", ""),
      metadata(R"("date_collected": "2018-05-27T12:22:27.5+02:00")", ""),
      metadata(R"("date_collected": "yesterday")", "format metadata.date_collected"),
      metadata(R"("date_sequenced": "2018-02-30T00:00:00Z")", "format metadata.date_sequenced"),
      metadata(R"("custom": {"a": 1, "b": "c", "d": null, "e": true})", ""),
      metadata(R"("custom": {"a": {}})", "type metadata.custom.a"),
      metadata(R"("custom": {"a": []})", "type metadata.custom.a"),
      metadata(R"("custom": null)", "type metadata.custom"),
  };
  for (const auto& row : rows) {
    EXPECT_EQ(verdict(parse_sample_draft(row.text, Call::init_sample, Contract::server)),
              row.server)
        << row.text;
    EXPECT_EQ(verdict(parse_sample_draft(row.text, Call::init_sample, Contract::guide)), row.guide)
        << row.text;
  }
}

TEST(OneCodexRequests, WhatIsReadOfASample) {
  const auto draft = parse_sample_draft(
      R"({"filename": "a.fa", "size": 7, "paired_end_filename": "b.fa", "sample_id": "s",
          "external_sample_id": "e", "project": {"$ref": "/api/v1/projects/p"},
          "tags": [{"name": "x"}, {"name": "y"}], "metadata": {"name": "n"}})",
      Call::init_sample, Contract::server);
  ASSERT_TRUE(draft);
  EXPECT_EQ(*draft, (SampleDraft{"a.fa", "b.fa", 7, R"({"name":"n"})", {"x", "y"}, "p", "s", "e"}));
  for (const auto* project : {"0123456789abcdef", "0123456789abcdef0"}) {
    SampleDraft other;
    other.project = project;
    EXPECT_EQ(parse_sample_draft(to_json(other), Call::preupload, Contract::server), other);
  }
  EXPECT_EQ(external_id_of(R"({"external_sample_id": "e"})"), "e");
  EXPECT_EQ(external_id_of("{}"), std::nullopt);
}

TEST(OneCodexRequests, OtherCalls) {
  for (const auto contract : {Contract::server, Contract::guide}) {
    const auto sample_call = [&](const std::string& text, Call call) {
      return verdict(parse_sample_draft(text, call, contract));
    };
    EXPECT_EQ(sample_call("{}", Call::init_sample_multipart), "");
    EXPECT_EQ(sample_call(R"({"filename": null})", Call::init_sample_multipart), "");
    EXPECT_EQ(sample_call(R"({"filename": "a"})", Call::init_sample_multipart), "pattern filename");
    EXPECT_EQ(sample_call("{}", Call::preupload), "");
    EXPECT_EQ(sample_call(R"({"metadata": {"starred": 1}})", Call::preupload),
              "type metadata.starred");
    EXPECT_EQ(verdict(parse_document_draft(R"({"filename": "a/b: c", "size": 1})", contract)), "");
    EXPECT_EQ(verdict(parse_document_draft(R"({"filename": "a"})", contract)), "required");
    EXPECT_EQ(verdict(parse_document_draft(R"({"filename": "a", "size": 0})", contract)),
              "minimum size");
    EXPECT_EQ(verdict(parse_confirmation("{}", Call::cancel_sample, contract)), "required");
    EXPECT_EQ(parse_confirmation(R"({"sample_id": "s"})", Call::cancel_sample, contract)->id, "s");
    EXPECT_EQ(verdict(parse_confirmation("{}", Call::confirm_sample, contract)), "required");
    EXPECT_EQ(verdict(parse_confirmation(R"({"sample_id": 1})", Call::confirm_sample, contract)),
              "type sample_id");
    EXPECT_EQ(parse_confirmation(R"({"document_id": "d"})", Call::confirm_document, contract)->id,
              "d");
  }
  // The document uses sample_id in its httpie line, and document_id in Python.
  const std::string sample_id = R"({"sample_id": "d"})";
  EXPECT_EQ(verdict(parse_confirmation(sample_id, Call::confirm_document, Contract::server)),
            "additionalProperties");
  EXPECT_EQ(parse_confirmation(sample_id, Call::confirm_document, Contract::guide)->id, "d");
  EXPECT_EQ(verdict(parse_confirmation("{}", Call::confirm_document, Contract::guide)), "anyOf");
  const std::string sizes = R"({"sample_id": "s", "size": 3, "md5": "m", "file_type": null})";
  EXPECT_EQ(parse_confirmation(sizes, Call::confirm_sample, Contract::server),
            (Confirmation{"s", 3, "m"}));
  EXPECT_EQ(parse_confirmation(sizes, Call::confirm_sample, Contract::guide), (Confirmation{"s"}));
}

TEST(OneCodexRequests, Callbacks) {
  EXPECT_EQ(
      parse_callback(R"({"s3_path": "s3://b/k/l", "filename": "a", "import_as_document": 1})"),
      (Callback{"b", "k/l", "a"}));
  EXPECT_EQ(parse_callback(R"({"s3_path": "s3://b/k"})"), (Callback{"b", "k", std::nullopt}));
  for (const auto* text : {"{}", R"({"s3_path": 1})", R"({"s3_path": "b/k"})",
                           R"({"s3_path": "s3://b"})", R"({"s3_path": "s3://b/"})"}) {
    EXPECT_NE(verdict(parse_callback(text)), "") << text;
  }
}

TEST(OneCodexSchema, TellsWhatRequestsAreHeldTo) {
  const auto all = nlohmann::json::parse(expanded_schema_document());
  const auto brief = nlohmann::json::parse(schema_document());
  EXPECT_EQ(all.at("properties").size(), brief.at("properties").size());
  for (const auto& [name, reference] : brief.at("properties").items()) {
    EXPECT_EQ(reference.at("$ref"), "/api/v1/" + name + "/schema#");
    ASSERT_NE(schema_document(name), nullptr);
    EXPECT_EQ(nlohmann::json::parse(*schema_document(name)), all.at("properties").at(name));
  }
  EXPECT_EQ(schema_document("nothing"), nullptr);
  const auto& links = all.at("properties").at("samples").at("links");
  const auto init = std::find_if(links.begin(), links.end(), [](const nlohmann::json& link) {
    return link.at("rel") == "init_upload";
  });
  ASSERT_NE(init, links.end());
  EXPECT_EQ(init->at("href"), "/api/v1/samples/init_upload");
  EXPECT_EQ(init->at("schema").at("required"), (nlohmann::json{"size", "filename"}));
  EXPECT_EQ(init->at("schema")
                .at("properties")
                .at("metadata")
                .at("properties")
                .at("name")
                .at("maxLength"),
            255);
}

}  // namespace
}  // namespace onecodex
