#include "transport/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace transport {
namespace {

using testing::HasSubstr;
using testing::Not;

Exchange example() {
  Exchange e;
  e.sent.method = "PATCH";
  e.sent.url = "http://h/files/1";
  e.sent.headers = {{"Host", "h"}, {"Upload-Offset", "0"}};
  e.sent.body_size = Bytes{3};
  e.sent.body_sha256 = "ba7816bf";
  Response r;
  r.version = "HTTP/1.1";
  r.status = 409;
  r.reason = "Conflict";
  r.headers = {{"Content-Type", "text/plain"}};
  r.body = "offset differs\n";
  r.body_size = Bytes{r.body.size()};
  e.response = r;
  return e;
}

TEST(Transcript, ShowsBothSidesAndNoSentByte) {
  const std::string t = transcript(example());
  EXPECT_THAT(t, HasSubstr("> PATCH http://h/files/1\n> Host: h\n> Upload-Offset: 0\n"));
  EXPECT_THAT(t, HasSubstr("> [body: 3 bytes, sha256 ba7816bf]\n"));
  EXPECT_THAT(t, HasSubstr("< HTTP/1.1 409 Conflict\n"));
  EXPECT_THAT(t, HasSubstr("< | offset differs\n"));
}

TEST(Transcript, SecretsAreRedacted) {
  Exchange e = example();
  e.sent.url = "http://h/oauth?username=demo&password=SECRET1";
  for (const char* name : {"Authorization", "authorization", "Cookie", "Proxy-Authorization"}) {
    e.sent.headers.add(name, "Bearer SECRET2");
  }
  e.interims.push_back({103, {{"Set-Cookie", "s=SECRET3"}}});
  e.response->headers = {{"content-type", "application/json"}, {"Set-Cookie", "s=SECRET4"}};
  e.response->body = R"({"access_token" : "SECRET5\"SECRET6","x":1,"refresh_token":"SECRET7"})";
  e.response->body_size = Bytes{e.response->body.size()};
  const std::string t = transcript(e);
  EXPECT_THAT(t, Not(HasSubstr("SECRET")));
  EXPECT_THAT(t, HasSubstr("username=demo&password=***"));
  EXPECT_THAT(t, HasSubstr(R"("access_token" : "***","x":1)"));
}

TEST(Transcript, SignaturesOfUrlsAreRedacted) {
  Exchange e = example();
  e.sent.url = "http://h/b/k?Signature=SECRET%3D&Expires=1";
  e.response->headers = {{"Content-Type", "application/json"}};
  e.response->body = R"({"url":"http://h/b/k?Expires=1\u0026Signature=SECRET%3D","id":7})";
  EXPECT_THAT(transcript(e), Not(HasSubstr("SECRET")));
  EXPECT_THAT(transcript(e), HasSubstr("Signature=***&Expires=1"));
  EXPECT_THAT(transcript(e), HasSubstr(R"("id":7)"));
  e.response->headers = {{"Content-Type", "application/xml"}};
  e.response->body =
      "<StringToSign>SECRET</StringToSign><StringToSignBytes>SECRET 2</StringToSignBytes>"
      "<SignatureProvided>SECRET=</SignatureProvided><Code>X</Code>";
  EXPECT_THAT(transcript(e), Not(HasSubstr("SECRET")));
  EXPECT_THAT(transcript(e), HasSubstr("<SignatureProvided>***</SignatureProvided><Code>X</Code>"));
}

TEST(Transcript, CredentialsForAStorageAreRedacted) {
  Exchange e = example();
  e.response->headers = {{"Content-Type", "application/json"}};
  e.response->body =
      R"({"upload_aws_access_key_id":"AKIA","upload_aws_secret_access_key":"SECRET","file_id":"f",)"
      R"("additional_fields":{"key":"k","signature":"SECRET="}})";
  EXPECT_THAT(transcript(e), Not(HasSubstr("SECRET")));
  EXPECT_THAT(transcript(e), HasSubstr(R"("upload_aws_access_key_id":"AKIA")"));
  EXPECT_THAT(transcript(e), HasSubstr(R"("file_id":"f")"));
}

TEST(Transcript, ASecretThatIsCutIsStillRedacted) {
  Exchange e = example();
  e.response->headers = {{"Content-Type", "application/json"}};
  e.response->body = std::string(2000, ' ') + R"({"access_token":")" + std::string(500, 'S');
  e.response->body_size = Bytes{9999};
  EXPECT_THAT(transcript(e), Not(HasSubstr("SSS")));
  EXPECT_THAT(transcript(e), HasSubstr("9999 bytes in all"));
}

TEST(Transcript, DownloadsAndBinaryAreNotShown) {
  Exchange e = example();
  e.sent.method = "GET";
  e.response->status = 200;
  e.response->body = "PATIENT";
  e.response->headers = {{"Content-Type", "text/plain"}, {"Content-Disposition", "attachment"}};
  EXPECT_THAT(transcript(e), Not(HasSubstr("PATIENT")));
  e.response->headers = {{"Content-Type", "text/plain"}, {"Tus-Resumable", "1.0.0"}};
  EXPECT_THAT(transcript(e), Not(HasSubstr("PATIENT")));
  e.response->headers = {{"Content-Type", "application/octet-stream"}};
  EXPECT_THAT(transcript(e), Not(HasSubstr("PATIENT")));
}

TEST(Transcript, ControlCharactersCannotSteerATerminal) {
  Exchange e = example();
  e.response->body = "a\x1b[2Jb";
  e.failure = Failure{Failure::Kind::reset, "line\x07"};
  const std::string t = transcript(e);
  EXPECT_THAT(t, HasSubstr("a\\x1b[2Jb"));
  EXPECT_THAT(t, HasSubstr("! reset: line\\x07"));
}

TEST(Redact, FormsJsonAndWhatOnlyLooksLikeThem) {
  EXPECT_EQ(redact("grant_type=password&username=u&password=p%20w&x=1"),
            "grant_type=password&username=u&password=***&x=1");
  EXPECT_EQ(redact("refresh_token=abc"), "refresh_token=***");
  EXPECT_EQ(redact(R"({"password":null,"token":12})"), R"({"password":***,"token":***})");
  EXPECT_EQ(redact("the password was wrong"), "the password was wrong");
  EXPECT_EQ(redact(R"(["access_token","b"])"), R"(["access_token","b"])");
  EXPECT_EQ(redact("my_password_hint=x"), "my_password_hint=x");
}

}  // namespace
}  // namespace transport
