// Many small uploads over kept-alive connections: POST, one PATCH of 1 KiB, HEAD. The load for the
// small-upload figure of scripts/bench.sh; every answer is checked.
//
// usage: small_client URL UPLOADS CONNECTIONS [TOKEN]
#include <string>
#include <thread>
#include <vector>

#include "wire.hpp"

namespace {

constexpr unsigned long long body_size = 1024;

void upload(const bench::Url& url, long count) {
  bench::Wire wire(url);
  const std::string body(body_size, 'x');
  const auto create = bench::creation(url, body_size);
  for (long i = 0; i < count; ++i) {
    wire.send(create);
    const auto path = bench::path_of(wire.receive(false));
    wire.send(bench::patch_head(url, path, body_size) + body);
    if (const auto answer = wire.receive(false); answer.status != 204) {
      bench::fail("a PATCH was answered: " + answer.head);
    }
    wire.send("HEAD " + path + " HTTP/1.1\r\nHost: " + url.host + ":" + url.port + "\r\n" +
              url.fields + "Tus-Resumable: 1.0.0\r\n\r\n");
    const auto answer = wire.receive(true);
    if (answer.status != 200 || answer.field("Upload-Offset") != std::to_string(body_size)) {
      bench::fail("a HEAD was answered: " + answer.head);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool counted = argc == 4 || argc == 5;
  const long uploads = counted ? std::atol(argv[2]) : 0;
  const long connections = counted ? std::atol(argv[3]) : 0;
  if (uploads < 1 || connections < 1) {
    std::fprintf(stderr, "usage: small_client URL UPLOADS CONNECTIONS [TOKEN]\n");
    return 2;
  }
  auto url = bench::parse_url(argv[1]);
  if (argc == 5) url.fields = std::string("Authorization: Bearer ") + argv[4] + "\r\n";
  std::vector<std::thread> threads;
  for (long i = 0; i < connections; ++i) {
    threads.emplace_back(upload, url, uploads / connections + (i < uploads % connections ? 1 : 0));
  }
  for (auto& thread : threads) thread.join();
}
