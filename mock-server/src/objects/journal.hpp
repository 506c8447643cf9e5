// What the journal keeps of object storage; no signature is among it.
#pragma once

#include <string_view>

#include "protocol/http/fields.hpp"
#include "system/journal_fields.hpp"

namespace mock {

inline constexpr std::string_view objects_request_fields[]{
    "Content-MD5",          "Content-Encoding",
    "x-amz-content-sha256", "x-amz-date",
    "x-amz-checksum-crc32", "x-amz-checksum-sha256",
    "x-amz-storage-class",  "x-amz-server-side-encryption",
};
inline constexpr std::string_view objects_reply_fields[]{"ETag", "x-amz-request-id"};

/// User-defined metadata ("x-amz-meta-NAME"); names are in lower case, as S3 keeps them.
inline void read_object_metadata(std::string_view name, std::string_view value,
                                 JournalFields::Metadata& into) {
  constexpr std::string_view prefix = "x-amz-meta-";
  if (!::http::same_name(name.substr(0, prefix.size()), prefix)) return;
  into.emplace_back(::http::lower_case(name.substr(prefix.size())), value);
}

inline constexpr JournalFields objects_journal{.request = objects_request_fields,
                                               .reply = objects_reply_fields,
                                               .metadata = read_object_metadata};

}  // namespace mock
