// CPU-seconds that a process has used so far, with all its threads, ended ones included. Read from
// the scheduler's clock, since /proc/PID/stat counts in ticks and misses what is shorter.
//
// usage: cpu_time PID
#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  const int pid = argc == 2 ? std::atoi(argv[1]) : 0;
  clockid_t clock{};
  timespec time{};
  if (pid < 1 || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    std::fprintf(stderr, "usage: cpu_time PID (of a process that runs)\n");
    return 2;
  }
  std::printf("%lld.%09ld\n", static_cast<long long>(time.tv_sec), time.tv_nsec);
}
