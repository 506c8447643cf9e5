// What DEX writes about an upload: reports per stage and FileReady events, as JSON lines in folders
// (rows DEX-HOOK-*, DEX-FILES-001 to -003).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dex/delayed.hpp"
#include "effects.hpp"
#include "loop/loop.hpp"
#include "notice.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/error.hpp"
#include "store/store.hpp"

namespace mock {

/// Writes <folder>/reports/<id>_<stage> and <folder>/events/<id>_FileReady; without a folder it
/// does nothing. What cannot be written is logged, it never fails an upload. Loop thread only.
class Reports {
 public:
  struct Options {
    std::optional<std::filesystem::path> folder;
    std::string version;  ///< "<release>_<git sha>"
    Notify notify;
    /// Told the type of each report and event that was written; may be empty.
    std::function<void(std::string_view type)> published = {};
  };
  Reports(Options options, Loop& loop);
  /// From now on asked before each report and event; outlives this.
  void use(Effects& effects) { effects_ = &effects; }

  [[nodiscard]] bool on() const { return options_.folder.has_value(); }

  /// What pre-create added to the manifest.
  void metadata_transform(const Upload& upload);
  /// `errors` empty: the manifest is valid.
  void metadata_verify(const Upload& upload, const std::vector<std::string>& errors);
  void upload_started(const Upload& upload);
  void upload_status(const Upload& upload);
  void upload_completed(const Upload& upload);
  /// One delivery attempt, as /info will tell it.
  void file_copy(const Upload& upload, const dex::Delivery& delivery, TimePoint started);
  void file_ready(const Upload& upload, const std::string& target, const std::string& path);
  // What was written, also before a restart. An Error says that it cannot be read now, and not that
  // nothing was written: whatever depends on it has to wait.

  /// Whether file_ready was written for that upload and target.
  [[nodiscard]] Result<bool> has_file_ready(const std::string& id, const std::string& target) const;
  [[nodiscard]] Result<bool> has_completed(const std::string& id) const;
  /// The attempts that were reported, oldest first. A torn last line (a kill) is dropped, and ended
  /// so that the next report does not continue it.
  [[nodiscard]] Result<std::vector<dex::Delivery>> recover_deliveries(const std::string& id);

 private:
  struct Stage;
  void write(const Upload& upload, Stage stage);
  void write_now(const Upload& upload, const Stage& stage);
  /// Does `write` as often, and as late, as `plan` says.
  void carry_out(const EffectPlan& plan, const std::function<void()>& write);
  void publish(const std::string& id, const std::filesystem::path& file, const std::string& line,
               std::string_view type);
  bool append(const std::string& id, const std::filesystem::path& file, const std::string& line);
  [[nodiscard]] std::filesystem::path file_of(const std::string& id, std::string_view stage) const;
  [[nodiscard]] std::filesystem::path event_file(const std::string& id) const;

  Options options_;
  Loop& loop_;
  Effects correct_;
  Effects* effects_ = &correct_;
  Delayed delayed_;
};

}  // namespace mock
