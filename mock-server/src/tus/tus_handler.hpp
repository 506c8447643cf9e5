// The tus protocol over a store: OPTIONS, POST, HEAD, PATCH, DELETE, GET.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.hpp"
#include "http/route.hpp"
#include "protocol/tus/metadata.hpp"
#include "tus/hooks.hpp"

namespace mock {

/// How a server refuses what a NamedRefusal stands for (refusals.hpp).
struct RefusalWords {
  std::optional<int> status;  ///< nullopt: as it is
  std::string body;
};

/// What browsers are told of CORS, as the fields have it.
struct CorsOptions {
  std::string methods = "POST, HEAD, PATCH, DELETE, GET, OPTIONS";
  std::string headers =
      "Authorization, Content-Type, Origin, X-Requested-With, X-Request-ID, "
      "X-HTTP-Method-Override, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, "
      "Upload-Defer-Length, Upload-Concat, Upload-Checksum";
  std::string exposed =
      "Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, "
      "Upload-Concat, Upload-Expires, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, "
      "Tus-Checksum-Algorithm";
  /// Whether every OPTIONS with an Origin is a preflight, and not only one that names a method
  /// (Fetch, section 3.3.4).
  bool any_options = false;
};

/// What this server offers. The default is what DEX offers (DEX-TUS-001); everything else in
/// tus 1.0 is implemented too: "expiration" (needs expire_after and an Upkeep), "checksum",
/// "checksum-trailer" and "concatenation-unfinished" (needs an Upkeep). Other names are ignored.
struct TusOptions {
  std::set<std::string, std::less<>> extensions{
      "creation", "creation-with-upload", "creation-defer-length", "termination", "concatenation"};
  std::optional<Bytes> max_size;
  std::optional<Milliseconds> expire_after;  ///< from the creation of an unfinished upload
  bool downloads = true;                     ///< GET on an upload; DEX answers 405 (DEX-ROUTE-009)
  bool trust_forwarded = false;   ///< Location follows Forwarded / X-Forwarded-* (DEX-TUS-004)
  bool cors_credentials = false;  ///< Access-Control-Allow-Credentials (DEX-TUS-005)
  /// Interop versions of 'Resumable Uploads for HTTP' that are spoken too, on the same URLs
  /// (ietf.hpp).
  std::vector<int> ietf_draft;
  std::optional<Bytes> draft_min_append;  ///< min-append-size of Upload-Limit
  std::optional<Bytes> draft_max_append;  ///< max-append-size
  /// Interop versions of the same draft whose signal that a body is the last (Upload-Complete,
  /// Upload-Incomplete in version 3) also ends an upload of deferred length in a PATCH of tus.
  std::vector<std::string> draft_end_signal;
  // Manners of known servers, in the words of profile.schema.json.
  bool patch_fields_first = false;     ///< judged before the upload, but for Upload-Length
  bool version_before_method = false;  ///< judged before the method, but not for GET and HEAD
  bool ignores_other_bodies = false;   ///< of creations: what is not announced as an upload's bytes
  bool lenient_parts = false;          ///< of finals, read as `part_id_behind_base` does
  bool lock_first = false;             ///< a PATCH takes over before its offset is judged
  bool own_part_urls = false;          ///< HEAD names parts by URLs of this server
  bool keeps_what_fits = false;        ///< of a chunked body that is longer than the upload
  bool keeps_refused_length = false;   ///< that came with a body too long for it
  bool metadata_as_text = false;       ///< bytes that are not UTF-8 become U+FFFD
  bool downloads_as_file = false;      ///< GET as Go's http.ServeFile answers it (download.cpp)
  bool hex_ids = false;                ///< 32 hexadecimal digits in place of a UUID
  bool empty_is_absent = false;  ///< a field without a value is none, as Go's Header.Get has it
  CorsOptions cors;
  bool options_allow = true;  ///< OPTIONS tells the methods in Allow
  tus::MetadataStrictness metadata = tus::MetadataStrictness::strict;
  std::map<std::string, RefusalWords, std::less<>> refusals;  ///< by the names of refusals.hpp
  UnreadBody early_error = UnreadBody::drain;
};

/// For requests that are addressed to creation or upload. `options` outlive the handler.
[[nodiscard]] std::unique_ptr<Handler> make_tus_handler(const TusOptions& options,
                                                        const TusServices& services);

/// Adds to the lists of `options.cors` the fields of offered extensions that they lack.
void complete_cors(TusOptions& options);
/// Adds the CORS fields of the Fetch standard to a reply to a request with an Origin; also for the
/// replies of other rooms (auth), so that browsers can read them (rows CORS-*). `method` is
/// the one that the request acts by.
void add_cors(const Request& request, std::string_view method, const TusOptions& options,
              Reply& reply);

}  // namespace mock
