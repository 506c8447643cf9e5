#include "redact/field_names.hpp"

#include <gtest/gtest.h>

namespace redact {
namespace {

TEST(FieldNames, CredentialsAreKnownByTheirKind) {
  for (const char* name :
       {"Authorization", "proxy-authorization", "Cookie", "Set-Cookie", "X-API-Key", "x-api-key",
        "Ocp-Apim-Subscription-Key", "X-Auth-Token", "X-Amz-Security-Token", "X-CSRF-Token",
        "Client-Secret", "X-Functions-Key", "apikey", "X-Session-Id", "X-Hub-Signature"}) {
    EXPECT_TRUE(is_credential_field(name)) << name;
    EXPECT_FALSE(is_harmless_field(name)) << name;
  }
  for (const char* name : {"WWW-Authenticate", "Proxy-Authenticate", "Upload-Metadata",
                           "Tus-Resumable", "Content-Type", "Location", "X-Partner"}) {
    EXPECT_FALSE(is_credential_field(name)) << name;
  }
}

TEST(FieldNames, OnlyWhatIsKnownToBeHarmlessIsShown) {
  for (const char* name :
       {"User-Agent", "Accept-Language", "X-Forwarded-Proto", "X-Request-Id", "Tus-Version",
        "Content-Language", "X-Dex-Lane", "Sec-Fetch-Mode", "Access-Control-Request-Method"}) {
    EXPECT_TRUE(is_harmless_field(name)) << name;
  }
  for (const char* name : {"X-Partner", "X-Whatever", "If-Token", "Accept-Key"}) {
    EXPECT_FALSE(is_harmless_field(name)) << name;
  }
}

}  // namespace
}  // namespace redact
