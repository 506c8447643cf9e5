// What the journal keeps of object storage; no signature is among it.
#pragma once

#include <string_view>

#include "system/journal_fields.hpp"

namespace mock {

inline constexpr std::string_view objects_request_fields[]{
    "Content-MD5",          "Content-Encoding",
    "x-amz-content-sha256", "x-amz-date",
    "x-amz-checksum-crc32", "x-amz-checksum-sha256",
    "x-amz-storage-class",  "x-amz-server-side-encryption",
};
inline constexpr std::string_view objects_reply_fields[]{"ETag", "x-amz-request-id"};

inline constexpr JournalFields objects_journal{.request = objects_request_fields,
                                               .reply = objects_reply_fields};

}  // namespace mock
