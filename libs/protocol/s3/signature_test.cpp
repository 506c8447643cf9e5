#include "protocol/s3/signature.hpp"

#include <gtest/gtest.h>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/s3/time.hpp"

namespace s3 {
namespace {

using std::chrono::seconds;

// The key pairs of AWS's own examples: today's, and that of the guide of 2006.
const Credentials today{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const Credentials old{"0PN5J17HBGZHT7JJ3X82", "uV3F3YluFJax1cknvbcGwgjvx4QpvB+leU8dUj2o"};

http::TimePoint at(std::string_view basic) { return *parse_basic(basic); }
http::TimePoint epoch(std::int64_t count) { return http::TimePoint{seconds{count}}; }

/// The refusal of a request, or its absence.
std::optional<Refusal> refusal_of(const Request& request, http::TimePoint now,
                                  const Credentials& credentials = today) {
  const auto found = find_signature(request);
  if (!found) return found.error();
  if (!*found) return std::nullopt;
  const auto checked = check(**found, request, credentials.secret, now);
  return checked ? std::nullopt : std::optional(checked.error());
}

std::optional<std::string> detail(const Refusal& refusal, std::string_view name) {
  for (const auto& [key, value] : refusal.details) {
    if (key == name) return value;
  }
  return std::nullopt;
}

struct V2Answer {
  const Credentials& credentials;
  std::string_view string_to_sign;
  std::string_view signature;
};

TEST(SignatureV2, KnownAnswers) {
  const V2Answer answers[] = {
      // AWS, "Signing and authenticating REST requests".
      {today, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg", "NpgCjnDzrM+WFzoENXmpNDUsSn8="},
      {old, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg", "rucSbH0yNEcP9oM2XNlouVI3BH4="},
      {today, "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/johnsmith/photos/puppy.jpg",
       "bWq2s1WEIj+Ydj0vQ697zp+IXMU="},
      {old, "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/johnsmith/photos/puppy.jpg",
       "xXjDGYUmKxnwqr5KXNPGldn5LbA="},
      {today, "PUT\n\nimage/jpeg\nTue, 27 Mar 2007 21:15:45 +0000\n/johnsmith/photos/puppy.jpg",
       "MyyxeRY7whkBe+bq8fHCL/2kKUg="},
      // boto 2.49 and boto3 with signature_version "s3".
      {today,
       "PUT\n\n\n1527445347\n/open-humans-production/member-files/direct-sharing-91/"
       "9e66a62e-61a8-11e8-b07f-0adfe9ac8c63/data1.csv",
       "uEife9RStOyHOz7BganY4ItPWgA="},
      {today, "PUT\n\n\n1527445347\n/examplebucket/a%20b%2Bc/%C3%A9.txt",
       "eanRNRE7J8dL+dWlM6RiJdSRNZI="},
      {today, "PUT\n\n\n1527445347\n/examplebucket/member-files/direct-sharing-91/x/data1.csv",
       "mdkpGfJsBpaazOESa+FH+x9OHlY="},
      {today, "PUT\n\ntext/plain\n1527445347\n/examplebucket/k.txt",
       "mW9aC20A2UhPN5cKbkuUJA20pjA="},
      {today, "PUT\n\n\n1527445347\n/examplebucket/k.txt", "64poIyE7CVHgPVpPT/2eWD15fBo="},
      {today, "PUT\n\n\n1527445347\n/examplebucket/member-files/a%20b.txt",
       "nX5FRy+39xILOUmISd309omrEcU="},
  };
  for (const auto& [credentials, text, signature] : answers) {
    EXPECT_EQ(sign_v2(text, credentials.secret), signature) << text;
  }
}

TEST(SignatureV2, QueryOfAnOpenHumansUrl) {
  // The order of boto 2, that of boto3, and letters of Base64 that came unescaped.
  const std::string path = "/examplebucket/a%20b%2Bc/%C3%A9.txt";
  for (const std::string query :
       {"Signature=eanRNRE7J8dL%2BdWlM6RiJdSRNZI%3D&Expires=1527445347&AWSAccessKeyId="
        "AKIAIOSFODNN7EXAMPLE",
        "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=eanRNRE7J8dL%2bdWlM6RiJdSRNZI%3d&"
        "Expires=1527445347",
        "&Expires=1527445347&Signature=eanRNRE7J8dL+dWlM6RiJdSRNZI=&AWSAccessKeyId="
        "AKIAIOSFODNN7EXAMPLE&"}) {
    const std::string target = path + '?' + query;
    const Request request{"PUT", target, {}};
    EXPECT_EQ(refusal_of(request, epoch(1527423747)), std::nullopt) << query;
    EXPECT_EQ(refusal_of(request, epoch(1527445347)), std::nullopt);
    EXPECT_EQ(access_key_of(**find_signature(request)), today.access_key);
  }
}

TEST(SignatureV2, BucketInTheHostOrInThePathSignsAlike) {
  const std::string query =
      "?Signature=64poIyE7CVHgPVpPT%2F2eWD15fBo%3D&Expires=1527445347&"
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE";
  const std::string in_path = "/examplebucket/k.txt" + query;
  const std::string in_host = "/k.txt" + query;
  EXPECT_EQ(refusal_of({"PUT", in_path, {}}, epoch(1527423747)), std::nullopt);
  EXPECT_EQ(refusal_of({"PUT", in_host, {}, "examplebucket"}, epoch(1527423747)), std::nullopt);
  EXPECT_EQ(refusal_of({"PUT", in_host, {}}, epoch(1527423747))->code,
            Code::signature_does_not_match);
}

TEST(SignatureV2, ABucketMayBeSignedWithASlash) {
  const auto until = epoch(1527445347);
  const auto query_for = [&](std::string_view path) {
    const auto target = presign_v2({"GET", path, {}}, today, until);
    return target.substr(target.find('?'));
  };
  const auto refused = [&](const std::string& target) {
    return refusal_of({"GET", target, {}}, epoch(1527423747)).has_value();
  };
  EXPECT_FALSE(refused("/examplebucket" + query_for("/examplebucket")));
  EXPECT_FALSE(refused("/examplebucket" + query_for("/examplebucket/")));
  EXPECT_FALSE(refused("/examplebucket/" + query_for("/examplebucket/")));
  EXPECT_TRUE(refused("/examplebucket/" + query_for("/examplebucket")));
  EXPECT_TRUE(refused("/examplebucket/k" + query_for("/examplebucket/k/")));
}

TEST(SignatureV2, ThePathIsSignedAsItWasSent) {
  const std::string query =
      "?Signature=eanRNRE7J8dL%2BdWlM6RiJdSRNZI%3D&Expires=1527445347&"
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE";
  const std::string target = "/examplebucket/a%20b+c/%C3%A9.txt" + query;
  const auto refusal = refusal_of({"PUT", target, {}}, epoch(1527423747));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Code::signature_does_not_match);
  EXPECT_EQ(detail(*refusal, "AWSAccessKeyId"), today.access_key);
  EXPECT_EQ(detail(*refusal, "StringToSign"),
            "PUT\n\n\n1527445347\n/examplebucket/a%20b+c/%C3%A9.txt");
  EXPECT_EQ(detail(*refusal, "SignatureProvided"), "eanRNRE7J8dL+dWlM6RiJdSRNZI=");
  EXPECT_TRUE(detail(*refusal, "StringToSignBytes")->starts_with("50 55 54 0a 0a 0a 31 35"));
}

TEST(SignatureV2, MatrixOfAPresignedPut) {
  const std::string base = "/examplebucket/k.txt";
  const auto now = epoch(1527423747);
  const std::string plain = presign_v2({"PUT", base, {}}, today, epoch(1527445347));
  EXPECT_EQ(plain, base +
                       "?Signature=64poIyE7CVHgPVpPT%2F2eWD15fBo%3D&Expires=1527445347&"
                       "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE");
  const http::Fields typed{{"Content-Type", "text/plain"}};
  const std::string of_type = presign_v2({"PUT", base, typed}, today, epoch(1527445347));

  const auto code_of = [&](const std::string& target, const http::Fields& fields) {
    const auto refusal = refusal_of({"PUT", target, fields}, now);
    return refusal ? std::string(name_of(refusal->code)) : "";
  };
  EXPECT_EQ(code_of(plain, {}), "");
  EXPECT_EQ(code_of(plain, typed), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(plain, {{"Content-Encoding", "gzip"}}), "");
  EXPECT_EQ(code_of(plain, {{"x-amz-acl", "private"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(of_type, typed), "");
  EXPECT_EQ(code_of(of_type, {}), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(of_type, {{"Content-Type", "text/html"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(refusal_of({"GET", plain, {}}, now)->code, Code::signature_does_not_match);
  EXPECT_EQ(refusal_of({"PUT", plain, {}}, now, old)->code, Code::signature_does_not_match);
}

TEST(SignatureV2, ExpiryOfAUrl) {
  const std::string target =
      presign_v2({"PUT", "/examplebucket/k.txt", {}}, today, epoch(1527445347));
  const Request request{"PUT", target, {}};
  EXPECT_EQ(
      refusal_of(request, epoch(1527445348)),
      (Refusal{Code::access_denied,
               "Request has expired",
               {{"Expires", "2018-05-27T18:22:27Z"}, {"ServerTime", "2018-05-27T18:22:28Z"}}}));
  const auto message = [](const std::string& query) {
    const std::string whole = "/b/k?AWSAccessKeyId=A&" + query;
    return refusal_of({"PUT", whole, {}}, epoch(1527445348))->message;
  };
  const std::string no_date = "Invalid date (should be seconds since epoch)";
  EXPECT_EQ(message("Signature=x&Expires=1527445347000"), no_date);
  EXPECT_EQ(message("Signature=x&Expires=soon"), no_date);
  EXPECT_EQ(message("Signature=x&Expires=1527445347x"), no_date);
  EXPECT_EQ(message("Signature=x&Expires=99999999999999999999"), no_date);
  EXPECT_EQ(message("Signature=x&Expires=-7"), "Request has expired");
  EXPECT_EQ(message("Signature=x&Expires=0"), "Request has expired");
  const std::string missing =
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";
  EXPECT_EQ(message("Signature=x"), missing);
  EXPECT_EQ(message("Expires=1527445347"), missing);
  EXPECT_EQ(message("Signature=&Expires=1527445347"), missing);
}

TEST(SignatureV2, HeaderOfTheDocumentedRequests) {
  // AWS, "Signing and authenticating REST requests": the examples that are sent whole.
  const http::Fields get{
      {"Host", "johnsmith.s3.amazonaws.com"},
      {"Date", "Tue, 27 Mar 2007 19:36:42 +0000"},
      {"Authorization", "AWS AKIAIOSFODNN7EXAMPLE:bWq2s1WEIj+Ydj0vQ697zp+IXMU="}};
  const Request request{"GET", "/photos/puppy.jpg", get, "johnsmith"};
  EXPECT_EQ(refusal_of(request, at("20070327T193700Z")), std::nullopt);
  const auto late = refusal_of(request, at("20070327T195143Z"));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->code, Code::request_time_too_skewed);
  EXPECT_EQ(detail(*late, "RequestTime"), "Tue, 27 Mar 2007 19:36:42 +0000");
  EXPECT_EQ(detail(*late, "ServerTime"), "2007-03-27T19:51:43Z");
  EXPECT_EQ(detail(*late, "MaxAllowedSkewMilliseconds"), "900000");

  const http::Fields remove{
      {"Date", "Tue, 27 Mar 2007 21:20:27 +0000"},
      {"x-amz-date", "Tue, 27 Mar 2007 21:20:26 +0000"},
      {"Authorization", "AWS AKIAIOSFODNN7EXAMPLE:XbyTlbQdu9Xw5o8P4iMwPktxQd8="}};
  EXPECT_EQ(
      string_to_sign(**find_signature({"DELETE", "/johnsmith/photos/puppy.jpg", remove}),
                     {"DELETE", "/johnsmith/photos/puppy.jpg", remove}),
      "DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n/johnsmith/photos/puppy.jpg");

  const http::Fields upload{
      {"Host", "static.johnsmith.net:8080"},
      {"Date", "Tue, 27 Mar 2007 21:06:08 +0000"},
      {"x-amz-acl", "public-read"},
      {"content-type", "application/x-download"},
      {"Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="},
      {"X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"},
      {"X-Amz-Meta-ReviewedBy", "jane@johnsmith.net"},
      {"X-Amz-Meta-FileChecksum", "0x02661779"},
      {"X-Amz-Meta-ChecksumAlgorithm", "crc32"},
      {"Authorization", "AWS AKIAIOSFODNN7EXAMPLE:ilyl83RwaSoYIEdixDQcA4OnAnc="}};
  EXPECT_EQ(refusal_of({"PUT", "/db-backup.dat.gz", upload, "static.johnsmith.net"},
                       at("20070327T210700Z")),
            std::nullopt);
}

TEST(SignatureV2, SubresourcesAreSignedWithoutTheirEscapes) {
  const http::Fields fields{{"Date", "Tue, 27 Mar 2007 19:42:41 GMT"},
                            {"Authorization", "AWS A:x"}};
  const auto text = [&](std::string_view target) {
    const Request request{"GET", target, fields};
    const std::string whole = string_to_sign(**find_signature(request), request);
    return whole.substr(whole.rfind('\n') + 1);
  };
  EXPECT_EQ(text("/b/?prefix=photos&max-keys=50"), "/b/");
  EXPECT_EQ(text("/b/?acl"), "/b/?acl");
  EXPECT_EQ(text("/b/k?uploads="), "/b/k?uploads=");
  EXPECT_EQ(text("/b/k?uploadId=a%2Fb%2B&x=1&partNumber=2"), "/b/k?partNumber=2&uploadId=a/b+");
}

TEST(SignatureV2, WhatIsNoAuthorization) {
  for (const char* value : {"AWS ", "AWS a", "AWS :x", "AWS a:", "AWS a: b", "AWS a:b c"}) {
    const auto parsed = parse_v2_authorization(value);
    ASSERT_FALSE(parsed) << value;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    EXPECT_EQ(detail(parsed.error(), "ArgumentValue"), value);
  }
  const http::Fields undated{{"Authorization", "AWS a:b"}};
  EXPECT_EQ(refusal_of({"GET", "/b/k", undated}, epoch(0))->message,
            "AWS authentication requires a valid Date or x-amz-date header");
}

TEST(SignatureV2, WhatIsSignedIsProven) {
  for (const http::Fields& own : {http::Fields{}, http::Fields{{"x-amz-meta-a", "1"}},
                                  http::Fields{{"Date", "Thu, 01 Jan 1970 00:00:09 GMT"}}}) {
    http::Fields fields = own;
    for (const auto& [name, value] : authorize_v2({"PUT", "/b/k", own}, today, epoch(7))) {
      fields.add(name, value);
    }
    EXPECT_EQ(refusal_of({"PUT", "/b/k", fields}, epoch(8)), std::nullopt);
  }
}

TEST(SignatureV4, SigningKeys) {
  EXPECT_EQ(to_hex(signing_key(today.secret, {"20130524"})),
            "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378");
  EXPECT_EQ(to_hex(signing_key(today.secret, {"20151229"})),
            "cbcef1ebeaefc82cce6530b9f0a9ae598846065f5c5bae0674bd5ebc4ba52d28");
}

struct V4Answer {
  std::string_view method;
  std::string_view path;
  http::Fields fields;
  std::string_view now;
  seconds lifetime;
  std::string_view canonical_sha256;  ///< of the canonical request; empty when it is not published
  std::string_view signature;
};

TEST(SignatureV4, KnownAnswersOfQueries) {
  const http::Fields host{{"Host", "examplebucket.s3.amazonaws.com"}};
  const V4Answer answers[] = {
      // AWS, "Authenticating requests: using query parameters".
      {"GET", "/test.txt", host, "20130524T000000Z", seconds{86'400},
       "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
       "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"},
      {"PUT", "/test.txt", host, "20130524T000000Z", seconds{86'400},
       "98527be2b0df1a850c870d6e25b23235446777efe0131df2dc41df5b0c38e15e",
       "f4db56459304dafaa603a99a23c6bea8821890259a65c18ff503a4a72a80efd9"},
      // boto3.
      {"PUT", "/member-files/a%20b.txt", host, "20180527T122227Z", seconds{21'600},
       "b7b9f30516443d7fc25cd76531bde606383498091e84a9f8fa1e9bcee0cf8c7f",
       "ac8d902a18fcc8440b72be276a7a0f9d65443d5ce1b27546c86e39e0540f86fe"},
      {"PUT", "/examplebucket/member-files/a%20b.txt", http::Fields{{"Host", "127.0.0.1:9000"}},
       "20180527T122227Z", seconds{21'600},
       "c3f83cecc4c1a74ac82136a488027008fc2888c8df986b270b74737174729d69",
       "127467f5b902118e6b0307efcaa5d0a3e3252d1acebfabdcc3b19b179a196a03"},
      {"PUT", "/k.txt",
       http::Fields{{"Content-Type", "text/plain"}, {"Host", "examplebucket.s3.amazonaws.com"}},
       "20180527T122227Z", seconds{21'600},
       "5117ef544e558650ea2868211df0da03007b1b1b8aff283b4e9bdcd5d422049d",
       "db3bf425912d6b0f81a5ffbea4736eccb2ca4ef89cdf4d90e577a2b806545fa3"},
  };
  for (const V4Answer& answer : answers) {
    const std::string target = presign_v4({answer.method, answer.path, answer.fields}, today,
                                          at(answer.now), answer.lifetime);
    EXPECT_TRUE(target.ends_with(answer.signature)) << target;
    const Request request{answer.method, target, answer.fields};
    EXPECT_EQ(refusal_of(request, at(answer.now)), std::nullopt);
    EXPECT_EQ(refusal_of(request, at(answer.now) + answer.lifetime), std::nullopt);
    const std::string text = string_to_sign(**find_signature(request), request);
    EXPECT_EQ(text.substr(text.rfind('\n') + 1), answer.canonical_sha256);
  }
}

TEST(SignatureV4, QueryInAnyOrderAndEscaping) {
  const http::Fields host{{"Host", "examplebucket.s3.amazonaws.com"}};
  const std::string target =
      "/test.txt?X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404&"
      "X-Amz-SignedHeaders=host&X-Amz-Expires=86400&X-Amz-Date=20130524T000000Z&"
      "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1%2fs3/aws4_request&"
      "X-Amz-Algorithm=AWS4-HMAC-SHA256";
  const Request request{"GET", target, host};
  EXPECT_EQ(refusal_of(request, at("20130524T000001Z")), std::nullopt);
  const auto signature = std::get<SignatureV4>(**find_signature(request));
  EXPECT_EQ(canonical_request(signature, request),
            "GET\n/test.txt\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
            "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date="
            "20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\n"
            "host:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD");
}

TEST(SignatureV4, APathThatWasEscapedOtherwiseIsTheSamePath) {
  const http::Fields host{{"Host", "h"}};
  const auto path = [&](std::string_view sent) {
    const SignatureV4 signature{};
    const std::string text = canonical_request(signature, {"PUT", sent, host});
    return text.substr(4, text.find('\n', 4) - 4);
  };
  EXPECT_EQ(path("/b/a%20b%2Bc/%C3%A9"), "/b/a%20b%2Bc/%C3%A9");
  EXPECT_EQ(path("/b/a%20b+c/%c3%a9"), "/b/a%20b%2Bc/%C3%A9");
  EXPECT_EQ(path("/b/(~)%7E%2F!"), "/b/%28~%29~%2F%21");
  EXPECT_EQ(path("/b//../k"), "/b//../k");
  EXPECT_EQ(path("/b/100%"), "/b/100%");
}

TEST(SignatureV4, HeaderOfTheDocumentedRequests) {
  // AWS, "Authenticating requests: using the Authorization header", its four examples.
  const std::string empty = sha256_hex("");
  struct Example {
    std::string_view method;
    std::string_view target;
    http::Fields fields;
    std::string payload;
    std::string_view signature;
  };
  const Example examples[] = {
      {"GET", "/test.txt",
       http::Fields{{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}}, empty,
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT", "/test%24file.text",
       http::Fields{{"Host", "examplebucket.s3.amazonaws.com"},
                    {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                    {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       sha256_hex("Welcome to Amazon S3."),
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET", "/?lifecycle", http::Fields{{"Host", "examplebucket.s3.amazonaws.com"}}, empty,
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"GET", "/?max-keys=2&prefix=J", http::Fields{{"Host", "examplebucket.s3.amazonaws.com"}},
       empty, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  const auto now = at("20130524T000000Z");
  for (const Example& example : examples) {
    const Request request{example.method, example.target, example.fields};
    http::Fields fields = example.fields;
    for (const auto& [name, value] : authorize_v4(request, today, now, example.payload)) {
      fields.add(name, value);
    }
    EXPECT_TRUE(fields.find("Authorization")->ends_with(example.signature))
        << *fields.find("Authorization");
    const Request whole{example.method, example.target, fields};
    EXPECT_EQ(refusal_of(whole, now + std::chrono::minutes{15}), std::nullopt);
    const auto skewed = refusal_of(whole, now - std::chrono::minutes{16});
    ASSERT_TRUE(skewed);
    EXPECT_EQ(skewed->code, Code::request_time_too_skewed);
    EXPECT_EQ(detail(*skewed, "RequestTime"), "20130524T000000Z");
    fields.add("x-amz-acl", "private");
    EXPECT_EQ(refusal_of({example.method, example.target, fields}, now),
              (Refusal{Code::access_denied,
                       "There were headers present in the request which were not signed",
                       {{"HeadersNotSigned", "x-amz-acl"}}}));
  }
}

TEST(SignatureV4, MatrixOfAPresignedPut) {
  const http::Fields host{{"Host", "h"}};
  const http::Fields typed{{"Host", "h"}, {"Content-Type", "text/plain"}};
  const auto now = at("20180527T122227Z");
  const auto code_of = [&](const std::string& target, const http::Fields& fields) {
    const auto refusal = refusal_of({"PUT", target, fields}, now);
    return refusal ? std::string(name_of(refusal->code)) : "";
  };
  const std::string plain = presign_v4({"PUT", "/b/k", host}, today, now, seconds{60});
  const std::string of_type = presign_v4({"PUT", "/b/k", typed}, today, now, seconds{60});
  EXPECT_EQ(code_of(plain, host), "");
  EXPECT_EQ(code_of(plain, typed), "");
  EXPECT_EQ(code_of(plain, {{"Host", "other"}}), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(plain, {{"Host", "h"}, {"x-amz-acl", "private"}}), "AccessDenied");
  EXPECT_EQ(code_of(of_type, typed), "");
  EXPECT_EQ(code_of(of_type, host), "SignatureDoesNotMatch");
  const http::Fields other{{"Host", "h"}, {"Content-Type", "text/html"}};
  const auto refusal = refusal_of({"PUT", of_type, other}, now);
  ASSERT_TRUE(refusal);
  EXPECT_TRUE(detail(*refusal, "CanonicalRequest")->starts_with("PUT\n/b/k\n"));
  EXPECT_TRUE(detail(*refusal, "CanonicalRequestBytes")->starts_with("50 55 54 0a"));
}

TEST(SignatureV4, TimesOfAUrl) {
  const http::Fields host{{"Host", "h"}};
  const auto made = at("20180527T122227Z");
  const std::string target = presign_v4({"PUT", "/b/k", host}, today, made, seconds{21'600});
  const Request request{"PUT", target, host};
  EXPECT_EQ(refusal_of(request, made - std::chrono::minutes{15}), std::nullopt);
  EXPECT_EQ(refusal_of(request, made - std::chrono::minutes{16}),
            (Refusal{Code::access_denied,
                     "Request is not yet valid",
                     {{"X-Amz-Date", "20180527T122227Z"},
                      {"Expires", "2018-05-27T18:22:27Z"},
                      {"ServerTime", "2018-05-27T12:06:27Z"}}}));
  EXPECT_EQ(refusal_of(request, made + seconds{21'601}),
            (Refusal{Code::access_denied,
                     "Request has expired",
                     {{"X-Amz-Expires", "21600"},
                      {"Expires", "2018-05-27T18:22:27Z"},
                      {"ServerTime", "2018-05-27T18:22:28Z"}}}));
}

TEST(SignatureV4, WhatIsWrongInAQuery) {
  const auto message = [](std::string_view name, std::string_view value) {
    const std::pair<std::string_view, std::string_view> all[] = {
        {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
        {"X-Amz-Credential", "A/20180527/us-east-1/s3/aws4_request"},
        {"X-Amz-Date", "20180527T122227Z"},
        {"X-Amz-Expires", "60"},
        {"X-Amz-SignedHeaders", "host"},
        {"X-Amz-Signature", "00"}};
    std::string target = "/b/k?";
    for (const auto& [key, usual] : all) {
      target.append(key).append("=").append(key == name ? value : usual).append("&");
    }
    const auto found = find_signature({"PUT", target, {}});
    EXPECT_FALSE(found);
    if (found) return std::string{};
    EXPECT_EQ(found.error().code, Code::authorization_query_parameters_error);
    return found.error().message;
  };
  EXPECT_TRUE(message("X-Amz-Signature", "").starts_with("Query-string authentication version 4 "));
  EXPECT_TRUE(message("X-Amz-Algorithm", "AWS4").starts_with("X-Amz-Algorithm only supports"));
  const std::string credential = "Error parsing the X-Amz-Credential parameter; ";
  EXPECT_EQ(message("X-Amz-Credential", "A"),
            credential +
                "the Credential is mal-formed; expecting "
                "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  EXPECT_EQ(message("X-Amz-Credential", "A/20180527/us-east-1/ec2/aws4_request"),
            credential + "incorrect service \"ec2\". This endpoint belongs to \"s3\".");
  EXPECT_EQ(message("X-Amz-Credential", "A/20180527/us-east-1/s3/aws5"),
            credential + "incorrect terminal \"aws5\". This endpoint uses \"aws4_request\".");
  EXPECT_EQ(message("X-Amz-Credential", "A/2018-05-27/us-east-1/s3/aws4_request"),
            credential +
                "incorrect date format \"2018-05-27\". This date in the credential must "
                "be in the format \"yyyyMMdd\".");
  EXPECT_EQ(message("X-Amz-Date", "2018-05-27T12:22:27Z"),
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  EXPECT_EQ(message("X-Amz-Date", "20180528T122227Z"),
            "Invalid credential date \"20180527\". This date is not the same as X-Amz-Date: "
            "\"20180528\".");
  EXPECT_EQ(message("X-Amz-Expires", "1h"), "X-Amz-Expires should be a number");
  EXPECT_EQ(message("X-Amz-Expires", "-1"), "X-Amz-Expires must be non-negative");
  const std::string week = "X-Amz-Expires must be less than a week";
  EXPECT_TRUE(message("X-Amz-Expires", "604801").starts_with(week));
  EXPECT_TRUE(message("X-Amz-Expires", "99999999999999999999").starts_with(week));
}

TEST(SignatureV4, WhatIsWrongInAHeader) {
  const auto refusal = [](std::string value,
                          http::Fields fields = {{"x-amz-date", "20180527T122227Z"},
                                                 {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}) {
    fields.add("Authorization", std::move(value));
    const auto found = find_signature({"PUT", "/b/k", fields});
    EXPECT_FALSE(found);
    return found ? Refusal{} : found.error();
  };
  const std::string good =
      "AWS4-HMAC-SHA256 Credential=A/20180527/us-east-1/s3/aws4_request,SignedHeaders=host,"
      "Signature=00";
  EXPECT_EQ(refusal("AWS4-HMAC-SHA256 Credential=A").code, Code::authorization_header_malformed);
  EXPECT_EQ(refusal("AWS4-HMAC-SHA256 Credential=A,SignedHeaders=host,Signature=00").message,
            "The authorization header is malformed; the Credential is mal-formed; expecting "
            "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  EXPECT_EQ(refusal(good, {}).message,
            "AWS authentication requires a valid Date or x-amz-date header");
  EXPECT_EQ(refusal(good, {{"x-amz-date", "20180528T122227Z"}}).message,
            "The authorization header is malformed; Invalid credential date. Date is not the same "
            "as X-Amz-Date.");
  EXPECT_EQ(refusal(good, {{"x-amz-date", "20180527T122227Z"}}).message,
            "Missing required header for this request: x-amz-content-sha256");
  EXPECT_EQ(refusal("Bearer x").message, "Unsupported Authorization Type");
  EXPECT_EQ(refusal("").message, "Unsupported Authorization Type");
}

TEST(SignatureV4, Payloads) {
  const std::string digest = sha256_hex("x");
  EXPECT_EQ(payload_of(digest), (Payload{PayloadKind::signed_plain, digest, false}));
  EXPECT_EQ(payload_of("UNSIGNED-PAYLOAD"), Payload{});
  EXPECT_EQ(payload_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")->kind, PayloadKind::chunked_signed);
  EXPECT_TRUE(payload_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")->trailer);
  EXPECT_EQ(payload_of("STREAMING-UNSIGNED-PAYLOAD-TRAILER")->kind, PayloadKind::chunked_unsigned);
  for (const char* wrong : {"", "abc", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}) {
    ASSERT_FALSE(payload_of(wrong)) << wrong;
    EXPECT_EQ(payload_of(wrong).error().code, Code::invalid_argument);
  }
  EXPECT_EQ(chunked_refusal("STREAMING-UNSIGNED-PAYLOAD-TRAILER").code, Code::not_implemented);
}

// RFC 9112 section 3.2.2: a server takes them, too.
TEST(Signature, OfATargetInAbsoluteForm) {
  const http::Fields host{{"Host", "h"}};
  const auto now = at("20180527T122227Z");
  const std::string before = "http://127.0.0.1:9000";
  for (const std::string path : {"/b/k", "/b/a://c/d", "/b"}) {
    const Request plain{"PUT", path, host};
    for (const auto& target : {presign_v2(plain, today, now + seconds{60}),
                               presign_v4(plain, today, now, seconds{60})}) {
      EXPECT_EQ(refusal_of({"PUT", before + target, host}, now), std::nullopt) << target;
    }
    for (auto fields : {authorize_v2(plain, today, now), authorize_v4(plain, today, now)}) {
      fields.add("Host", "h");
      EXPECT_EQ(refusal_of({"PUT", before + path, fields}, now), std::nullopt) << path;
    }
  }
  EXPECT_EQ(path_of("http://h?x=/y"), "/");
  EXPECT_EQ(query_of("http://h/p?x=/y"), "x=/y");
}

TEST(Signature, AnonymousTwiceOrUnreadable) {
  EXPECT_EQ(find_signature({"GET", "/b/k", {}}).value(), std::nullopt);
  EXPECT_EQ(find_signature({"GET", "/b/k?acl&x=1", {}}).value(), std::nullopt);
  EXPECT_EQ(find_signature({"GET", "/b/k?x=%zz", {}}).error().code, Code::invalid_uri);
  const http::Fields header{{"Authorization", "AWS A:x"}};
  EXPECT_TRUE(find_signature({"GET", "/b/k?Signature=x&Expires=1&AWSAccessKeyId=A", header})
                  .error()
                  .message.starts_with("Only one auth mechanism allowed"));
  const http::Fields twice{{"Authorization", "AWS A:x"}, {"authorization", "AWS B:y"}};
  EXPECT_TRUE(find_signature({"GET", "/b/k", twice})
                  .error()
                  .message.starts_with("Only one auth mechanism allowed"));
  EXPECT_EQ(unknown_access_key("A").message,
            "The AWS Access Key Id you provided does not exist in our records.");
}

TEST(Signature, ClaimsAnAccessKey) {
  const std::string scope = "/20130524/us-east-1/s3/aws4_request";
  const std::string escaped = "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request";
  struct Claim {
    std::string field;
    std::string target;
    std::optional<std::string> key;
  };
  const Claim claims[] = {
      {"", "/b/k", std::nullopt},
      {"", "/b/k?acl&x=%zz", std::nullopt},
      {"Bearer AWS A:x", "/b/k", std::nullopt},
      {"AWS A:x", "/b/k", "A"},
      {"AWS  A:x", "/b/k", "A"},
      {"AWS A", "/b/k", "A"},
      {"AWS4-HMAC-SHA256 Credential=A" + scope + ", SignedHeaders=host,Signature=x", "/b/k", "A"},
      {"AWS4-HMAC-SHA256 SignedHeaders=host,Credential=A/B" + scope, "/b/k", "A/B"},
      {"AWS4-HMAC-SHA256 Credential=A", "/b/k", std::nullopt},
      {"AWS4-HMAC-SHA256", "/b/k", std::nullopt},
      {"", "/b/k?Signature=x&Expires=1&AWSAccessKeyId=A", "A"},
      {"", "/b/k?AWSAccessKeyId=A%2BB", "A+B"},
      {"", "/b/k?X-Amz-Credential=A" + escaped, "A"},
      {"", "/b/k?X-Amz-Credential=A", std::nullopt},
      {"AWS A:x", "/b/k?AWSAccessKeyId=B", "A"},
  };
  for (const auto& [field, target, key] : claims) {
    http::Fields fields;
    if (!field.empty()) fields.add("Authorization", field);
    EXPECT_EQ(claimed_access_key({"GET", target, fields}), key) << field << " " << target;
  }
}

TEST(Times, BasicAndDateField) {
  EXPECT_EQ(format_basic(epoch(1527423747)), "20180527T122227Z");
  EXPECT_EQ(parse_basic("20180527T122227Z"), epoch(1527423747));
  for (const char* wrong : {"", "20180527T122227", "20180527t122227Z", "2018-05-27T122227Z",
                            "20180230T000000Z", "20180527T12222:Z"}) {
    EXPECT_EQ(parse_basic(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_date_field("Sun, 27 May 2018 12:22:27 GMT"), epoch(1527423747));
  EXPECT_EQ(parse_date_field("Sun, 27 May 2018 12:22:27 +0000"), epoch(1527423747));
  EXPECT_EQ(parse_date_field("Sun, 27 May 2018 12:22:27 UTC"), epoch(1527423747));
  EXPECT_EQ(parse_date_field("Sun, 27 May 2018 12:22:27 +0100"), std::nullopt);
  EXPECT_EQ(format_seconds(epoch(1527423747) + std::chrono::milliseconds{500}),
            "2018-05-27T12:22:27Z");
}

TEST(Refusals, HaveTheNameAndStatusOfTheirCode) {
  EXPECT_EQ(name_of(Code::access_denied), "AccessDenied");
  EXPECT_EQ(status_of(Code::access_denied), 403);
  EXPECT_EQ(name_of(Code::slow_down), "SlowDown");
  EXPECT_EQ(status_of(Code::precondition_failed), 412);
}

}  // namespace
}  // namespace s3
