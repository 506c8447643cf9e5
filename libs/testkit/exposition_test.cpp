#include "testkit/exposition.hpp"

#include <gmock/gmock.h>

namespace testkit {
namespace {

using ::testing::HasSubstr;

TEST(Exposition, ReadsFamilies) {
  const auto read = parse_exposition(
      "# HELP a Things, by kind\n# TYPE a counter\na{y=\"2\",x=\"q\\\"\\\\\\n\"} 3\n"
      "# HELP h \n# TYPE h histogram\nh_count 2\nh_sum 1.5\nh_bucket{le=\"1\"} 1\n"
      "h_bucket{le=\"+Inf\"} 2\n");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->at("a").samples.at("a{x=\"q\\\"\\\\\\n\",y=\"2\"}"), 3);
  EXPECT_EQ(read->at("a").help, "Things, by kind");
  EXPECT_EQ(read->at("h").samples.size(), 4U);
}

struct Broken {
  const char* text;
  const char* complaint;
};
class Refuses : public ::testing::TestWithParam<Broken> {};
TEST_P(Refuses, Broken) {
  const auto read = parse_exposition(GetParam().text);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error(), HasSubstr(GetParam().complaint));
}
INSTANTIATE_TEST_SUITE_P(
    Exposition, Refuses,
    ::testing::Values(
        Broken{"a 1\n", "follows no TYPE"}, Broken{"# TYPE a counter\na 1", "line feed"},
        Broken{"# TYPE a counter\na 1\na 2\n", "series comes twice"},
        Broken{"# TYPE a counter\na -1\n", "negative"}, Broken{"# TYPE a thing\n", "no type"},
        Broken{"# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n", "family 'a'"},
        Broken{"# TYPE a gauge\na{x=\"\\q\"} 1\n", "escape"},
        Broken{"# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n", "label 'x'"},
        Broken{"# TYPE a gauge\na{1=\"1\"} 1\n", "no label"},
        Broken{"# TYPE a gauge\na one\n", "no number"},
        Broken{"# TYPE a gauge\na{x=\"line\nbreak\"} 1\n", "does not end"},
        Broken{"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\n", "+Inf"},
        Broken{"# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n",
               "do not grow"}));

}  // namespace
}  // namespace testkit
