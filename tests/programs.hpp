// The programs under test, started as a user starts them.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testkit/child_process.hpp"
#include "testkit/temp_folder.hpp"

namespace programs {

/// A mock server on a free port of 127.0.0.1; killed when the object is destroyed.
class Mock {
 public:
  explicit Mock(std::vector<std::string> arguments, testkit::ChildProcess::Options options = {});
  [[nodiscard]] const std::string& url() const { return url_; }
  /// Where the control API is: `url()`, unless --control puts it elsewhere.
  [[nodiscard]] const std::string& control_url() const { return control_url_; }
  [[nodiscard]] std::string creation_url() const { return url_ + "/files"; }
  [[nodiscard]] testkit::ChildProcess& process() { return process_; }

 private:
  testkit::ChildProcess process_;
  std::string control_url_;
  std::string url_;
};

/// Byte `i` of upload `n`: every prefix of every upload has a digest of its own.
[[nodiscard]] std::string payload(std::size_t n, std::size_t size);

/// What curl got when it was run with these arguments.
struct CurlAnswer {
  int status = 0;    ///< 0: no answer
  std::string body;  ///< without an answer, what curl says of it
};
[[nodiscard]] CurlAnswer curl(std::vector<std::string> arguments);

/// An API key of a user besides the mock's default user.
inline constexpr const char* other_user = "elseelseelseelseelseelseelseelse";
/// The credentials of the mock's default user, for --username-env and --password-env, the access
/// key of its object store, and the key of another user.
[[nodiscard]] testkit::ChildProcess::Options with_demo_user();

struct Conformance {
  int exit_code = -1;
  std::string out, err;
  nlohmann::json report;  ///< --json; null when none was written
  /// requirement id -> its entry in report["results"]
  std::map<std::string, nlohmann::json> results;
};
/// `dex-conformance run --url URL arguments... --json ...`; throws when it lasts longer than
/// `limit`.
[[nodiscard]] Conformance judge(const std::string& url, std::vector<std::string> arguments,
                                testkit::ChildProcess::Options options = with_demo_user(),
                                std::chrono::seconds limit = std::chrono::seconds{200});

}  // namespace programs
