#include "catalogue/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "catalogue/costs.hpp"
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
  // The first collection had 402 (docs/reference/sources.md); rows may be added, none may be lost.
  EXPECT_GE(embedded().rows().size(), 402U);
  const Requirement* row = embedded().find("TUS-CORE-VER-004");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->name, "version-412-lists-versions");
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
      R"({"id":"TUS-A-001","name":"a-b-c","level":"MUST","section":"s","requirement":"r","test":"t"})";
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
  EXPECT_THAT(with("\"test\"", "\"arguable\":\"why\",\"test\""),
              HasSubstr("requirements[0].level: expected SHOULD or less of what is arguable"));
  EXPECT_THAT(with("\"test\"", "\"arguable\":\"\",\"test\""),
              HasSubstr("requirements[0].arguable"));
  EXPECT_THAT(error_of(head + row + "," + row + "]}"), HasSubstr("TUS-A-001 is there twice"));
  EXPECT_THAT(with("\"name\":\"a-b-c\",", ""),
              HasSubstr("a.json: requirements[0]: TUS-A-001 has no name: three to seven words"));
  std::string second = row;
  second.replace(second.find("001"), 3, "002");
  EXPECT_THAT(error_of(head + row + "," + second + "]}"),
              HasSubstr("requirements[1].name: TUS-A-002 has the name of TUS-A-001, a-b-c"));
  EXPECT_THAT(error_of(R"({"area":"a","system":"x","requirements":[]})"), HasSubstr("system"));
  EXPECT_THAT(error_of(R"({"area":"a","system":"tus","requirements":[]})"),
              HasSubstr("no requirement"));
  EXPECT_THAT(error_of("{"), HasSubstr("a.json:1:2: not JSON"));
}

TEST(Catalogue, ANameIsThreeToSevenWords) {
  const auto named = [](const std::string& name) {
    return error_of(R"({"area":"a","system":"tus","requirements":[{"id":"TUS-A-001","name":")" +
                    name + R"(","level":"MUST","section":"s","requirement":"r","test":"t"}]})");
  };
  for (const char* good : {"a-b-c", "patch-at-another-offset-is-409", "a-b-c-d-e-f-1"}) {
    EXPECT_EQ(named(good), "");
  }
  for (const char* bad : {"", "a", "a-b", "a-b-c-d-e-f-g-h", "A-b-c", "a_b-c-d", "a--b-c", "-a-b-c",
                          "a-b-c-", "1-b-c", "a b-c-d", "\u00e4-b-c"}) {
    EXPECT_THAT(named(bad), HasSubstr("a.json: requirements[0].name: the name of TUS-A-001 is three"
                                      " to seven words, as in "))
        << bad;
  }
}

/// Names must not add rows to a glob that is meant for areas or ids, such as `core-*`.
TEST(Catalogue, NamesKeepOutOfTheWayOfAreasAndIds) {
  std::set<std::string> areas, families;
  const auto first_word = [](const std::string& text) { return text.substr(0, text.find('-')); };
  for (const Requirement& row : embedded().rows()) {
    areas.insert(row.area);
    families.insert(first_word(row.id));
  }
  for (const Requirement& row : embedded().rows()) {
    for (const std::string& area : areas) {
      EXPECT_TRUE(!row.name.starts_with(area) || row.area.starts_with(area)) << row.name;
    }
    for (const std::string& family : families) {
      EXPECT_TRUE(!glob_matches(family + "-*", row.name) || first_word(row.id) == family)
          << row.name;
    }
  }
}

/// The wrong documents of one kind, from tests/wrong_documents.json.
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

TEST(Costs, AreRefusedWhereTheirSchemaRefusesThem) {
  for (const auto& wrong : wrong_documents("costs")) {
    const auto read = parse_costs(wrong.at("document").dump(), "costs.json");
    ASSERT_FALSE(read) << wrong.at("document");
    EXPECT_THAT(read.error().line(), HasSubstr(wrong.at("says").get<std::string>()));
  }
}

TEST(Costs, OfEverySystemAreKnownForMostOfItsRows) {
  std::set<std::string> judged;
  for (const Check& check : checks_of(systems())) judged.insert(std::string(check.requirement));
  for (const System* system : systems()) {
    const auto costs = load_costs(embedded_costs(), system->name);
    ASSERT_TRUE(costs) << costs.error().line();
    for (const auto& [id, cost] : costs->rows) {
      EXPECT_NE(embedded().find(id), nullptr) << id << " is no row any more: run scripts/costs.sh";
    }
    std::size_t rows = 0;
    std::size_t known = 0;
    for (const Requirement& row : embedded().rows()) {
      if (!applies(row, *system) || !judged.contains(row.id)) continue;
      ++rows;
      known += costs->rows.contains(row.id) ? 1 : 0;
    }
    // Rows that were skipped during the measurement have no cost; `plan` says how many.
    EXPECT_GE(10 * known, 8 * rows) << system->name << ": run scripts/costs.sh";
  }
}

TEST(Catalogue, TheSchemaNamesTheServersOfEverySystem) {
  std::ifstream in(DEX_FIXTURES "/requirements/schema.json");
  const auto row = nlohmann::json::parse(in).at("properties").at("requirements").at("items");
  EXPECT_EQ(row.at("additionalProperties"), false);
  std::set<std::string> named;
  for (const auto& [key, property] : row.at("properties").items()) named.insert(key);
  std::set<std::string> known{"id",   "name",     "level",    "section", "requirement",
                              "test", "excludes", "arguable", "slow"};
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
  EXPECT_EQ(count({{"patch-above-the-offset-is-409"}, Level::may}, "tus"), 1U);
  EXPECT_EQ(count({{"PATCH-above-*", "TUS-CORE-PATCH-009"}, Level::may}, "tus"), 1U);
}

TEST(Selection, ASlowRowIsAskedForByIdNameAndTag) {
  const Requirement& slow = *embedded().find("TUS-TIME-007");
  ASSERT_TRUE(slow.slow);
  for (const char* word : {"tus-time-007", "Upload-waits-for-twenty-seconds", "slow"}) {
    EXPECT_TRUE(asks_for_slow({{word}, Level::may}, slow)) << word;
  }
  for (const char* word : {"TUS-TIME-*", "upload-waits-*", "over-time"}) {
    EXPECT_FALSE(asks_for_slow({{word}, Level::may}, slow)) << word;
  }
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
  for (const auto& [pattern, nearest] :
       {std::pair{"TUS-CORE-HAED-004", "TUS-CORE-HEAD-004"},
        {"tus-core-haed-004", "TUS-CORE-HEAD-004"},
        {"core-optoins", "core-options"},
        {"patch-abve-the-offset-is-409", "patch-above-the-offset-is-409"},
        {"shoud", "should"}}) {
    const auto bad = validate({{pattern}, Level::may}, embedded());
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().hint, HasSubstr("the nearest are " + std::string(nearest) + ", "));
  }
}

}  // namespace
}  // namespace conformance
