// The words the checks of tus are written in, besides those of every system.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tus/headers.hpp"
#include "protocol/tus/metadata.hpp"
#include "tus/suites.hpp"
#include "tus/target.hpp"
#include "words/words.hpp"

namespace conformance::suites {

namespace ext = tus::extension;
namespace hdr = tus::header;

/// The most that a check uploads to reach a size limit; larger limits are not judged.
inline constexpr Bytes reachable_limit{16U << 20U};

/// The target as its system knows it; `url` is the creation URL.
[[nodiscard]] const TusTarget& tus_target(const Context& c);

// ---- correct requests --------------------------------------------------------------------------
// Each of these ends the check when there is no response, as Context::send does.

/// A correct creation; members switch parts of it off or add to it. Every member has an
/// initializer, so that designated ones may leave out the rest without a warning.
struct Creation {
  std::optional<Bytes> length = Bytes{10};  ///< nullopt: no Upload-Length
  bool defer_length = false;
  tus::Metadata metadata = {};                   ///< added to that of the target
  std::optional<std::string> raw_metadata = {};  ///< sent as Upload-Metadata instead of all that
  std::string concat = {};                       ///< Upload-Concat; empty: none
  std::optional<std::string> body = {};          ///< creation-with-upload
  Fields headers = {};                           ///< added; replace those of the same name
};

/// A correct tus request: Tus-Resumable is added unless `headers` has a field of that name. A
/// field with an empty value is not sent at all, which is how a check leaves one out.
Response send_tus(Context& c, std::string_view method, const std::string& url,
                  const Fields& headers = {}, std::optional<std::string> body = std::nullopt);
Response ask_options(Context& c);  ///< OPTIONS of the creation URL
Response post(Context& c, const Creation& creation);
Response head_of(Context& c, const std::string& upload);
Response patch(Context& c, const std::string& upload, Bytes offset, std::string body,
               const Fields& extra = {});
Response remove(Context& c, const std::string& upload);  ///< DELETE

/// Creates an upload and returns its absolute URL; anything but 201 with Location ends the check
/// as blocked. Uploads made here (or by `post`) are deleted after the run where that is offered.
std::string create(Context& c, const Creation& creation = {});
/// Creates and uploads `bytes` whole; ends the check as blocked when that fails.
std::string create_complete(Context& c, const std::string& bytes, Creation creation = {});
/// Offset from HEAD; ends the check as blocked without a valid one.
Bytes offset_of(Context& c, const std::string& upload);
/// The Location of a 201 made absolute (RFC 3986 section 5); nullopt when it cannot be.
[[nodiscard]] std::optional<std::string> location_of(const Context& c, const Response& response);
/// The last path segment, percent-encoded as it came.
[[nodiscard]] std::string id_of(const std::string& upload);
/// The Upload-Metadata a creation of this target must carry, with `extra` added.
[[nodiscard]] std::string metadata_header(const Context& c, const tus::Metadata& extra = {});

/// How the stored bytes differ from `bytes`: "bytes 4096 to 4099 of 65537 are others"; empty when
/// they do not. By GET where downloads are offered, otherwise by the delivered copy; nullopt when
/// this target gives no way to see them, or not in time.
std::optional<std::string> damage_of(Context& c, const std::string& upload,
                                     const std::string& bytes);
/// Compares the stored bytes: by GET where downloads are offered, otherwise by the delivered copy;
/// nullopt when this target gives no way to see them.
std::optional<bool> stored_equals(Context& c, const std::string& upload, const std::string& bytes);
/// The same with all of `all` at once, so that to find none takes no longer than to miss one.
std::optional<bool> stored_as_any_of(Context& c, const std::string& upload,
                                     const std::vector<std::string>& all);
/// Compares the delivered copy; nullopt when it cannot be read from here, or never came.
std::optional<bool> delivered_equals(Context& c, const std::string& upload,
                                     const std::string& bytes);

// ---- requests that a check bends ---------------------------------------------------------------

/// As send_tus, but a missing response does not end the check.
[[nodiscard]] Exchange attempt(Context& c, std::string_view method, const std::string& url,
                               const Fields& headers = {},
                               std::optional<std::string> body = std::nullopt,
                               Milliseconds timeout = answer_timeout);
/// Content-Type and Upload-Offset of a correct PATCH.
[[nodiscard]] Fields patch_fields(std::string offset);
/// A PATCH at offset 0 whose fields are replaced by `headers`; an empty value leaves one out.
Response patch_with(Context& c, const std::string& upload, const Fields& headers, std::string body);
/// The same with `Transfer-Encoding: chunked` instead of Content-Length.
[[nodiscard]] Exchange patch_chunked(Context& c, const std::string& upload, Bytes offset,
                                     std::string body, const Fields& more = {});
/// A POST to the creation URL with the target's metadata and exactly these fields besides.
Response post_with(Context& c, const Fields& headers,
                   std::optional<std::string> body = std::nullopt);
/// A creation whose Upload-Metadata is the target's metadata followed by `pairs` as they stand.
Response post_metadata(Context& c, const std::string& pairs);
/// The target's metadata and `pairs` as one Upload-Metadata value.
[[nodiscard]] std::string metadata_with(Context& c, const std::string& pairs);
/// The URL a creation gave; ends the check as blocked unless it was a 201 with Location.
[[nodiscard]] std::string url_of(Context& c, const Response& creation);
/// A URL of the shape the server gives to uploads, for one that does not exist.
[[nodiscard]] std::string unknown_upload(Context& c);
/// `wanted`, or less where Tus-Max-Size does not allow so much.
[[nodiscard]] std::size_t within_limit(const Context& c, std::size_t wanted);

// ---- what HEAD tells ---------------------------------------------------------------------------

/// A field as a number; nullopt when it is absent or not a number.
[[nodiscard]] std::optional<Bytes> number_in(const Response& response, std::string_view name);
struct UploadState {
  Bytes offset;
  std::optional<Bytes> length;
  bool deferred = false;
  bool operator==(const UploadState&) const = default;
};
/// "offset 4 of 10", "offset 4, length deferred"
[[nodiscard]] std::string to_string(const UploadState& state);
/// Ends the check as blocked when HEAD does not succeed with a valid offset.
[[nodiscard]] UploadState state_of(Context& c, const std::string& upload);
/// nullopt while HEAD fails (locked, gone) or gives no offset.
[[nodiscard]] std::optional<Bytes> try_offset(Context& c, const std::string& upload);
/// Upload-Metadata as a list of pairs as they stand on the wire.
[[nodiscard]] std::vector<std::string> pairs_of(const Response& head);
/// Whether one of the pairs has that key.
[[nodiscard]] bool lists_key(const Response& head, std::string_view key);

// ---- raw bytes ---------------------------------------------------------------------------------

/// The fields a correct raw request needs, Tus-Resumable among them, followed by `more`. A name in
/// `more` that is there already appears twice.
[[nodiscard]] Fields raw_fields(Context& c, const Fields& more = {});
/// Request line and `all` fields. Ends the check as skipped where such a request is withheld
/// (Target::withheld).
[[nodiscard]] std::string head_by_hand(Context& c, std::string_view method, const std::string& url,
                                       const Fields& all, std::string_view version = "HTTP/1.1");
/// The same with raw_fields(more); Content-Length is the caller's to add.
[[nodiscard]] std::string raw_head(Context& c, std::string_view method, const std::string& url,
                                   const Fields& more = {});
/// Sends the head of a PATCH of `declared` bytes and then only `part` of its body. When this
/// returns, a server that answers 100-continue has begun with the request.
[[nodiscard]] RawConnection half_sent_patch(Context& c, const std::string& upload, Bytes offset,
                                            std::size_t declared, std::string_view part);

}  // namespace conformance::suites
