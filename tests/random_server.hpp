// A tus and DEX server that answers as a right one would, most of the time, and then says something
// that still parses: other statuses, fields left out, doubled, or with wild values, other
// documents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace programs {

/// Listens on a free port of 127.0.0.1; a thread for each connection, all joined at the end.
/// Requests that come one after the other are answered the same whenever `seed` is the same.
class RandomServer {
 public:
  struct Options {
    std::uint64_t seed = 1;
    double oddness = 0.1;     ///< of how many answers something is changed: 0 to 1
    bool long_waits = false;  ///< 429 and Retry-After may be among them
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
