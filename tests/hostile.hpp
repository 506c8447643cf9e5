// Shared by the tests with tables of requests that no honest client sends.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "programs.hpp"
#include "testkit/temp_folder.hpp"
#include "transport/raw_connection.hpp"

namespace hostile {

inline constexpr Milliseconds patience{10'000};

/// What must become of the connection after the reply.
enum class After {
  open,    ///< the next request on it is answered
  closed,  ///< FIN, so that the reply can be read
  either,  ///< one of the two
  ends,    ///< FIN sooner or later, with Connection: close or without
};

struct Row {
  std::string name;
  std::string bytes;
  std::set<int> replies;  ///< any of them; empty: the connection is closed without a reply
  After after = After::closed;
};

[[nodiscard]] transport::RawConnection connect(const std::string& url);

/// Sends `row` and checks the reply and the connection. If the connection stays open, `next` is
/// sent on it and must be answered 200 or 204. No reply may hold `hidden`, or the secret of
/// Surroundings.
void play(const std::string& url, const Row& row, const std::string& next,
          const std::string& hidden);

/// A store for a server, two folders deep, and above it a secret file that only a path that climbs
/// out of the store would find.
class Surroundings {
 public:
  Surroundings();
  [[nodiscard]] std::filesystem::path store() const { return folder_.path() / "deeper" / "store"; }
  /// Expects that nothing was made or changed outside of the store.
  void are_untouched() const;

 private:
  testkit::TempFolder folder_;
};

/// Adds `store` and short timeouts to the `arguments` of a server.
[[nodiscard]] std::vector<std::string> impatient(std::vector<std::string> arguments,
                                                 const std::filesystem::path& store);

}  // namespace hostile
