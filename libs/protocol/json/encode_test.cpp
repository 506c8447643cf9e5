#include "protocol/json/encode.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

using nlohmann::ordered_json;

// What Go 1.24's json.Marshal prints for the same strings.
TEST(JsonEncode, StringsAsGoWritesThem) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  constexpr Case cases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"<a href=\"x\">&", R"("\u003ca href=\"x\"\u003e\u0026")"},
      {"back\\slash", R"("back\\slash")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\""},
      {"\xE2\x80\xA8\xE2\x80\xA9", R"("\u2028\u2029")"},
      {"größe \xF0\x9F\x98\x80", "\"größe \xF0\x9F\x98\x80\""},
      {"\xFF", R"("\ufffd")"},
      {"\xE2\x82", R"("\ufffd\ufffd")"},
      {"\xE2\x82x", R"("\ufffd\ufffdx")"},
      {"\xC0\xAF", R"("\ufffd\ufffd")"},
      {"\xED\xA0\x80", R"("\ufffd\ufffd\ufffd")"},
      {"\xF4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
      {"\xEF\xBF\xBD", "\"\xEF\xBF\xBD\""},
  };
  for (const auto& c : cases) EXPECT_EQ(json::dump_string(c.text), c.json);
  EXPECT_EQ(json::dump_string(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonEncode, DocumentsKeepTheirOrder) {
  const ordered_json document{{"z", 1},
                              {"a", {true, nullptr, -2, 1.5, "<"}},
                              {"empty", ordered_json::object()},
                              {"none", ordered_json::array()},
                              {"<k>", {{"n", 18'446'744'073'709'551'615ULL}}}};
  EXPECT_EQ(json::dump(document), R"({"z":1,"a":[true,null,-2,1.5,"\u003c"],"empty":{},"none":[],)"
                                  R"("\u003ck\u003e":{"n":18446744073709551615}})");
}

TEST(JsonEncode, AsPythonWritesIt) {
  const ordered_json document{
      {"<z>", {true, false, nullptr, -2, 1.5, 1e100, 18'446'744'073'709'551'615ULL}},
      {"\"\\\x01\x7F\b", "gr\xC3\xB6\xC3\x9F\x65\xE2\x80\xA8\xFF"},
      {"", {ordered_json::object(), ordered_json::array()}}};
  EXPECT_EQ(json::dump_plain(document),
            "{\"<z>\":[true,false,null,-2,1.5,1e+100,18446744073709551615],"
            "\"\\\"\\\\\\u0001\x7F\\b\":\"gr\xC3\xB6\xC3\x9F\x65\xE2\x80\xA8\xEF\xBF\xBD\","
            "\"\":[{},[]]}");
  EXPECT_EQ(json::dump_plain(nlohmann::json{{"b", 1}, {"a", 2}}), R"({"a":2,"b":1})");
  EXPECT_EQ(json::dump_ascii("a\"\n"), R"("a\"\n")");
  EXPECT_EQ(json::dump_ascii("\x7F\xC3\xB6\xF0\x9F\x98\x80\xFF"),
            R"("\u007f\u00f6\ud83d\ude00\ufffd")");
}

TEST(JsonEncode, PlainJsonSortsItsKeys) {
  EXPECT_EQ(json::dump(nlohmann::json{{"b", 1}, {"a", 2}}), R"({"a":2,"b":1})");
}

TEST(JsonEncode, Utf8) {
  for (const std::string_view text : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(json::is_utf8(text));
  }
  for (const std::string_view text :
       {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x90\x80", "a\xFF"}) {
    EXPECT_FALSE(json::is_utf8(text));
  }
}

}  // namespace
