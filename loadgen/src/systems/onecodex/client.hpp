// One Codex as its clients use it: samples, by a form or by the API of an object store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "system/client.hpp"

namespace loadgen {

struct OneCodexOptions {
  enum class Flow {
    form,       ///< init_upload, POST of the form that it hands out, confirm_upload
    multipart,  ///< init_multipart_upload, S3 by parts, the callback
  };
  Flow flow = Flow::form;
  /// Flow::multipart: where the S3 API is; empty: at the host of the API, as a mock server has it.
  std::string storage_url;
};

/// The creation URL is that of the API: ".../api/v1". An upload's URL is its sample's.
class OneCodexClient final : public Client {
 public:
  OneCodexClient(UploadOptions options, OneCodexOptions own);

  /// Where calls go, as in "samples/init_upload".
  [[nodiscard]] std::string url_of(const std::string& call) const;
  [[nodiscard]] std::string sample_url(const std::string& id) const;
  /// What stands before the paths that the API tells: the creation URL without "/api/v1".
  [[nodiscard]] std::string base_url() const;
  [[nodiscard]] std::string storage_url() const;
  /// The name of one of the files of `upload`, which has two where the payload is a pair.
  [[nodiscard]] std::string file_name(const std::string& upload, std::size_t file) const;

  [[nodiscard]] std::vector<std::string> urls() const override;
  [[nodiscard]] client::Presentation presentation() const override;
  [[nodiscard]] transport::LoadRequest probe() const override;
  [[nodiscard]] std::unique_ptr<Upload> upload(const UploadHost& host, std::uint64_t index,
                                               Bytes size, Time intended,
                                               Upload::Events events) const override;

  /// A mock server knows samples by other ids than its clients.
  [[nodiscard]] std::string control_url() const override { return {}; }
  [[nodiscard]] std::optional<transport::LoadRequest> whereabouts(
      const std::string& url) const override;
  [[nodiscard]] Result<std::string> read_whereabouts(const std::string& answer) const override;
  /// Of a pair, the first file.
  [[nodiscard]] Bytes shown(const UploadResult& upload) const override;
  [[nodiscard]] transport::LoadRequest look(const std::string& url) const override;
  [[nodiscard]] std::optional<std::string> told_size(
      const transport::LoadResponse& answer) const override;
  [[nodiscard]] std::optional<Cause> told_otherwise(const transport::LoadResponse& answer,
                                                    const UploadResult& upload) const override;
  [[nodiscard]] transport::LoadRequest download(const std::string& url) const override;
  [[nodiscard]] std::optional<transport::LoadRequest> removal(
      const std::string& url) const override;

 private:
  OneCodexOptions own_;
};

[[nodiscard]] SystemKind onecodex_system();
[[nodiscard]] SystemKind onecodex_multipart_system();

}  // namespace loadgen
