// Open Humans as a project uses it: files for its members, as one form or by way of a storage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/http/form.hpp"
#include "system/client.hpp"

namespace loadgen {

struct OpenHumansOptions {
  enum class Call {
    direct,  ///< ask for a URL, PUT the file there, and say that it is complete
    simple,  ///< POST a form with the file
  };
  Call call = Call::direct;
  std::vector<std::string> members;  ///< by project_member_id; files go to them in turn
};

/// The creation URL is the project's API: ".../api/direct-sharing/project". An upload's URL is that
/// of the list that it stands in, with its id as fragment.
class OpenHumansClient final : public Client {
 public:
  OpenHumansClient(UploadOptions options, OpenHumansOptions own);

  /// Where calls go, as in "files/delete".
  [[nodiscard]] std::string url_of(const std::string& call) const;
  [[nodiscard]] const std::string& member_of(std::uint64_t upload) const;
  [[nodiscard]] std::string upload_url(const std::string& member, std::uint64_t id) const;

  [[nodiscard]] transport::LoadRequest probe() const override;
  [[nodiscard]] std::unique_ptr<Upload> upload(const UploadHost& host, std::uint64_t index,
                                               Bytes size, Time intended,
                                               Upload::Events events) const override;

  /// A mock server knows files by other ids than its clients.
  [[nodiscard]] std::string control_url() const override { return {}; }
  [[nodiscard]] std::vector<transport::LoadRequest> listings() const override;
  [[nodiscard]] Result<Listing> read_listing(const std::string& answer) const override;
  [[nodiscard]] transport::LoadRequest look(const std::string& url) const override;
  [[nodiscard]] std::optional<std::string> told_size(
      const transport::LoadResponse& answer) const override;
  [[nodiscard]] transport::LoadRequest download(const std::string& url) const override;
  [[nodiscard]] std::optional<transport::LoadRequest> removal(
      const std::string& url) const override;

 private:
  /// The fields that name the upload with this URL.
  [[nodiscard]] static http::Form form_of(const std::string& url);
  [[nodiscard]] std::string list_url(const std::string& member) const;

  OpenHumansOptions own_;
};

[[nodiscard]] SystemKind openhumans_system();

}  // namespace loadgen
