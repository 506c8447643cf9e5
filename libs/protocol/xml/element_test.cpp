#include "protocol/xml/element.hpp"

#include <gtest/gtest.h>

namespace xml {
namespace {

TEST(Xml, ElementsAndText) {
  const auto root = parse(
      "\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?>\n<!-- a -->\n"
      "<s3:A xmlns:s3=\"http://x/\" b='>'>\n  <B> x &lt;&#65;&#x42;&amp;&quot;</B>\r\n"
      "  <C/><B><![CDATA[<&]]>y<!-- z --></B>\n</s3:A >\n<!-- end -->\n");
  ASSERT_TRUE(root) << root.error().line();
  EXPECT_EQ(*root, (Element{"A", "", {leaf("B", " x <AB&\""), leaf("C", ""), leaf("B", "<&y")}}));
  EXPECT_EQ(root->text_of("B"), " x <AB&\"");
  EXPECT_EQ(root->text_of("C"), "");
  EXPECT_EQ(root->text_of("D"), std::nullopt);
  EXPECT_EQ(root->find("D"), nullptr);
}

TEST(Xml, WhatIsRefused) {
  for (const char* text : {"",
                           "x",
                           "<",
                           "<a",
                           "<a>",
                           "<a></b>",
                           "<a></a>x",
                           "<a></a><b/>",
                           "<a><b></a></b>",
                           "<1/>",
                           "<a b/>",
                           "<a b=c/>",
                           "<a b='c/>",
                           "<a>&nbsp;</a>",
                           "<a>&#0;</a>",
                           "<a>&#xD800;</a>",
                           "<a>&#99999999999999999999;</a>",
                           "<a>&amp</a>",
                           "<a>x<b/></a>",
                           "<a><!-- </a>",
                           "<a><![CDATA[ </a>",
                           "<a><?pi?></a>",
                           "<a/ >",
                           "<a></a",
                           "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}) {
    const auto root = parse(text);
    ASSERT_FALSE(root) << text;
    EXPECT_TRUE(root.error().where.starts_with("XML, byte ")) << text;
    EXPECT_NE(root.error().what, "") << text;
  }
}

TEST(Xml, IsBounded) {
  const auto nested = [](std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "<a>";
    for (std::size_t i = 0; i < levels; ++i) text += "</a>";
    return parse(text);
  };
  EXPECT_TRUE(nested(16));
  EXPECT_EQ(nested(17).error().what, "deeper than 16 levels");
  EXPECT_FALSE(nested(100'000));
  std::string many = "<a>";
  for (int i = 0; i < 60'000; ++i) many += "<b/>";
  EXPECT_EQ(parse(many + "</a>").error().what, "more than 60000 elements");
}

// Once, a quarter of a megabyte of them took half a minute: each led to a look at all after it.
TEST(Xml, ManyAttributesTakeNoLongerThanOthers) {
  std::string text = "<a";
  for (int i = 0; i < 500'000; ++i) text += " b=''";
  EXPECT_TRUE(parse(text + "/>"));
}

TEST(Xml, WhatIsWrittenIsRead) {
  const Element root{"A",
                     "",
                     {leaf("B", " <&>\"'\r\n\t\xC3\xA9\xF0\x9F\x98\x80"),
                      leaf("C", ""),
                      {"D", "", {leaf("E", "x")}}}};
  EXPECT_EQ(parse(write(root)), root);
  EXPECT_EQ(parse(write(root, "http://x/")), root);
  EXPECT_EQ(write(leaf("A", "x"), "http://x/"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"http://x/\">x</A>");
  EXPECT_TRUE(
      write(leaf("A", std::string("\0\x1B\xFF\xC3\xEF\xBF\xBF", 7)))
          .ends_with("<A>\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD</A>"));
}

}  // namespace
}  // namespace xml
