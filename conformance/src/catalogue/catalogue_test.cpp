#include "catalogue/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "catalogue/selection.hpp"

namespace conformance {
namespace {

using testing::HasSubstr;

const Catalogue& embedded() {
  static const Catalogue catalogue = [] {
    auto loaded = load_catalogue(embedded_requirements(), words_of(systems()));
    if (!loaded) throw std::runtime_error(loaded.error().line());
    return std::move(*loaded);
  }();
  return catalogue;
}

std::string error_of(std::string_view text) {
  const EmbeddedFile document{"a.json", text};
  const auto loaded = load_catalogue({&document, 1}, words_of(systems()));
  return loaded ? "" : loaded.error().line();
}

TEST(Catalogue, TheEmbeddedOneIsWhole) {
  // The census counted 402; rows may be added, none may be lost.
  EXPECT_GE(embedded().rows().size(), 402U);
  const Requirement* row = embedded().find("TUS-CORE-VER-004");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->area, "core-version");
  EXPECT_EQ(row->level, Level::must);
  EXPECT_EQ(row->origin, "tus");
  EXPECT_FALSE(row->known.at("tusd").empty());
  EXPECT_EQ(embedded().find("TUS-NO-001"), nullptr);
}

TEST(Catalogue, EveryExclusionIsASystemOrAnExtension) {
  for (const Requirement& row : embedded().rows()) {
    for (const std::string& e : row.excludes) {
      EXPECT_THAT(e, testing::AnyOf("dex", "tus", "termination", "creation-defer-length",
                                    "concatenation", "checksum", "checksum-trailer"))
          << row.id;
    }
  }
}

TEST(Catalogue, FaultsAreToldWithFileAndField) {
  const std::string head = R"({"area":"a","system":"tus","requirements":[)";
  const std::string row =
      R"({"id":"TUS-A-001","level":"MUST","section":"s","requirement":"r","test":"t"})";
  EXPECT_EQ(error_of(head + row + "]}"), "");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = row;
    changed.replace(changed.find(from), from.size(), to);
    return error_of(head + changed + "]}");
  };
  EXPECT_THAT(with("MUST", "must"),
              HasSubstr("a.json: requirements[0].level: expected one of MUST"));
  EXPECT_THAT(with("TUS-A-001", "tus-1"), HasSubstr("requirements[0].id: expected an id like"));
  EXPECT_THAT(with("\"section\":\"s\"", "\"section\":\"\""), HasSubstr("requirements[0].section"));
  EXPECT_THAT(with("\"test\"", "\"tests\""), HasSubstr("unknown key"));
  EXPECT_THAT(error_of(head + row + "," + row + "]}"), HasSubstr("TUS-A-001 is there twice"));
  EXPECT_THAT(error_of(R"({"area":"a","system":"x","requirements":[]})"), HasSubstr("system"));
  EXPECT_THAT(error_of(R"({"area":"a","system":"tus","requirements":[]})"),
              HasSubstr("no requirement"));
  EXPECT_THAT(error_of("{"), HasSubstr("a.json:1:2: not JSON"));
}

/// What tests/wrong_documents.json has of a kind of document.
nlohmann::json wrong_documents(const std::string& kind) {
  std::ifstream in(DEX_FIXTURES "/../tests/wrong_documents.json");
  return nlohmann::json::parse(in).at(kind);
}

TEST(Catalogue, RefusesWhatItsSchemaRefuses) {
  for (const auto& wrong : wrong_documents("requirement")) {
    EXPECT_THAT(error_of(wrong.at("document").dump()),
                HasSubstr(wrong.at("says").get<std::string>()))
        << wrong.at("document");
  }
}

TEST(Catalogue, TheSchemaNamesTheServersOfEverySystem) {
  std::ifstream in(DEX_FIXTURES "/requirements/schema.json");
  const auto row = nlohmann::json::parse(in).at("properties").at("requirements").at("items");
  EXPECT_EQ(row.at("additionalProperties"), false);
  std::set<std::string> named;
  for (const auto& [key, property] : row.at("properties").items()) named.insert(key);
  std::set<std::string> known{"id",   "level",    "section", "requirement",
                              "test", "excludes", "slow"};
  for (const auto& server : words_of(systems()).servers) known.insert(server);
  EXPECT_EQ(named, known);
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_matches("TUS-*", "TUS-CORE-VER-001"));
  EXPECT_TRUE(glob_matches("tus-core-ver-00?", "TUS-CORE-VER-001"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*-*-0*1", "A-B-001"));
  EXPECT_TRUE(glob_matches("**a", "bca"));
  EXPECT_FALSE(glob_matches("TUS", "TUS-1"));
  EXPECT_FALSE(glob_matches("a?", "a"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_TRUE(glob_matches("", ""));
}

std::size_t count(const Selection& selection, std::string_view system) {
  std::size_t n = 0;
  for (const Requirement& row : embedded().rows()) {
    n += applies(row, *system_named(systems(), system)) && selects(selection, row) ? 1U : 0U;
  }
  return n;
}

TEST(Selection, SystemsLevelsAndPatterns) {
  EXPECT_EQ(count({{"core-version"}, Level::may}, "tus"), 7U);
  EXPECT_EQ(count({{"TUS-CORE-VER-*"}, Level::may}, "tus"), 7U);
  EXPECT_EQ(count({{"TUS-CORE-VER-001", "cors"}, Level::may}, "tus"), 10U);
  EXPECT_EQ(count({{"dex"}, Level::may}, "tus"), 0U);
  EXPECT_GE(count({{"dex"}, Level::may}, "dex"), 135U);
  EXPECT_EQ(count({{"ietf"}, Level::may}, "dex"), 0U);
  EXPECT_EQ(count({{"core-options"}, Level::must}, "tus"), 7U);
  EXPECT_EQ(count({{"core-options"}, Level::should}, "tus"), 9U);
  EXPECT_EQ(count({{"must"}, Level::may}, "tus"), count({{}, Level::must}, "tus"));
}

TEST(Selection, RowsThatExcludeASystemAreNotJudgedThere) {
  for (const char* id : {"TUS-META-002", "TUS-META-003", "TUS-META-009"}) {
    EXPECT_EQ(count({{id}, Level::may}, "tus"), 1U) << id;
    EXPECT_EQ(count({{id}, Level::may}, "dex"), 0U) << id;
  }
}

TEST(Selection, APatternThatNamesNothingIsAnError) {
  EXPECT_TRUE(validate({{"cors", "TUS-*"}, Level::may}, embedded()));
  const auto bad = validate({{"cors", "TSU-*"}, Level::may}, embedded());
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().line(), HasSubstr("--select: \"TSU-*\" names no requirement"));
  EXPECT_THAT(bad.error().line(), testing::Not(HasSubstr("nearest")));
}

TEST(Selection, AMisspeltNameIsAnsweredWithTheNearest) {
  for (const auto& [pattern, nearest] : {std::pair{"TUS-CORE-HAED-004", "TUS-CORE-HEAD-004"},
                                         {"tus-core-haed-004", "TUS-CORE-HEAD-004"},
                                         {"core-optoins", "core-options"},
                                         {"shoud", "should"}}) {
    const auto bad = validate({{pattern}, Level::may}, embedded());
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().hint, HasSubstr("the nearest are " + std::string(nearest) + ", "));
  }
}

}  // namespace
}  // namespace conformance
