#include "run/cleanup.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "target/reach.hpp"

namespace conformance {
namespace {

bool remove_one(Session& session, transport::Client& client, const std::string& upload,
                Milliseconds timeout) {
  std::optional<transport::Request> removal = session.target->removal(upload);
  if (!removal || reach_of(*session.target, session.trusted, upload) != Reach::entrusted ||
      timeout <= Milliseconds{0}) {
    return false;
  }
  transport::Request& request = *removal;
  request.timeout = std::min(timeout, Milliseconds{5000});
  static_cast<void>(session.credentials.present(request, request.timeout));
  const transport::Exchange seen = client.send(request);
  const int status = seen.response ? seen.response->status : 0;
  return status / 100 == 2 || status == 404 || status == 410;
}

}  // namespace

Cleanup remove_uploads(Session& session, std::size_t jobs, Milliseconds limit) {
  Cleanup out;
  const std::vector<std::string> uploads = session.uploads();
  const auto end = std::chrono::steady_clock::now() + limit;
  std::vector<char> removed(uploads.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (std::size_t j = 0; j < std::clamp<std::size_t>(jobs, 1, uploads.size() + 1); ++j) {
    threads.emplace_back([&] {
      transport::Client client(session.client);
      for (std::size_t i = next++; i < uploads.size(); i = next++) {
        const auto left =
            std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        removed[i] = remove_one(session, client, uploads[i], left) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    if (removed[i] != 0) {
      ++out.removed;
    } else {
      out.left.push_back(uploads[i]);
    }
  }
  return out;
}

}  // namespace conformance
