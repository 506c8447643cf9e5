#include "protocol/s3/documents.hpp"

#include <gtest/gtest.h>

namespace s3 {
namespace {

TEST(S3Documents, ErrorBodies) {
  const Refusal refusal{Code::entity_too_large,
                        "Your proposed upload exceeds the maximum allowed size",
                        {{"ProposedSize", "3"}, {"MaxSizeAllowed", "0"}}};
  const std::string text = to_xml(refusal, "4442587FB7D0A2F9", "host/id=");
  EXPECT_EQ(text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>EntityTooLarge</Code>"
            "<Message>Your proposed upload exceeds the maximum allowed size</Message>"
            "<ProposedSize>3</ProposedSize><MaxSizeAllowed>0</MaxSizeAllowed>"
            "<RequestId>4442587FB7D0A2F9</RequestId><HostId>host/id=</HostId></Error>");
  const auto body = parse_error_body(text);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->code, "EntityTooLarge");
  EXPECT_EQ(body->message, refusal.message);
  EXPECT_EQ(body->detail("MaxSizeAllowed"), "0");
  EXPECT_EQ(body->detail("RequestId"), "4442587FB7D0A2F9");
  EXPECT_EQ(body->detail("Key"), std::nullopt);
  EXPECT_EQ(parse_error_body("<Error><Message>x</Message></Error>").error().line(),
            "Error: Code is missing");
  EXPECT_EQ(parse_error_body("<html/>").error().line(), "XML: expected Error, found \"html\"");
  EXPECT_FALSE(parse_error_body("{}"));
}

TEST(S3Documents, StoredObjects) {
  const StoredObject object{"http://b.s3.amazonaws.com/a%2Fb%26", "b", "a/b&", "\"0f\""};
  EXPECT_EQ(post_response(object),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>"
            "<Location>http://b.s3.amazonaws.com/a%2Fb%26</Location><Bucket>b</Bucket>"
            "<Key>a/b&amp;</Key><ETag>&quot;0f&quot;</ETag></PostResponse>");
  EXPECT_EQ(parse_post_response(post_response(object)), object);
  EXPECT_EQ(parse_complete_multipart_upload_result(complete_multipart_upload_result(object)),
            object);
  EXPECT_FALSE(parse_post_response(complete_multipart_upload_result(object)));
  EXPECT_EQ(parse_post_response("<PostResponse/>").error().line(),
            "PostResponse: Location is missing");
}

TEST(S3Documents, MultipartUploads) {
  const MultipartUpload upload{"b", "k", "VXBsb2Fk"};
  EXPECT_EQ(parse_initiate_multipart_upload_result(initiate_multipart_upload_result(upload)),
            upload);
  EXPECT_FALSE(parse_initiate_multipart_upload_result("<InitiateMultipartUploadResult/>"));
  EXPECT_FALSE(parse_initiate_multipart_upload_result(
      "<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>"));

  const std::vector<CompletedPart> parts{{1, "0f"}, {3, "1f"}, {10'000, "2f"}};
  EXPECT_EQ(parse_complete_multipart_upload(complete_multipart_upload(parts)), parts);
  // As boto3 writes it.
  EXPECT_EQ(parse_complete_multipart_upload(
                "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"
                "<ETag>\"0f\"</ETag><PartNumber>1</PartNumber><ChecksumCRC32>x</ChecksumCRC32>"
                "</Part></CompleteMultipartUpload>"),
            (std::vector<CompletedPart>{{1, "0f"}}));
}

TEST(S3Documents, Removals) {
  EXPECT_EQ(parse_removals("<Delete><Object><Key>a&amp;b</Key></Object><Quiet>true</Quiet>"
                           "<Object><Key>c</Key><VersionId>null</VersionId></Object></Delete>")
                .value(),
            (Removals{{"a&b", "c"}, true}));
  std::string many = "<Delete>";
  for (int i = 0; i <= 1'000; ++i) many += "<Object><Key>k</Key></Object>";
  for (const std::string& wrong : {std::string(), std::string("<Delete/>"), many + "</Delete>",
                                   std::string("<Delete><Object/></Delete>"),
                                   std::string("<Delete><Object><Key/></Object></Delete>")}) {
    ASSERT_FALSE(parse_removals(wrong)) << wrong.substr(0, 80);
    EXPECT_EQ(parse_removals(wrong).error().code, Code::malformed_xml);
  }
  EXPECT_EQ(delete_result({"a"}, {{"b", {Code::internal_error, "m", {}}}}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>InternalError</Code>"
            "<Message>m</Message></Error></DeleteResult>");
}

TEST(S3Documents, ListsOfPartsThatAreRefused) {
  const auto code = [](const std::string& parts) {
    const auto parsed = parse_complete_multipart_upload("<CompleteMultipartUpload>" + parts +
                                                        "</CompleteMultipartUpload>");
    EXPECT_FALSE(parsed) << parts;
    return parsed ? "" : std::string(name_of(parsed.error().code));
  };
  const auto part = [](const std::string& number, const std::string& etag = "0f") {
    return "<Part><PartNumber>" + number + "</PartNumber><ETag>" + etag + "</ETag></Part>";
  };
  EXPECT_EQ(code(""), "MalformedXML");
  EXPECT_EQ(code("x"), "MalformedXML");
  for (const char* number : {"", "0", "-1", "10001", "1.0", "x", "99999999999"}) {
    EXPECT_EQ(code(part(number)), "MalformedXML") << number;
  }
  EXPECT_EQ(code(part("1", "")), "MalformedXML");
  EXPECT_EQ(code("<Part><PartNumber>1</PartNumber></Part>"), "MalformedXML");
  EXPECT_EQ(code("<P><PartNumber>1</PartNumber><ETag>0f</ETag></P>"), "MalformedXML");
  EXPECT_EQ(code(part("2") + part("1")), "InvalidPartOrder");
  EXPECT_EQ(code(part("1") + part("1")), "InvalidPartOrder");
  EXPECT_EQ(name_of(parse_complete_multipart_upload("<a>").error().code), "MalformedXML");
}

}  // namespace
}  // namespace s3
