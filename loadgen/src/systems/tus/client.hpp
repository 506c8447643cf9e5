// tus 1.0 as a partner uses it.
#pragma once

#include <utility>
#include <vector>

#include "protocol/tus/metadata.hpp"
#include "system/client.hpp"
#include "systems/tus/habits.hpp"

namespace loadgen {

/// The creation URL is tus's. The uploads of a plain tus server end when the last byte is
/// acknowledged.
class TusClient : public Client {
 public:
  explicit TusClient(UploadOptions options, TusHabits habits = {})
      : Client(with_habits(std::move(options), habits)), habits_(std::move(habits)) {}

  [[nodiscard]] const TusHabits& habits() const { return habits_; }

  [[nodiscard]] std::vector<std::string> creation_urls() const override;
  [[nodiscard]] bool recognises(const transport::LoadResponse& answer) const override;
  void dress(transport::LoadRequest& request) const override;
  [[nodiscard]] transport::LoadRequest probe() const override;
  [[nodiscard]] std::unique_ptr<Upload> upload(const UploadHost& host, std::uint64_t index,
                                               Bytes size, Time intended,
                                               Upload::Events events) const override;
  [[nodiscard]] transport::LoadRequest look(const std::string& url) const override;
  [[nodiscard]] std::optional<std::string> told_size(
      const transport::LoadResponse& answer) const override;
  [[nodiscard]] std::optional<Cause> told_otherwise(const transport::LoadResponse& answer,
                                                    const UploadResult& upload) const override;
  [[nodiscard]] transport::LoadRequest download(const std::string& url) const override;
  [[nodiscard]] std::optional<transport::LoadRequest> removal(
      const std::string& url) const override;

  /// The metadata that is sent with that upload.
  [[nodiscard]] tus::Metadata metadata_of(const UploadResult& upload) const;

 private:
  TusHabits habits_;
};

[[nodiscard]] SystemKind tus_system();

/// --manifest, and the settings for the habits of clients, for systems on tus.
[[nodiscard]] std::vector<settings::OwnSetting> tus_settings();
/// `options` with the metadata of --manifest, or else that of DEX's test stream, which plain tus
/// servers do not mind.
[[nodiscard]] UploadOptions with_manifest(UploadOptions options, const settings::OwnSettings& own);

}  // namespace loadgen
