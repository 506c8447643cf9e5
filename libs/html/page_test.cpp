#include "html/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

namespace html {
namespace {
using testing::HasSubstr;
using testing::Not;

const std::string hostile = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>&amp;";

TEST(Markup, IsTextUnlessItIsATag) {
  EXPECT_EQ(Markup("a < b & \"c\" 'd'").str(), "a &lt; b &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(tag("td", {{"title", "\"><b>"}}, "<b>").str(),
            "<td title=\"&quot;&gt;&lt;b&gt;\">&lt;b&gt;</td>");
  EXPECT_EQ((tag("b", "x") + " & " + tag("i", tag("b", "y"))).str(),
            "<b>x</b> &amp; <i><b>y</b></i>");
  EXPECT_EQ(leaf("rect", {{"width", "3"}}).str(), "<rect width=\"3\"/>");
}

TEST(Markup, HasNoControlsAndIsUtf8) {
  EXPECT_EQ(Markup("a\x1b[31m\n\xff\xc3\xa4").str(), "a\\x1b[31m\n\\xff\xc3\xa4");
  EXPECT_EQ(Markup(std::string_view("\0", 1)).str(), "\\x00");
  EXPECT_EQ(tag("b", {{"title", "\x07"}}, "").str(), "<b title=\"\\x07\"></b>");
}

TEST(Markup, LinksToPagesAndPlacesOnly) {
  EXPECT_EQ(link("#a", "b").str(), "<a href=\"#a\">b</a>");
  EXPECT_EQ(link("https://tus.io/?a=1&b=\"", "<b>").str(),
            "<a href=\"https://tus.io/?a=1&amp;b=&quot;\">&lt;b&gt;</a>");
  for (const char* const to : {"javascript:alert(1)", " javascript:alert(1)", "data:text/html,x",
                               "file:///etc/passwd", "//host/x", ""}) {
    EXPECT_EQ(link(to, "text").str(), "text") << to;
  }
}

TEST(Markup, MakesIds) {
  EXPECT_EQ(slug("The Rush: 5 pm!"), "the-rush-5-pm");
  EXPECT_EQ(slug("\"><script>"), "script");
  EXPECT_EQ(slug("***"), "x");
}

Page page_of(const std::string& text) {
  Page page;
  page.title = text;
  page.tone = Tone::bad;
  page.verdict = text;
  page.lead = facts({{text, text}}) + figures({{text, text}});
  page.sections.push_back(
      {"a", text, table({text, {{text}, {text, Align::number}}, {{text, text}}})});
  page.sections.push_back(
      {"b", text,
       fold(text, verbatim(text, text)) + badge(Tone::good, text) + note(Tone::warning, text)});
  page.made_by = text;
  return page;
}

TEST(Page, EscapesWhateverIsGiven) {
  const std::string made = document(page_of(hostile));
  EXPECT_THAT(made, Not(HasSubstr("<script")));
  EXPECT_THAT(made, Not(HasSubstr("<img")));
  EXPECT_THAT(made, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
  // Every tag is one of ours, and so is every attribute.
  const std::string plain = document(page_of("plain"));
  const std::regex tags("<[^>]*>");
  const auto all = [&](const std::string& text) {
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), tags), end; at != end; ++at) {
      found.push_back(std::regex_replace(at->str(), std::regex("aria-label=\"[^\"]*\""), ""));
    }
    return found;
  };
  EXPECT_EQ(all(made), all(plain));
}

TEST(Page, AsksForNothingAndRunsNothing) {
  const std::string made = document(page_of("plain"));
  EXPECT_THAT(made, HasSubstr("default-src &#39;none&#39;"));
  for (const char* const no :
       {"<script", "<link", "src=", "@import", "url(", "<iframe", "onload"}) {
    EXPECT_THAT(made, Not(HasSubstr(no))) << no;
  }
  EXPECT_THAT(made, testing::StartsWith("<!DOCTYPE html>\n<html lang=\"en\">"));
}

TEST(Page, IsForKeyboardsAndScreenReaders) {
  const std::string made = document(page_of("plain"));
  EXPECT_THAT(made, HasSubstr("<a class=\"skip\" href=\"#main\">"));
  for (const char* const part : {"<header>", "<nav aria-label=", "<main id=\"main\"", "<footer>",
                                 "<caption>", "scope=\"col\"", "scope=\"row\"", "<summary>",
                                 "tabindex=\"0\"", "<section aria-labelledby=\"a\">"}) {
    EXPECT_THAT(made, HasSubstr(part));
  }
  // Tones have a sign and a word, not only a colour.
  std::set<std::string> signs;
  for (const Tone tone : {Tone::good, Tone::bad, Tone::warning, Tone::neutral}) {
    signs.insert(std::regex_replace(badge(tone, "w").str(), std::regex("class=\"[^\"]*\""), ""));
  }
  EXPECT_EQ(signs.size(), 4U);
}

}  // namespace
}  // namespace html
