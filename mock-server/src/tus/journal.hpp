// What the journal keeps of tus (protocol.md at 30698e1, Headers) and of the IETF draft that grew
// out of it.
#pragma once

#include <string_view>

#include "protocol/http/fields.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/metadata.hpp"
#include "protocol/tus/numbers.hpp"
#include "system/journal_fields.hpp"

namespace mock {

inline constexpr std::string_view tus_request_fields[]{
    tus::header::tus_resumable,       tus::header::upload_offset,   tus::header::upload_length,
    tus::header::upload_defer_length, tus::header::upload_metadata, tus::header::upload_concat,
    tus::header::upload_checksum,     tus::header::method_override, "Upload-Complete",
    "Upload-Draft-Interop-Version",
};
inline constexpr std::string_view tus_trailers[]{tus::header::upload_checksum};
inline constexpr std::string_view tus_reply_fields[]{
    tus::header::tus_resumable,          tus::header::tus_version,
    tus::header::tus_extension,          tus::header::tus_max_size,
    tus::header::tus_checksum_algorithm, tus::header::upload_offset,
    tus::header::upload_length,          tus::header::upload_defer_length,
    tus::header::upload_metadata,        tus::header::upload_concat,
    tus::header::upload_expires,         "Upload-Complete",
};

inline void read_journal_metadata(std::string_view name, std::string_view value,
                                  JournalFields::Metadata& into) {
  if (!::http::same_name(name, tus::header::upload_metadata)) return;
  const auto metadata = tus::parse_metadata(value, tus::MetadataStrictness::lenient);
  if (!metadata) return;
  for (const auto& pair : metadata->pairs()) into.emplace_back(pair.key, pair.value);
}

inline constexpr JournalFields tus_journal{
    .request = tus_request_fields,
    .trailers = tus_trailers,
    .reply = tus_reply_fields,
    .offset = {tus::header::upload_offset, tus::parse_length_lenient},
    .metadata = read_journal_metadata,
};

}  // namespace mock
