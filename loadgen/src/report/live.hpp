// What a report knows while the run goes on, so that a run that dies leaves what was known.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "protocol/error.hpp"
#include "redact/secrets.hpp"
#include "run/run.hpp"

namespace loadgen {

/// Two files beside summary.json and uploads.csv. `seconds.csv` has a line for each second: figures
/// of the run, the phase, and where there are several groups of partners those of each.
/// `uploads.partial.csv` has a line for each upload as it ends, as uploads.csv has it but not
/// verified yet; it is removed once uploads.csv is there. Thread-safe. `finish` tells what could
/// not be written.
class LiveReport {
 public:
  /// An Error begins with --report. `scenario` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<LiveReport>> open(const std::string& folder,
                                                                const Scenario& scenario);

  void begin(Time at, const redact::Secrets& secrets);
  void second(const Second& figures);
  void ended(const UploadResult& upload);
  /// After uploads.csv was written.
  [[nodiscard]] Result<void> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  LiveReport(std::filesystem::path folder, File seconds, File uploads, const Scenario& scenario);

  std::mutex mutex_;
  std::filesystem::path folder_;
  File seconds_, uploads_;
  const Scenario& scenario_;
  Time begin_;
  redact::Secrets secrets_;
};

}  // namespace loadgen
