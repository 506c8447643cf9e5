// A server whose store fails, or that is killed, at a system call that a test chooses.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store_faults.hpp"
#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

/// DEX_STORE_FAILURES=all: every call is tried, with --fsync and without.
[[nodiscard]] bool all_of_it();

inline constexpr std::array<const char*, StoreFaults::kinds> kind_names{"EIO",   "ENOSPC", "EMFILE",
                                                                        "EINTR", "EROFS",  "short"};

/// A server, its store, and the control over its system calls.
class World {
 public:
  World(std::vector<std::string> arguments, bool fsync);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// Kills the server, if it still runs, and starts it again on the same store.
  void restart();
  [[nodiscard]] testkit::ChildProcess& server() { return *server_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::filesystem::path store() const { return folder_.path() / "store"; }
  StoreFaults& faults() { return *faults_; }

  /// Counts calls from now on: from the `at`th on `times` calls fail, and `kill_after` calls after
  /// the `at`th the server is killed, unless that is negative.
  void arm(StoreFaults::Kind kind, long at, long times, long kill_after);

  std::size_t serial = 0;

 private:
  void start();

  std::vector<std::string> arguments_;
  testkit::TempFolder folder_;
  StoreFaults* faults_ = nullptr;
  std::optional<testkit::ChildProcess> server_;
  std::string url_;
};
