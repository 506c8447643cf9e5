#include "protocol/s3/documents.hpp"

#include <fmt/format.h>

#include <charconv>

#include "protocol/xml/element.hpp"

namespace s3 {
namespace {

using xml::Element;
using xml::leaf;

Result<Element> parse_root(std::string_view text, std::string_view name) {
  auto root = xml::parse(text);
  if (root && root->name != name) {
    return failure("XML", fmt::format("expected {}, found {}", name, quote(root->name)));
  }
  return root;
}

Result<std::string> need(const Element& root, std::string_view name) {
  const auto text = root.text_of(name);
  if (text) return std::string(*text);
  return failure(root.name, fmt::format("{} is missing", name));
}

Element element_of(std::string name, const StoredObject& object) {
  return {std::move(name),
          {},
          {leaf("Location", object.location), leaf("Bucket", object.bucket),
           leaf("Key", object.key), leaf("ETag", object.etag)}};
}

Result<StoredObject> parse_object(std::string_view text, std::string_view name) {
  const auto root = parse_root(text, name);
  if (!root) return tl::unexpected(root.error());
  StoredObject object;
  for (const auto& [element, member] :
       {std::pair{"Location", &object.location}, std::pair{"Bucket", &object.bucket},
        std::pair{"Key", &object.key}, std::pair{"ETag", &object.etag}}) {
    auto value = need(*root, element);
    if (!value) return tl::unexpected(value.error());
    *member = std::move(*value);
  }
  return object;
}

tl::unexpected<Refusal> malformed() {
  return refuse(
      Code::malformed_xml,
      "The XML you provided was not well-formed or did not validate against our published "
      "schema");
}

std::string without_quotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::optional<CompletedPart> parse_part(const Element& element) {
  const auto number_text = element.text_of("PartNumber");
  const auto etag = element.text_of("ETag");
  if (element.name != "Part" || !number_text || !etag || etag->empty()) return std::nullopt;
  CompletedPart part{0, without_quotes(*etag)};
  const char* const end = number_text->data() + number_text->size();
  const auto [stop, error] = std::from_chars(number_text->data(), end, part.number);
  const bool known = error == std::errc{} && stop == end && part.number >= 1;
  return known && part.number <= most_parts ? std::optional(std::move(part)) : std::nullopt;
}

}  // namespace

std::string to_xml(const Refusal& refusal, std::string_view request_id, std::string_view host_id) {
  Element root{
      "Error",
      {},
      {leaf("Code", std::string(name_of(refusal.code))), leaf("Message", refusal.message)}};
  for (const auto& [name, value] : refusal.details) root.children.push_back(leaf(name, value));
  root.children.push_back(leaf("RequestId", std::string(request_id)));
  root.children.push_back(leaf("HostId", std::string(host_id)));
  return xml::write(root);
}

std::optional<std::string_view> ErrorBody::detail(std::string_view name) const {
  for (const auto& [key, value] : details) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<ErrorBody> parse_error_body(std::string_view text) {
  const auto root = parse_root(text, "Error");
  if (!root) return tl::unexpected(root.error());
  auto code = need(*root, "Code");
  if (!code) return tl::unexpected(code.error());
  ErrorBody body{std::move(*code), std::string(root->text_of("Message").value_or("")), {}};
  for (const Element& child : root->children) {
    if (child.name == "Code" || child.name == "Message" || !child.children.empty()) continue;
    body.details.push_back({child.name, child.text});
  }
  return body;
}

std::string post_response(const StoredObject& object) {
  return xml::write(element_of("PostResponse", object));
}
Result<StoredObject> parse_post_response(std::string_view text) {
  return parse_object(text, "PostResponse");
}

std::string complete_multipart_upload_result(const StoredObject& object) {
  return xml::write(element_of("CompleteMultipartUploadResult", object), s3_namespace);
}
Result<StoredObject> parse_complete_multipart_upload_result(std::string_view text) {
  return parse_object(text, "CompleteMultipartUploadResult");
}

std::string initiate_multipart_upload_result(const MultipartUpload& upload) {
  return xml::write({"InitiateMultipartUploadResult",
                     {},
                     {leaf("Bucket", upload.bucket), leaf("Key", upload.key),
                      leaf("UploadId", upload.upload_id)}},
                    s3_namespace);
}

Result<MultipartUpload> parse_initiate_multipart_upload_result(std::string_view text) {
  const auto root = parse_root(text, "InitiateMultipartUploadResult");
  if (!root) return tl::unexpected(root.error());
  auto id = need(*root, "UploadId");
  if (!id) return tl::unexpected(id.error());
  if (id->empty()) return failure(root->name, "UploadId is empty");
  return MultipartUpload{std::string(root->text_of("Bucket").value_or("")),
                         std::string(root->text_of("Key").value_or("")), std::move(*id)};
}

std::string complete_multipart_upload(const std::vector<CompletedPart>& parts) {
  Element root{"CompleteMultipartUpload", {}, {}};
  for (const auto& [number, etag] : parts) {
    root.children.push_back(
        {"Part", {}, {leaf("ETag", '"' + etag + '"'), leaf("PartNumber", std::to_string(number))}});
  }
  return xml::write(root, s3_namespace);
}

Expected<std::vector<CompletedPart>> parse_complete_multipart_upload(std::string_view text) {
  const auto root = parse_root(text, "CompleteMultipartUpload");
  if (!root || root->children.empty() || root->children.size() > most_parts) return malformed();
  std::vector<CompletedPart> parts;
  for (const Element& child : root->children) {
    auto part = parse_part(child);
    if (!part) return malformed();
    if (!parts.empty() && part->number <= parts.back().number) {
      return refuse(Code::invalid_part_order,
                    "The list of parts was not in ascending order. The parts list must be "
                    "specified in order by part number.");
    }
    parts.push_back(std::move(*part));
  }
  return parts;
}

Expected<Removals> parse_removals(std::string_view text) {
  const auto root = parse_root(text, "Delete");
  if (!root) return malformed();
  Removals removals;
  removals.quiet = root->text_of("Quiet") == "true";
  for (const Element& child : root->children) {
    if (child.name != "Object") continue;
    const auto key = child.text_of("Key");
    if (!key || key->empty()) return malformed();
    removals.keys.emplace_back(*key);
  }
  if (removals.keys.empty() || removals.keys.size() > most_removals) return malformed();
  return removals;
}

std::string delete_result(const std::vector<std::string>& removed,
                          const std::vector<FailedRemoval>& failed) {
  Element root{"DeleteResult", {}, {}};
  for (const auto& key : removed) {
    root.children.push_back({"Deleted", {}, {leaf("Key", key)}});
  }
  for (const auto& [key, refusal] : failed) {
    root.children.push_back({"Error",
                             {},
                             {leaf("Key", key), leaf("Code", std::string(name_of(refusal.code))),
                              leaf("Message", refusal.message)}});
  }
  return xml::write(root, s3_namespace);
}

}  // namespace s3
