// Every way in which the tus handlers refuse a request, by name, so that a
// profile can say it in the words of another server.
#pragma once

#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "tus/tus_handler.hpp"

namespace mock {

/// How this server refuses. Where `text` is empty, each occasion gives its own.
struct NamedRefusal {
  std::string_view name;
  int status;
  std::string_view text = {};
};

namespace refused {

// ---- any request
inline constexpr NamedRefusal method{"method", 405, "the method is not allowed here"};
inline constexpr NamedRefusal version_missing{"version-missing", 412, "Tus-Resumable is missing"};
inline constexpr NamedRefusal version{"version", 412, "this version of tus is not spoken here"};
inline constexpr NamedRefusal field_twice{"field-twice", 400};
inline constexpr NamedRefusal not_offered{"not-offered", 501};
inline constexpr NamedRefusal unknown_upload{"unknown-upload", 404, "no such upload"};
inline constexpr NamedRefusal expired{"expired", 410, "the upload has expired"};
inline constexpr NamedRefusal locked{"locked", 423, "another request is writing to this upload"};

// ---- lengths
inline constexpr NamedRefusal length{"length", 400, "Upload-Length must be a non-negative integer"};
inline constexpr NamedRefusal length_missing{"length-missing", 400,
                                             "Upload-Length or Upload-Defer-Length is needed"};
inline constexpr NamedRefusal length_unkeepable{
    "length-unkeepable", 413, "Upload-Length is larger than this server can keep"};
inline constexpr NamedRefusal length_and_defer{
    "length-and-defer", 400, "Upload-Length and Upload-Defer-Length exclude each other"};
inline constexpr NamedRefusal defer_length{"defer-length", 400, "Upload-Defer-Length must be 1"};
inline constexpr NamedRefusal max_size{"max-size", 413, "the upload is larger than Tus-Max-Size"};
inline constexpr NamedRefusal metadata{"metadata", 400};

// ---- the body of a creation
inline constexpr NamedRefusal creation_content_type{
    "creation-content-type", 415, "a body must be application/offset+octet-stream"};
inline constexpr NamedRefusal creation_too_long{"creation-too-long", 413,
                                                "the body is longer than the upload has room for"};

// ---- PATCH
inline constexpr NamedRefusal content_type{"content-type", 415,
                                           "Content-Type must be application/offset+octet-stream"};
inline constexpr NamedRefusal offset{"offset", 400, "Upload-Offset must be a non-negative integer"};
inline constexpr NamedRefusal offset_missing{"offset-missing", 400, "Upload-Offset is missing"};
inline constexpr NamedRefusal offset_unkeepable{
    "offset-unkeepable", 400, "Upload-Offset is larger than this server can keep"};
inline constexpr NamedRefusal offset_differs{"offset-differs", 409,
                                             "Upload-Offset is not the upload's present offset"};
inline constexpr NamedRefusal length_known{"length-known", 400,
                                           "the upload's length is known and cannot be changed"};
inline constexpr NamedRefusal length_too_small{"length-too-small", 400,
                                               "Upload-Length is less than what is already stored"};
inline constexpr NamedRefusal length_over_max_size{"length-over-max-size", 413,
                                                   "Upload-Length is more than Tus-Max-Size"};
inline constexpr NamedRefusal too_long{"too-long", 413,
                                       "the body is longer than the upload has room for"};
inline constexpr NamedRefusal cut_short{"cut-short", 400,
                                        "the body ended early; what came is kept"};
inline constexpr NamedRefusal timed_out{"timed-out", 408,
                                        "no more bytes came in time; what came is kept"};
inline constexpr NamedRefusal checksum{"checksum", 400};
inline constexpr NamedRefusal checksum_algorithm{"checksum-algorithm", 400,
                                                 "Upload-Checksum: the algorithm is not supported"};
inline constexpr NamedRefusal checksum_trailer{
    "checksum-trailer", 400, "Upload-Checksum was announced as a trailer, not sent"};
inline constexpr NamedRefusal checksum_mismatch{"checksum-mismatch", 460,
                                                "the bytes do not have the checksum that was sent"};

// ---- concatenation
inline constexpr NamedRefusal concat{"concat", 400};
inline constexpr NamedRefusal final_length{"final-length", 400,
                                           "a final upload's length follows from its parts"};
inline constexpr NamedRefusal final_body{"final-body", 400,
                                         "a final upload is made of its parts and takes no body"};
inline constexpr NamedRefusal final_patched{"final-patched", 403,
                                            "a final upload cannot be changed"};
inline constexpr NamedRefusal part_elsewhere{
    "part-elsewhere", 400, "Upload-Concat: a part is not the URL of an upload here"};
inline constexpr NamedRefusal part_unknown{"part-unknown", 400,
                                           "Upload-Concat: a part does not exist"};
inline constexpr NamedRefusal part_whole{
    "part-whole", 400, "Upload-Concat: a part was not created as a partial upload"};
inline constexpr NamedRefusal part_expired{"part-expired", 400,
                                           "Upload-Concat: a part has expired"};
inline constexpr NamedRefusal part_unfinished{"part-unfinished", 400,
                                              "Upload-Concat: a part is not finished"};
inline constexpr NamedRefusal sum_unkeepable{"sum-unkeepable", 413, "the sum is too large"};
inline constexpr NamedRefusal part_gone{"part-gone", 410,
                                        "a part is gone, so the upload can never be joined"};
inline constexpr NamedRefusal sum_over_max_size{
    "sum-over-max-size", 413,
    "the parts are larger together than Tus-Max-Size, so the upload can never "
    "be joined"};

// ---- downloads
inline constexpr NamedRefusal range_faulty{"range-faulty", 416, "invalid range"};
inline constexpr NamedRefusal range{"range", 416, "the range is not in what is stored"};

}  // namespace refused

/// The names of all of them.
[[nodiscard]] const std::vector<std::string_view>& refusal_names();

/// The reply, as `options.refusals` has it or else as above: text/plain, one
/// line for a person. `text` is what the occasion has to say in place of the
/// text above.
[[nodiscard]] Reply refusal(const TusOptions& options, const NamedRefusal& what,
                            std::string_view text = {});

}  // namespace mock
