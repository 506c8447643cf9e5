#include "http/acting_method.hpp"

#include <gtest/gtest.h>

namespace mock {
namespace {

Request with(std::initializer_list<std::string> overrides) {
  Request request;
  request.method = "POST";
  for (const auto& value : overrides) request.fields.add("x-http-method-override", value);
  return request;
}

TEST(ActingMethod, TheOverrideDecidesOnUploads) {
  for (const Route route : {Route::creation, Route::upload}) {
    EXPECT_EQ(acting_method(with({}), route), "POST");
    EXPECT_EQ(acting_method(with({"PATCH"}), route), "PATCH");
    EXPECT_EQ(acting_method(with({"DELETE", "DELETE"}), route), "DELETE");
  }
}

TEST(ActingMethod, MeansNothingElsewhere) {
  for (const Route route : {Route::info, Route::redelivery, Route::oauth, Route::control,
                            Route::metrics, Route::unknown}) {
    EXPECT_EQ(acting_method(with({"DELETE"}), route), "POST");
    EXPECT_EQ(acting_method(with({"DELETE", "GET"}), route), "POST");
  }
}

TEST(ActingMethod, CountsAsItIsSpelled) {
  EXPECT_EQ(acting_method(with({"patch"}), Route::upload), "patch");
  EXPECT_EQ(acting_method(with({""}), Route::upload), "");
  EXPECT_EQ(acting_method(with({" PATCH\t"}), Route::upload), "PATCH");
}

TEST(ActingMethod, LinesThatContradictEachOtherAreNoMethod) {
  EXPECT_EQ(acting_method(with({"PATCH", "DELETE"}), Route::upload), std::nullopt);
  EXPECT_EQ(acting_method(with({"PATCH", "patch"}), Route::upload), std::nullopt);
  EXPECT_EQ(acting_method(with({"", "DELETE"}), Route::upload), std::nullopt);
}

}  // namespace
}  // namespace mock
