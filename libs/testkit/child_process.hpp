// A real program, started and ended by a test.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace testkit {

/// Runs one program with its output captured. Killed (SIGKILL) when the object goes away. The child
/// also dies with the test's process (PR_SET_PDEATHSIG). Move-only; not thread-safe.
class ChildProcess {
 public:
  struct Options {
    /// Added to this process's environment; an empty value removes the variable.
    std::map<std::string, std::string> environment;
    std::string input;  ///< given as standard input, at most 60 KiB
    /// The most address space it may have, in bytes (RLIMIT_AS); programs built with a sanitizer
    /// cannot run with a limit.
    std::optional<std::uint64_t> address_space = std::nullopt;
  };

  /// `command[0]` is a path, or a name to be found in PATH. Throws when it cannot be started.
  explicit ChildProcess(std::vector<std::string> command);
  ChildProcess(std::vector<std::string> command, Options options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  /// Reads standard output up to a line that begins with "ready " and returns what follows (a
  /// URL). Throws, quoting all output, when the program ends or `timeout` passes before.
  std::string wait_ready(std::chrono::milliseconds timeout = std::chrono::seconds{20});
  /// Reads standard output up to a line that contains `text` and returns that line; throws too.
  std::string wait_line(const std::string& text,
                        std::chrono::milliseconds timeout = std::chrono::seconds{20});

  struct Ended {
    int exit_code = -1;  ///< -1 when a signal ended it
    int signal = 0;      ///< 0 when it exited
  };
  /// Waits for the end while reading output. Throws after `timeout`.
  Ended wait(std::chrono::milliseconds timeout = std::chrono::seconds{60});
  /// Sends a signal (SIGTERM, SIGINT, SIGKILL); nothing happens when it has ended.
  void signal(int number) const;
  /// kill -9, and waits for the end.
  void kill();

  [[nodiscard]] bool running();
  [[nodiscard]] int pid() const { return pid_; }
  /// All that has been read so far.
  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& err() const { return err_; }

 private:
  /// Reads what is there, waiting at most `timeout` for something. False when both ends are closed.
  bool pump(std::chrono::milliseconds timeout);
  bool reap(bool block);
  void end() noexcept;
  [[nodiscard]] std::string story() const;

  std::vector<std::string> command_;
  int pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::size_t lines_read_ = 0;  ///< bytes of out_ that wait_line has passed
  std::optional<Ended> ended_;
  std::string out_, err_;
};

/// Starts a program, waits for its end and returns what it printed.
struct Finished {
  int exit_code = -1;
  std::string out, err;
};
[[nodiscard]] Finished run(std::vector<std::string> command, ChildProcess::Options options = {},
                           std::chrono::milliseconds timeout = std::chrono::seconds{60});

}  // namespace testkit
