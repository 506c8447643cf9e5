// A tus and DEX server that mostly answers as a right one would, and now and then with something
// else that still parses: another status, another document, or fields that are left out, doubled or
// have wild values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace programs {

/// Listens on a free port of 127.0.0.1, with a thread for each connection; the destructor joins
/// them all. Requests that come one after the other get the same answers whenever `seed` is the
/// same.
class RandomServer {
 public:
  struct Options {
    std::uint64_t seed = 1;
    double oddness = 0.1;     ///< share of answers that are changed: 0 to 1
    bool long_waits = false;  ///< changed answers may be 429 with Retry-After
  };
  explicit RandomServer(Options options);
  ~RandomServer();
  RandomServer(const RandomServer&) = delete;
  RandomServer& operator=(const RandomServer&) = delete;

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint64_t answers_sent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace programs
