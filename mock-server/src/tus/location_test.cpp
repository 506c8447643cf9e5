#include "tus/location.hpp"

#include <gtest/gtest.h>

#include "http/http_options.hpp"
#include "tus/routes.hpp"

namespace mock {
namespace {

Request request_to(std::string path, ::http::Fields fields) {
  Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.fields = std::move(fields);
  request.local_authority = "127.0.0.1:8080";
  return request;
}

const RouteMatch files{routes::creation, "", "/files"};
const RouteMatch gateway{routes::creation, "", "/upload"};

TEST(Location, FollowsHostAndScheme) {
  auto request = request_to("/files", {{"Host", "api.example:99"}});
  EXPECT_EQ(location_of(request, files, false, "x"), "http://api.example:99/files/x");
  request.tls = true;
  EXPECT_EQ(location_of(request, gateway, false, "x"), "https://api.example:99/upload/x");
}

TEST(Location, TUS_CREATE_019_WithoutAUsableHostItIsOurOwnAddress) {
  for (const auto* host : {"", "a b", "evil\"", "a/b", "user@host", "a,b"}) {
    EXPECT_EQ(origin_of(request_to("/files", {{"Host", host}}), false), "http://127.0.0.1:8080")
        << host;
  }
  EXPECT_EQ(origin_of(request_to("/files", {}), false), "http://127.0.0.1:8080");
  EXPECT_EQ(origin_of(request_to("/files", {{"Host", "[::1]:80"}}), false), "http://[::1]:80");
}

TEST(Location, ForwardedFieldsCountOnlyWhenTrusted) {
  struct Case {
    ::http::Fields fields;
    const char* origin;
  };
  for (const auto& c : {
           Case{{{"X-Forwarded-Host", "a.example"}, {"X-Forwarded-Proto", "https"}},
                "https://a.example"},
           Case{{{"X-Forwarded-Proto", "https, http"}}, "https://host"},
           Case{{{"X-Forwarded-Proto", "gopher"}}, "http://host"},
           Case{{{"X-Forwarded-Host", "evil/path"}}, "http://host"},
           Case{{{"Forwarded", "for=1.2.3.4;host=b.example;proto=https"}}, "https://b.example"},
           Case{{{"Forwarded", "Proto=HTTPS; Host=\"b.example:8443\", host=c.example"}},
                "https://b.example:8443"},
           Case{{{"Forwarded", ";;=;host"}}, "http://host"},
           Case{{{"X-Forwarded-Host", "a.example"}, {"Forwarded", "host=b.example"}},
                "http://b.example"},
       }) {
    auto fields = c.fields;
    fields.add("Host", "host");
    EXPECT_EQ(origin_of(request_to("/files", fields), true), c.origin);
    EXPECT_EQ(origin_of(request_to("/files", fields), false), "http://host");
  }
}

TEST(PartUrl, TUS_CONCAT_016_AbsoluteAndRelative) {
  const auto request = request_to("/files", {{"Host", "Host.example:80"}});
  for (const auto* url :
       {"/files/a", "/upload/a", "files/a", "./files/a", "http://host.example/files/a",
        "HTTP://HOST.EXAMPLE:80/files/a", "//host.example/files/a", "/files/a?x=1",
        "/other/../files/a", "http://127.0.0.1:8080/files/a", "/files/%61"}) {
    EXPECT_EQ(part_id(url, request, files, false), "a") << url;
  }
  const auto slash = request_to("/files/", {{"Host", "h"}});
  EXPECT_EQ(part_id("a", slash, files, false), "a");
  EXPECT_EQ(part_id("../upload/a", slash, files, false), "a");
}

TEST(PartUrl, TUS_CONCAT_022_ForeignHostsAndOtherThings) {
  const auto request = request_to("/files", {{"Host", "host.example"}});
  for (const auto* url :
       {"http://evil.example/files/a", "//evil.example/files/a", "ftp://host.example/files/a",
        "http://host.example:81/files/a", "http://host.example", "http://", "/files/", "/files",
        "/a", "", "?", "/files/a/b", "/info/a", "/files/..", "/files/a%2Fb", "/files/a%00",
        "/files/%", "http://host.example@evil.example/files/a", "/../../files"}) {
    EXPECT_EQ(part_id(url, request, files, false), std::nullopt) << url;
  }
}

TEST(PartUrl, BehindAProxyBothNamesAreOurs) {
  const auto request = request_to("/files", {{"Host", "internal:8080"},
                                             {"X-Forwarded-Host", "api.example"},
                                             {"X-Forwarded-Proto", "https"}});
  EXPECT_EQ(part_id("https://api.example/files/a", request, files, true), "a");
  EXPECT_EQ(part_id("http://internal:8080/files/a", request, files, true), "a");
  EXPECT_EQ(part_id("https://api.example/files/a", request, files, false), std::nullopt);
}

TEST(Location, ForwardedFieldsAreTakenAsTheyAreWhereTheProfileSaysSo) {
  HttpOptions http;
  http.forwarded_verbatim = true;
  struct Case {
    ::http::Fields fields;
    const char* origin;
  };
  for (const auto& c : {
           Case{{{"X-Forwarded-Host", "a.example, b.example"}}, "http://a.example, b.example"},
           Case{{{"X-Forwarded-Host", "a.example:443"}, {"X-Forwarded-Proto", "https"}},
                "https://a.example"},
           Case{{{"X-Forwarded-Proto", "HTTPS"}}, "http://host"},
           Case{{{"X-Forwarded-Proto", "https, http"}}, "http://host"},
           Case{{{"X-Forwarded-Host", ""}}, "http://host"},
           Case{{{"Forwarded", "for=1.2.3.4;host=\"b.example\";proto=https"}}, "https://b.example"},
           Case{{{"Forwarded", "host=a.example, host=b.example"}},
                "http://a.example, host=b.example"},
           Case{{{"Forwarded", "Host=a.example;Proto=HTTPS"}}, "http://host"},
           Case{{{"X-Forwarded-Host", "a.example"}, {"Forwarded", "host=b.example"}},
                "http://b.example"},
       }) {
    auto fields = c.fields;
    fields.add("Host", "host");
    auto request = request_to("/files", std::move(fields));
    request.http = &http;
    EXPECT_EQ(origin_of(request, true), c.origin);
    EXPECT_EQ(origin_of(request, false), "http://host") << "trusted is another question";
  }
}

}  // namespace
}  // namespace mock
