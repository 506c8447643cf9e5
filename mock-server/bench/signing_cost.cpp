// What the signature of a pre-signed URL costs a server: made once, read and proven once. For the
// share that scripts/bench.sh shows.
//
// usage: signing_cost COUNT    (prints CPU-seconds)
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "protocol/s3/signature.hpp"

int main(int argc, char** argv) {
  const long count = argc == 2 ? std::atol(argv[1]) : 0;
  if (count < 1) {
    std::fprintf(stderr, "usage: signing_cost COUNT\n");
    return 2;
  }
  const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  const http::Fields fields{{"Host", "127.0.0.1:8080"}, {"Content-Length", "1024"}};
  const auto now =
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  for (long i = 0; i < count; ++i) {
    const auto path = "/bucket/member-files/direct-sharing-1/" + std::to_string(i) + "/reads.fq";
    const auto target = s3::presign_v2({"PUT", path, fields}, owner, now + std::chrono::hours(1));
    const s3::Request request{"PUT", target, fields};
    const auto found = s3::find_signature(request);
    if (!found || !*found || !s3::check(**found, request, owner.secret, now)) {
      std::fprintf(stderr, "signing_cost: a signature does not hold\n");
      return 1;
    }
  }
  std::printf("%.4f\n", static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
}
