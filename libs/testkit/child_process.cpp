#include "testkit/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace testkit {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return ends;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) out.push_back(text);
  }
  for (const auto& [name, value] : changes) {
    if (!value.empty()) out.emplace_back(name).append("=").append(value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (auto& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command)
    : ChildProcess(std::move(command), Options{}) {}

ChildProcess::ChildProcess(std::vector<std::string> command, Options options)
    : command_(std::move(command)) {
  if (command_.empty()) throw std::invalid_argument("no command");
  // Everything that allocates happens before fork: other threads may hold the allocator's lock.
  std::vector<std::string> arguments = command_;
  std::vector<std::string> variables = environment_with(options.environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  const auto in = make_pipe();
  const auto out = make_pipe();
  const auto err = make_pipe();
  const auto failed = make_pipe();  // carries errno when exec fails
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (options.address_space) {
      const rlimit limit{*options.address_space, *options.address_space};
      setrlimit(RLIMIT_AS, &limit);
    }
    execvpe(argv[0], argv.data(), envp.data());
    const int error = errno;
    [[maybe_unused]] const auto told = write(failed[1], &error, sizeof error);
    _exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  ::close(failed[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
  int error = 0;
  const bool not_started = read(failed[0], &error, sizeof error) == sizeof error;
  ::close(failed[0]);
  [[maybe_unused]] const auto given = write(in[1], options.input.data(), options.input.size());
  ::close(in[1]);
  if (not_started) {
    end();
    errno = error;
    fail("cannot start " + command_[0]);
  }
  fcntl(out_fd_, F_SETFL, O_NONBLOCK);
  fcntl(err_fd_, F_SETFL, O_NONBLOCK);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    end();
    command_ = std::move(other.command_);
    pid_ = std::exchange(other.pid_, -1);
    out_fd_ = std::exchange(other.out_fd_, -1);
    err_fd_ = std::exchange(other.err_fd_, -1);
    lines_read_ = other.lines_read_;
    ended_ = std::exchange(other.ended_, std::nullopt);
    out_ = std::move(other.out_);
    err_ = std::move(other.err_);
  }
  return *this;
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::end() noexcept {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
  for (int* fd : {&out_fd_, &err_fd_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

bool ChildProcess::reap(bool block) {
  if (ended_) return true;
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got != pid_) return false;
  Ended ended;
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended_ = ended;
  return true;
}

bool ChildProcess::pump(milliseconds timeout) {
  std::vector<pollfd> watched;
  for (const int fd : {out_fd_, err_fd_}) {
    if (fd >= 0) watched.push_back({fd, POLLIN, 0});
  }
  if (watched.empty()) return false;
  if (::poll(watched.data(), watched.size(), static_cast<int>(timeout.count())) <= 0) return true;
  for (const auto& [fd, text] : {std::pair{&out_fd_, &out_}, std::pair{&err_fd_, &err_}}) {
    while (*fd >= 0) {
      std::array<char, 4096> buffer{};
      const ssize_t n = ::read(*fd, buffer.data(), buffer.size());
      if (n > 0) {
        text->append(buffer.data(), static_cast<std::size_t>(n));
      } else if (n < 0 && errno == EINTR) {
        continue;
      } else if (n < 0 && errno == EAGAIN) {
        break;
      } else {
        ::close(*fd);
        *fd = -1;
      }
    }
  }
  return true;
}

std::string ChildProcess::story() const {
  std::string out = "command:";
  for (const auto& word : command_) out += " " + word;
  return out + "\n--- stdout\n" + out_ + "\n--- stderr\n" + err_;
}

std::string ChildProcess::wait_line(const std::string& text, milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    for (std::size_t end = out_.find('\n', lines_read_); end != std::string::npos;
         end = out_.find('\n', lines_read_)) {
      std::string line = out_.substr(lines_read_, end - lines_read_);
      lines_read_ = end + 1;
      if (line.find(text) != std::string::npos) return line;
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      throw std::runtime_error("no line with '" + text + "' in time\n" + story());
    }
    if (!pump(std::min(left, milliseconds{200}))) {
      throw std::runtime_error("ended before a line with '" + text + "'\n" + story());
    }
  }
}

std::string ChildProcess::wait_ready(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    const std::string line = wait_line("ready ", std::max(left, milliseconds{0}));
    if (line.starts_with("ready ")) return line.substr(6);
  }
}

ChildProcess::Ended ChildProcess::wait(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  // A grandchild may hold the pipe open, so its end does not tell when the program ended.
  while (!reap(false)) {
    if (Clock::now() >= deadline) throw std::runtime_error("still running\n" + story());
    if (!pump(milliseconds{20})) {
      const timespec moment{0, 2'000'000};
      nanosleep(&moment, nullptr);
    }
  }
  std::size_t before = 0;
  do {
    before = out_.size() + err_.size();
    pump(milliseconds{0});
  } while (out_.size() + err_.size() != before);
  return *ended_;
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

void ChildProcess::kill() {
  signal(SIGKILL);
  reap(true);
  pump(milliseconds{0});
}

bool ChildProcess::running() { return pid_ > 0 && !reap(false); }

Finished run(std::vector<std::string> command, ChildProcess::Options options,
             milliseconds timeout) {
  ChildProcess child(std::move(command), std::move(options));
  const auto ended = child.wait(timeout);
  return {ended.exit_code, child.out(), child.err()};
}

}  // namespace testkit
