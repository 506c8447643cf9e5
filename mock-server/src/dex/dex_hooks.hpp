// What DEX adds to tus (rows DEX-META-*, DEX-MANI-*, DEX-HOOK-*).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "dex/upload_configs.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "tus/hooks.hpp"

namespace mock {

class Deliveries;
class Metrics;
class Reports;

/// Loop thread only. Everything given by reference outlives it.
class DexHooks : public Hooks {
 public:
  /// `folder` is where <id>.meta is written; without it there is none.
  DexHooks(std::optional<std::filesystem::path> folder, UploadConfigs& configs, Reports& reports,
           Deliveries& deliveries, Metrics& metrics, Loop& loop,
           dex::Contract contract = dex::Contract::server, Notify notify = {});
  ~DexHooks() override;

  /// Sets a UUID as the id, adds upload_id and dex_ingest_datetime over whatever the client sent
  /// under these names, and judges the manifest. A refusal is 400 with a JSON body labelled
  /// text/plain (DEX-META-020); a broken upload config is a 500. By the guide: manifests of the
  /// older model gain the current names of their stream, and a refusal is JSON that says so.
  tl::expected<void, Reply> before_create(const Request& request, Upload& upload) override;
  void after_create(const Upload& upload) override;
  void after_receive(const Upload& upload) override;
  /// Writes <id>.meta; 500 when that fails. All bytes are there then and no client will send them
  /// again, so the upload is finished later, as soon as the file can be written.
  tl::expected<void, Reply> before_finish(const Upload& upload) override;
  void after_finish(const Upload& upload) override;
  void after_terminate(const Upload& upload) override;

  /// After a restart: does for one stored upload what a kill kept from being done.
  void resume(const Upload& upload);

 private:
  struct Progress;
  [[nodiscard]] Result<void> write_meta(const Upload& upload) const;
  void finish_later(const Upload& upload);
  void resume_later(const Upload& upload);
  [[nodiscard]] std::filesystem::path meta_file(const std::string& id) const;

  std::optional<std::filesystem::path> folder_;
  UploadConfigs& configs_;
  Reports& reports_;
  Deliveries& deliveries_;
  Metrics& metrics_;
  Loop& loop_;
  dex::Contract contract_;
  Notify notify_;
  std::unordered_map<std::string, std::unique_ptr<Progress>> moving_;   ///< by upload id
  std::unordered_map<std::string, std::unique_ptr<Timer>> unfinished_;  ///< by upload id
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace mock
