// The XML documents that tell what a bucket holds (AWS, ListObjectsV2, ListObjects, ListParts,
// ListMultipartUploads, GetBucketLocation). The caller limits how many entries there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/date.hpp"

namespace s3 {

struct ListedObject {
  std::string key;
  http::TimePoint modified;
  std::string etag;  ///< with its quotes
  std::uint64_t size = 0;
};

/// What a listing is about, as it was asked for, and what it found.
struct ObjectListing {
  std::string bucket;
  std::string prefix;
  std::string delimiter;     ///< empty: none
  std::size_t most = 1000;   ///< max-keys
  bool url_encoded = false;  ///< encoding-type=url: keys are escaped
  std::vector<ListedObject> objects;
  std::vector<std::string> prefixes;  ///< CommonPrefixes
  bool truncated = false;
};
/// Version 2: opaque tokens.
struct ListingTokens {
  std::optional<std::string> token;        ///< as sent
  std::optional<std::string> start_after;  ///< as sent
  std::string next;                        ///< of a truncated listing
};
[[nodiscard]] std::string list_bucket_result(const ObjectListing& listing,
                                             const ListingTokens& tokens);
/// Version 1: the last key of a page is the marker of the next.
struct ListingMarkers {
  std::string marker;  ///< as sent
  std::string next;    ///< of a truncated listing with a delimiter
};
[[nodiscard]] std::string list_bucket_result(const ObjectListing& listing,
                                             const ListingMarkers& markers);

struct ListedPart {
  unsigned number = 1;
  http::TimePoint modified;
  std::string etag;  ///< with its quotes
  std::uint64_t size = 0;
};
struct PartListing {
  std::string bucket;
  std::string key;
  std::string upload_id;
  unsigned after = 0;       ///< part-number-marker
  std::size_t most = 1000;  ///< max-parts
  std::vector<ListedPart> parts;
  bool truncated = false;
};
[[nodiscard]] std::string list_parts_result(const PartListing& listing);

struct ListedUpload {
  std::string key;
  std::string upload_id;
  http::TimePoint begun;
};
[[nodiscard]] std::string list_multipart_uploads_result(const std::string& bucket,
                                                        const std::string& prefix,
                                                        const std::vector<ListedUpload>& uploads);

/// The location of us-east-1, which S3 tells as an empty one.
[[nodiscard]] std::string location_constraint();

}  // namespace s3
