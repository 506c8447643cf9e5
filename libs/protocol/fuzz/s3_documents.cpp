#include "fuzz.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/xml/element.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto root = xml::parse(text); root && json::is_utf8(text)) {
    // The prefix of a name is dropped, so a name that ends in a colon becomes empty.
    if (!root->name.empty()) {
      const auto again = xml::parse(xml::write(*root));
      const auto third = again ? xml::parse(xml::write(*again)) : again;
      if (again) fuzz::require(third == again, "parse(write(root)) == root");
    }
  } else if (!root) {
    fuzz::require_line(root.error());
  }
  const auto write_complete = [](const auto& value) {
    return s3::complete_multipart_upload(value);
  };
  if (const auto parts = s3::parse_complete_multipart_upload(text)) {
    const auto again = s3::parse_complete_multipart_upload(write_complete(*parts));
    fuzz::require(again.has_value() && again->size() == parts->size(),
                  "parts that were written can be read");
  }
  if (const auto body = s3::parse_error_body(text)) {
    static_cast<void>(body->detail("RequestId"));
  } else {
    fuzz::require_line(body.error());
  }
  static_cast<void>(s3::parse_post_response(text));
  static_cast<void>(s3::parse_initiate_multipart_upload_result(text));

  const s3::Refusal refusal{
      s3::Code::access_denied, std::string(text), {{"Key", std::string(text)}}};
  const auto body = s3::parse_error_body(s3::to_xml(refusal, "id", text));
  fuzz::require(body.has_value(), "an error body can be read, whatever it tells");
  if (json::is_utf8(text) && text.find_first_not_of(" ~") == std::string_view::npos) {
    fuzz::require(body->message == text, "and tells it");
  }
  return 0;
}
