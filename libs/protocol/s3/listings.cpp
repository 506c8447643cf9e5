#include "protocol/s3/listings.hpp"

#include <fmt/format.h>

#include "protocol/s3/documents.hpp"
#include "protocol/s3/request.hpp"
#include "protocol/s3/time.hpp"
#include "protocol/xml/element.hpp"

namespace s3 {
namespace {

using xml::Element;
using xml::leaf;

/// "2009-10-12T17:50:30.000Z": to the second, as S3 does.
std::string written(http::TimePoint time) {
  auto text = format_seconds(time);
  text.insert(text.size() - 1, ".000");
  return text;
}

Element flag(std::string name, bool value) {
  return leaf(std::move(name), value ? "true" : "false");
}

template <class Number>
Element number(std::string name, Number value) {
  return leaf(std::move(name), fmt::format("{}", value));
}

std::string key_text(const ObjectListing& listing, const std::string& key) {
  return listing.url_encoded ? encode_path(key) : key;
}

Element object_element(const ObjectListing& listing, const ListedObject& object) {
  return {
      "Contents",
      {},
      {leaf("Key", key_text(listing, object.key)), leaf("LastModified", written(object.modified)),
       leaf("ETag", object.etag), number("Size", object.size), leaf("StorageClass", "STANDARD")}};
}

/// What both versions have; `own` are the elements by which one of them goes on.
std::string listing_document(const ObjectListing& listing, std::vector<Element> own) {
  Element root{"ListBucketResult",
               {},
               {leaf("Name", listing.bucket), leaf("Prefix", key_text(listing, listing.prefix))}};
  auto& children = root.children;
  for (auto& element : own) children.push_back(std::move(element));
  children.push_back(number("MaxKeys", listing.most));
  if (!listing.delimiter.empty()) {
    children.push_back(leaf("Delimiter", key_text(listing, listing.delimiter)));
  }
  if (listing.url_encoded) children.push_back(leaf("EncodingType", "url"));
  children.push_back(flag("IsTruncated", listing.truncated));
  for (const auto& object : listing.objects) children.push_back(object_element(listing, object));
  for (const auto& prefix : listing.prefixes) {
    children.push_back({"CommonPrefixes", {}, {leaf("Prefix", key_text(listing, prefix))}});
  }
  return xml::write(root, s3_namespace);
}

}  // namespace

std::string list_bucket_result(const ObjectListing& listing, const ListingTokens& tokens) {
  std::vector<Element> own;
  if (tokens.token) own.push_back(leaf("ContinuationToken", *tokens.token));
  if (!tokens.next.empty()) own.push_back(leaf("NextContinuationToken", tokens.next));
  if (tokens.start_after) {
    own.push_back(leaf("StartAfter", key_text(listing, *tokens.start_after)));
  }
  own.push_back(number("KeyCount", listing.objects.size() + listing.prefixes.size()));
  return listing_document(listing, std::move(own));
}

std::string list_bucket_result(const ObjectListing& listing, const ListingMarkers& markers) {
  std::vector<Element> own{leaf("Marker", key_text(listing, markers.marker))};
  if (!markers.next.empty()) own.push_back(leaf("NextMarker", key_text(listing, markers.next)));
  return listing_document(listing, std::move(own));
}

std::string list_parts_result(const PartListing& listing) {
  const auto last = listing.parts.empty() ? listing.after : listing.parts.back().number;
  Element root{"ListPartsResult",
               {},
               {leaf("Bucket", listing.bucket), leaf("Key", listing.key),
                leaf("UploadId", listing.upload_id), leaf("StorageClass", "STANDARD"),
                number("PartNumberMarker", listing.after), number("NextPartNumberMarker", last),
                number("MaxParts", listing.most), flag("IsTruncated", listing.truncated)}};
  for (const auto& part : listing.parts) {
    root.children.push_back(
        {"Part",
         {},
         {number("PartNumber", part.number), leaf("LastModified", written(part.modified)),
          leaf("ETag", part.etag), number("Size", part.size)}});
  }
  return xml::write(root, s3_namespace);
}

std::string list_multipart_uploads_result(const std::string& bucket, const std::string& prefix,
                                          const std::vector<ListedUpload>& uploads) {
  Element root{"ListMultipartUploadsResult",
               {},
               {leaf("Bucket", bucket), leaf("Prefix", prefix), number("MaxUploads", 1000),
                flag("IsTruncated", false)}};
  for (const auto& upload : uploads) {
    root.children.push_back(
        {"Upload",
         {},
         {leaf("Key", upload.key), leaf("UploadId", upload.upload_id),
          leaf("StorageClass", "STANDARD"), leaf("Initiated", written(upload.begun))}});
  }
  return xml::write(root, s3_namespace);
}

std::string location_constraint() {
  return xml::write(leaf("LocationConstraint", ""), s3_namespace);
}

}  // namespace s3
