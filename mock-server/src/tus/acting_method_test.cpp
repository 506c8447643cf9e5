#include "tus/acting_method.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "dex/routes.hpp"
#include "system/identity_routes.hpp"
#include "tus/routes.hpp"
#include "tus/tus_handler.hpp"

namespace mock {
namespace {

Request with(std::initializer_list<std::string> overrides) {
  Request request;
  request.method = "POST";
  for (const auto& value : overrides) request.fields.add("x-http-method-override", value);
  return request;
}

/// nullopt: contradictory.
std::optional<std::string> acting_method(const Request& request, Route route) {
  Addressed addressed;
  addressed.route = route;
  addressed.method = request.method;
  read_method(request, {}, addressed);
  EXPECT_EQ(addressed.overridden, !request.fields.empty());
  if (addressed.contradictory) return std::nullopt;
  return addressed.method;
}

TEST(ActingMethod, TheOverrideDecidesOnUploads) {
  for (const Route route : std::initializer_list<Route>{routes::creation, routes::upload}) {
    EXPECT_EQ(acting_method(with({}), route), "POST");
    EXPECT_EQ(acting_method(with({"PATCH"}), route), "PATCH");
    EXPECT_EQ(acting_method(with({"DELETE", "DELETE"}), route), "DELETE");
  }
}

TEST(ActingMethod, MeansNothingElsewhere) {
  for (const Route route :
       std::initializer_list<Route>{routes::info, routes::redelivery, routes::oauth,
                                    routes::control, routes::metrics, Route{}}) {
    EXPECT_EQ(acting_method(with({"DELETE"}), route), "POST");
    EXPECT_EQ(acting_method(with({"DELETE", "GET"}), route), "POST");
  }
}

TEST(ActingMethod, CountsAsItIsSpelled) {
  EXPECT_EQ(acting_method(with({"patch"}), routes::upload), "patch");
  EXPECT_EQ(acting_method(with({""}), routes::upload), "");
  EXPECT_EQ(acting_method(with({" PATCH\t"}), routes::upload), "PATCH");
}

TEST(ActingMethod, LinesThatContradictEachOtherAreNoMethod) {
  EXPECT_EQ(acting_method(with({"PATCH", "DELETE"}), routes::upload), std::nullopt);
  EXPECT_EQ(acting_method(with({"PATCH", "patch"}), routes::upload), std::nullopt);
  EXPECT_EQ(acting_method(with({"", "DELETE"}), routes::upload), std::nullopt);
}

}  // namespace
}  // namespace mock
