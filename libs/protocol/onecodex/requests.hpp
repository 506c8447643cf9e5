// What clients send to One Codex, in both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/onecodex/contract.hpp"
#include "protocol/onecodex/schema.hpp"

namespace onecodex {

/// samples/init_upload, samples/init_multipart_upload and samples/preupload: members that the
/// client did not give are empty.
struct SampleDraft {
  std::optional<std::string> filename;
  std::optional<std::string> paired_end_filename;
  std::optional<std::uint64_t> size;  ///< in bytes; from 1
  std::string metadata = "{}";        ///< JSON, an object
  std::vector<std::string> tags;      ///< their names
  std::optional<std::string> project;
  std::optional<std::string> sample_id;           ///< of one that was pre-uploaded
  std::optional<std::string> external_sample_id;  ///< likewise, by its metadata
  bool operator==(const SampleDraft&) const = default;
};
/// `call` is one of init_sample, init_sample_multipart and preupload.
[[nodiscard]] Expected<SampleDraft> parse_sample_draft(std::string_view text, Call call,
                                                       Contract contract);
[[nodiscard]] std::string to_json(const SampleDraft& draft);
/// "external_sample_id" of metadata as SampleDraft has it; nullopt: it has none.
[[nodiscard]] std::optional<std::string> external_id_of(std::string_view metadata);

/// documents/init_upload.
struct DocumentDraft {
  std::string filename;
  std::uint64_t size = 1;  ///< in bytes; from 1
  bool operator==(const DocumentDraft&) const = default;
};
[[nodiscard]] Expected<DocumentDraft> parse_document_draft(std::string_view text,
                                                           Contract contract);
[[nodiscard]] std::string to_json(const DocumentDraft& draft);

/// samples/confirm_upload, documents/confirm_upload and samples/cancel_upload. Of the other members
/// of a sample, only those are kept that can be compared with the file.
struct Confirmation {
  std::string id;
  std::optional<std::uint64_t> size = {};
  std::optional<std::string> md5 = {};
  bool operator==(const Confirmation&) const = default;
};
/// `call` is one of confirm_sample, confirm_document and cancel_sample.
[[nodiscard]] Expected<Confirmation> parse_confirmation(std::string_view text, Call call,
                                                        Contract contract);
[[nodiscard]] std::string to_json(const Confirmation& confirmation, Call call);

/// The call that ends a multipart upload, to MultipartInitiated::callback_url.
struct Callback {
  std::string bucket;
  std::string file_id;  ///< the key of the object
  std::optional<std::string> filename;
  bool operator==(const Callback&) const = default;
};
/// "s3_path" is needed; members that are not known are ignored: nothing is documented.
[[nodiscard]] Expected<Callback> parse_callback(std::string_view text);
[[nodiscard]] std::string to_json(const Callback& callback);

}  // namespace onecodex
