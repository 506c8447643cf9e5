#include "http/addressed.hpp"

#include <gtest/gtest.h>

#include "http/http_options.hpp"
#include "tus/test_address.hpp"

namespace mock {
namespace {

Request request(std::string method, std::string path, ::http::Fields fields = {}) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.fields = std::move(fields);
  return request;
}

TEST(Addressed, SaysEndpointUploadAndMethod) {
  const auto patch =
      test::addressed(request("POST", "/upload/a%20b", {{"X-HTTP-Method-Override", "PATCH"}}));
  EXPECT_EQ(patch.route, routes::upload);
  EXPECT_EQ(patch.id, "a b");
  EXPECT_EQ(patch.base, "/upload");
  EXPECT_EQ(patch.method, "PATCH");
  EXPECT_FALSE(patch.contradictory);
}

TEST(Addressed, LinesThatContradictEachOtherLeaveTheMethodOfTheRequestLine) {
  const auto both = test::addressed(
      request("POST", "/files/a",
              {{"X-HTTP-Method-Override", "PATCH"}, {"X-HTTP-Method-Override", "HEAD"}}));
  EXPECT_TRUE(both.contradictory);
  EXPECT_EQ(both.method, "POST");
}

TEST(Addressed, SaysThatAnotherMethodIsNamedWhereItIsNotHeeded) {
  const ::http::Fields fields{{"X-HTTP-Method-Override", "DELETE"}};
  const auto heeded = test::addressed(request("OPTIONS", "/files/a", fields));
  EXPECT_TRUE(heeded.overridden);
  EXPECT_EQ(heeded.method, "DELETE");
  const auto ignored = test::addressed(request("OPTIONS", "/info/a", fields));
  EXPECT_TRUE(ignored.overridden);
  EXPECT_EQ(ignored.method, "OPTIONS");
  EXPECT_FALSE(test::addressed(request("OPTIONS", "/files/a")).overridden);
}

TEST(Addressed, IsReadInTheMannerOfTheLane) {
  HttpOptions http;
  http.ids_hold_slashes = true;
  auto asked = request("GET", "/files/a/b");
  EXPECT_EQ(test::addressed(asked).route, Route{});
  asked.http = &http;
  EXPECT_EQ(test::addressed(asked).id, "a/b");
}

TEST(Addressed, ACreationWhosePathNamesTheUploadIsAboutThat) {
  static constexpr Endpoint put{.name = "put", .creates = true, .names_upload = true};
  Addressed addressed;
  addressed.route = put;
  addressed.id = "u1";
  const ::http::Fields none;
  EXPECT_EQ(upload_of(addressed, 201, &none), "u1");
}

TEST(Addressed, ACreationIsAboutTheUploadAtTheEndOfItsLocation) {
  const auto creation = test::addressed(request("POST", "/files"));
  const auto made = [&](std::string location, int status = 201) {
    const ::http::Fields fields{{"Location", std::move(location)}};
    return upload_of(creation, status, &fields);
  };
  EXPECT_EQ(made("http://a.example/_lane/blue/files/u%2B1"), "u+1");
  EXPECT_EQ(made("/files/u1?x#y"), "u1");
  EXPECT_EQ(made("/files/"), "");
  EXPECT_EQ(made("u1"), "");
  EXPECT_EQ(made("/files/u1", 200), "");
  EXPECT_EQ(upload_of(creation, 201, nullptr), "");
  const ::http::Fields elsewhere{{"Location", "/files/u2"}};
  EXPECT_EQ(upload_of(test::addressed(request("HEAD", "/info/u1")), 201, &elsewhere), "u1");
}

}  // namespace
}  // namespace mock
