// What One Codex answers, in both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/form.hpp"
#include "protocol/onecodex/contract.hpp"

namespace onecodex {

/// What a call is about.
enum class Kind { sample, document };
/// "samples", "documents".
[[nodiscard]] std::string_view resource_of(Kind kind);

/// {"message": ..., "status": ...}: every error has at least these, since clients take an empty
/// object for success.
struct Problem {
  int status = 400;
  std::string message;
  bool operator==(const Problem&) const = default;
};
[[nodiscard]] std::string to_json(const Problem& problem);
/// The same with "errors", by which Flask-Potion tells how a body breaks its schema.
[[nodiscard]] std::string to_json(const Breach& breach);
/// The same with "item": there is none of that id.
[[nodiscard]] std::string unknown_item_body(std::string_view resource, std::string_view id);
/// The status is that of the body; without one it is 0.
[[nodiscard]] Result<Problem> parse_problem(std::string_view text);

/// Where and how a file is to be POSTed.
struct UploadForm {
  std::string url;
  http::Form fields;  ///< in the order in which they are to be sent, before the file
  bool operator==(const UploadForm&) const = default;
};

/// init_upload. The status that the storage is to answer with is a number in JSON, and text in the
/// form.
struct Initiated {
  Kind kind = Kind::sample;
  std::string id;
  UploadForm file;
  std::optional<UploadForm> paired_end = {};
  bool operator==(const Initiated&) const = default;
};
[[nodiscard]] std::string to_json(const Initiated& initiated);
/// additional_fields must be an object of texts and numbers.
[[nodiscard]] Result<Initiated> parse_initiated(std::string_view text, Kind kind);

/// init_multipart_upload: what a client needs to PUT a file, and the URL at which it says so.
struct MultipartInitiated {
  Kind kind = Kind::sample;
  std::string callback_url;  ///< a path
  std::string bucket;
  std::string file_id;
  std::optional<std::string> paired_end_file_id = {};
  std::string access_key;
  std::string secret;
  std::optional<std::string> sample_id = {};  ///< of a sample
  bool operator==(const MultipartInitiated&) const = default;
};
[[nodiscard]] std::string to_json(const MultipartInitiated& initiated);
[[nodiscard]] Result<MultipartInitiated> parse_multipart_initiated(std::string_view text,
                                                                   Kind kind);

/// preupload, and the callback of a multipart upload: {"sample_id": ...} or {"document_id": ...}.
[[nodiscard]] std::string id_body(Kind kind, std::string_view id);
[[nodiscard]] Result<std::string> parse_id(std::string_view text, Kind kind);

/// confirm_upload.
struct Confirmed {
  Kind kind = Kind::sample;
  bool success = true;
  std::string message;
  std::string id;
  bool operator==(const Confirmed&) const = default;
};
[[nodiscard]] std::string to_json(const Confirmed& confirmed);
[[nodiscard]] Result<Confirmed> parse_confirmed(std::string_view text, Kind kind);

inline constexpr std::string_view upload_cancelled = "Upload cancelled";
/// 400: there is nothing to cancel any more.
inline constexpr std::string_view already_successful = "Upload already successful";
/// cancel_upload.
[[nodiscard]] std::string cancelled_body();

/// GET samples/{id}. Times as RFC 3339 has them.
struct Sample {
  std::string id;
  std::string created_at;
  std::optional<std::string> filename;
  std::string metadata = "{}";  ///< JSON, an object
  std::string owner;            ///< an id
  std::optional<std::string> project = {};
  std::optional<std::uint64_t> size = {};  ///< in bytes, once it is confirmed
  std::vector<std::string> tags = {};      ///< their names
  std::string visibility;
  bool operator==(const Sample&) const = default;
};
/// GET documents/{id}.
struct Document {
  std::string id;
  std::string created_at;
  std::string filename;
  std::string uploader;  ///< an id
  std::optional<std::uint64_t> size = {};
  bool operator==(const Document&) const = default;
};
/// `expanded`: metadata, owner and tags in the place of references to them.
[[nodiscard]] std::string to_json(const Sample& sample, bool expanded);
[[nodiscard]] std::string to_json(const Document& document);
/// GET of a list of them.
[[nodiscard]] std::string to_json(const std::vector<Sample>& samples, bool expanded);
[[nodiscard]] std::string to_json(const std::vector<Document>& documents);
/// Reads what a client needs: `id` and `visibility`, and other members if they are there and are no
/// references.
[[nodiscard]] Result<Sample> parse_sample(std::string_view text);

// GET metadata/{id}, tags/{id}, users/{id}, projects/{id}.
[[nodiscard]] std::string metadata_body(const Sample& sample);
/// The id of the tag of that name, the same on every server.
[[nodiscard]] std::string tag_id(std::string_view name);
[[nodiscard]] std::string tag_body(std::string_view name);
[[nodiscard]] std::string user_body(std::string_view id);
[[nodiscard]] std::string account_body(std::string_view user);
[[nodiscard]] std::string project_body(std::string_view id, std::string_view owner);

/// POST {resource}/{id}/download_uri.
struct Download {
  std::string url;
  std::uint64_t hours = 1;  ///< for which it is good
  bool operator==(const Download&) const = default;
};
[[nodiscard]] std::string to_json(const Download& download);
[[nodiscard]] Result<Download> parse_download(std::string_view text);

}  // namespace onecodex
