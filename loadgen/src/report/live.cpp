#include "report/live.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "report/seconds_csv.hpp"
#include "report/uploads_csv.hpp"

namespace loadgen {
namespace {

constexpr const char* seconds_file = "seconds.csv";
constexpr const char* partial_file = "uploads.partial.csv";

tl::unexpected<Error> cannot(const std::filesystem::path& file, int error) {
  return failure("--report", fmt::format("{} cannot be written: {}", quote(file.string()),
                                         std::generic_category().message(error)));
}

}  // namespace

LiveReport::LiveReport(std::filesystem::path folder, File seconds, File uploads,
                       const Scenario& scenario)
    : folder_(std::move(folder)),
      seconds_(std::move(seconds)),
      uploads_(std::move(uploads)),
      scenario_(scenario) {}

Result<std::unique_ptr<LiveReport>> LiveReport::open(const std::string& folder,
                                                     const Scenario& scenario) {
  const std::filesystem::path path(folder);
  File files[2];
  std::size_t i = 0;
  for (const char* name : {seconds_file, partial_file}) {
    files[i].reset(std::fopen((path / name).c_str(), "we"));
    if (!files[i]) return cannot(path / name, errno);
    ++i;
  }
  fmt::print(files[0].get(), "{}", seconds_csv_head(scenario));
  fmt::print(files[1].get(), "{}", uploads_csv_head());
  for (const File& file : files) std::fflush(file.get());
  return std::unique_ptr<LiveReport>(
      new LiveReport(path, std::move(files[0]), std::move(files[1]), scenario));
}

void LiveReport::begin(Time at, const redact::Secrets& secrets) {
  const std::lock_guard lock(mutex_);
  begin_ = at;
  secrets_ = secrets;
}

void LiveReport::second(const Second& s) {
  const std::lock_guard lock(mutex_);
  fmt::print(seconds_.get(), "{}", seconds_csv_line(s, scenario_));
  // Once a second, so that whoever looks finds what has ended, also after a kill.
  std::fflush(seconds_.get());
  std::fflush(uploads_.get());
}

void LiveReport::ended(const UploadResult& upload) {
  const std::lock_guard lock(mutex_);
  fmt::print(uploads_.get(), "{}", uploads_csv_line(upload, begin_, secrets_));
}

Result<void> LiveReport::finish() {
  const std::lock_guard lock(mutex_);
  const bool bad = std::fflush(seconds_.get()) != 0 || std::ferror(seconds_.get()) != 0;
  const int error = errno;
  std::error_code ignored;
  std::filesystem::remove(folder_ / partial_file, ignored);
  if (bad) return cannot(folder_ / seconds_file, error != 0 ? error : EIO);
  return {};
}

}  // namespace loadgen
