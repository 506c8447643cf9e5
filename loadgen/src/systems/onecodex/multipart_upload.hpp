// Uploads of samples to One Codex by the API of an object store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/s3/documents.hpp"
#include "protocol/s3/signature_v2.hpp"
#include "systems/onecodex/upload.hpp"

namespace loadgen {

/// The flow of onecodex 0.7.0 and later, which is not documented. The API hands out a bucket, keys
/// and credentials. The files are stored under those keys by S3's own calls, the larger ones in
/// parts, and then the API is called back. A stored part stays: what is lost is sent again from the
/// beginning of its part.
class MultipartUpload final : public OneCodexUpload {
 public:
  using OneCodexUpload::OneCodexUpload;

 private:
  void go_on() override;
  void forget() override;
  void init();
  void initiated(const transport::LoadOutcome& outcome);
  /// A file that is too small for parts.
  void put();
  void create();
  void created(const transport::LoadOutcome& outcome);
  void send_part();
  void part_sent(Bytes length, const transport::LoadOutcome& outcome);
  void complete();
  void completed(const transport::LoadOutcome& outcome);
  void call_back();
  void called_back(const transport::LoadOutcome& outcome);

  [[nodiscard]] bool has_parts();
  [[nodiscard]] Bytes part_size();
  /// Bytes of the present file in parts that are there.
  [[nodiscard]] Bytes in_parts() { return Bytes{parts_.size() * part_size().value}; }
  [[nodiscard]] std::string object_url() const;
  /// Adds the signature, over what `request` has by then.
  void sign(transport::LoadRequest& request) const;
  void begin_file();

  std::string callback_url_;  ///< empty: nothing was begun
  std::string bucket_;
  std::vector<std::string> keys_;  ///< a file each
  s3::Credentials credentials_;    ///< secret
  // Of the present file:
  std::string upload_id_;  ///< empty: none was created
  std::vector<s3::CompletedPart> parts_;
  bool part_was_sent_ = false;  ///< some of the next one, or all
  bool was_completed_ = false;  ///< it was asked for; the answer may be lost
  std::optional<Time> lost_at_;
};

}  // namespace loadgen
