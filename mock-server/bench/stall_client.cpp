// Uploads that all stall in the middle of a PATCH: each holds a connection, has sent 4 KiB of 1 MiB
// and sends no more. Prints "stalled N", then waits until its standard input ends.
//
// usage: stall_client URL UPLOADS
#include <sys/resource.h>

#include <string>
#include <vector>

#include "wire.hpp"

int main(int argc, char** argv) {
  const long uploads = argc == 3 ? std::atol(argv[2]) : 0;
  if (uploads < 1) {
    std::fprintf(stderr, "usage: stall_client URL UPLOADS\n");
    return 2;
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  constexpr unsigned long long length = 1ULL << 20U;
  const auto url = bench::parse_url(argv[1]);
  const auto create = bench::creation(url, length);
  const std::string some(4096, 'x');
  std::vector<bench::Wire> wires;
  wires.reserve(static_cast<std::size_t>(uploads));
  for (long i = 0; i < uploads; ++i) {
    auto& wire = wires.emplace_back(url);
    wire.send(create);
    const auto path = bench::path_of(wire.receive(false));
    wire.send(bench::patch_head(url, path, length) + some);
  }
  std::printf("stalled %ld\n", uploads);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
