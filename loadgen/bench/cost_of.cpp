// What a command costs: runs it and writes "CPU-SECONDS PEAK-KIB SECONDS" to FILE. CPU time is user
// plus system time, of the command and of all that it started and waited for.
//
// usage: cost_of FILE COMMAND [ARGUMENTS...]    (ends as the command did)
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: cost_of FILE COMMAND [ARGUMENTS...]\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("cost_of");
    return 126;
  }
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::FILE* const out = std::fopen(argv[1], "w");
  if (out == nullptr) {
    std::perror(argv[1]);
    return 126;
  }
  std::fprintf(out, "%.6f %ld %.6f\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
               usage.ru_maxrss, elapsed.count());
  std::fclose(out);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
