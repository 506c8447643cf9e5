// The situations of docs/guides/cookbook.md: the guide itself, lanes that misbehave as it says, and
// the clients that meet them. The tables of situations are in cookbook_clients.cpp and
// cookbook_servers.cpp.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "programs.hpp"
#include "protocol/http/fields.hpp"
#include "transport/client.hpp"
#include "transport/raw_connection.hpp"

namespace cookbook {

/// A situation as the guide has it.
struct Entry {
  std::string heading;             ///< the text after "### "
  std::vector<std::string> links;  ///< to the public reports
  std::vector<std::string> flags;  ///< to start dex-mock-server with
  std::string rule;                ///< JSON, as sent to /_mock/rules
  int line = 0;                    ///< line number of the heading
};
/// All of them, in the order of the guide; throws std::runtime_error when one lacks something.
[[nodiscard]] std::vector<Entry> entries();
/// The guide, line by line.
[[nodiscard]] std::vector<std::string> guide();

/// How long clients wait for an answer: `patience` if it has to come, `a_moment` if none is
/// expected.
inline constexpr Milliseconds patience{std::chrono::seconds{20}};
inline constexpr Milliseconds a_moment{std::chrono::seconds{1}};

/// A lane that is configured as an entry says, with its rule or without. Not thread-safe.
class Lane {
 public:
  /// Opens a lane of that name in `mock`. `tls`: what its clients trust. Throws when the lane
  /// cannot be opened, or does not take the rule.
  Lane(const programs::Mock& mock, const transport::TlsOptions& tls, const std::string& name,
       const Entry& entry, bool with_rule);

  /// "http://127.0.0.1:8080/_lane/7", or the URL of the lane's own listener.
  [[nodiscard]] const std::string& url() const { return url_; }
  /// Host and port of url().
  [[nodiscard]] std::string authority() const;
  /// `target` below the lane, as a request line has it: "/_lane/7/files" for "/files".
  [[nodiscard]] std::string path(const std::string& target) const;
  [[nodiscard]] const transport::TlsOptions& tls() const { return tls_; }

  /// How long a client waits before it gives up: a moment when a rule may hold the answer back, and
  /// long enough for any answer otherwise.
  [[nodiscard]] Milliseconds gives_up_after() const { return with_rule_ ? a_moment : patience; }
  [[nodiscard]] bool with_rule() const { return with_rule_; }

  /// One exchange on a connection of its own. `target`: a path of the lane, or an absolute URL.
  transport::Exchange send(const std::string& method, const std::string& target,
                           http::Fields headers = {},
                           std::optional<std::string> body = std::nullopt,
                           Milliseconds timeout = patience);
  transport::Exchange send(transport::Request request);
  [[nodiscard]] transport::RawConnection open() const;
  /// Opens a connection and sends a head with these fields and Host, and `bytes` of its body.
  transport::RawConnection begin(std::string_view method, const std::string& target,
                                 http::Fields headers, std::string_view bytes);

  /// GET below /_mock/ of the lane: "uploads", "clock". Null when the answer is not JSON.
  nlohmann::json ask(const std::string& what);
  nlohmann::json tell(const std::string& what, const nlohmann::json& body);
  void forget_rules();

 private:
  transport::Client client_;
  transport::TlsOptions tls_;
  std::string control_;  ///< "http://127.0.0.1:8080/_lane/7/_mock/"
  std::string url_;
  bool with_rule_;
};

/// The outcome in a word: "204", "reset", "timeout".
[[nodiscard]] std::string told(const transport::Exchange& exchange);
[[nodiscard]] std::string told(const transport::RawConnection::Read& read);
/// "" when there is no such field, or no answer.
[[nodiscard]] std::string field(const transport::Exchange& exchange, std::string_view name);
/// Whether a page of another origin may read the field `name` of this answer, or with no name the
/// answer at all (Fetch Standard, CORS-safelisted response-header names).
[[nodiscard]] bool page_may_read(const transport::Exchange& exchange, std::string_view name = "");

/// A tus client that notes what it sees, step by step: "POST 201, PATCH reset, HEAD 200 at 4".
/// Each PATCH begins at the last offset that the server told.
class TusUpload {
 public:
  TusUpload(Lane& lane, std::size_t length);

  /// Sends `more` with each request from now on.
  TusUpload& with(const http::Fields& more);
  /// Waits no longer than `timeout` for each answer from now on.
  TusUpload& waiting(Milliseconds timeout);
  TusUpload& create(const http::Fields& more = {});
  TusUpload& patch(std::size_t size, const http::Fields& more = {});
  /// The same, with Transfer-Encoding: chunked.
  TusUpload& patch_chunked(std::size_t size);
  /// `more` is added to the URL.
  TusUpload& head(const std::string& more = "");
  /// Sends the rest in chunks of `size`. After a failure it asks for the offset until it is told
  /// one. Gives up at more than `failures` failures.
  TusUpload& send(std::size_t size, int failures = 2);
  /// Notes a step that is not a request of this client.
  TusUpload& note(const std::string& step);

  [[nodiscard]] const std::string& seen() const { return seen_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  /// The path of the URL, as a request line has it.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::size_t offset() const { return offset_; }
  /// At most `size` bytes from the offset on.
  [[nodiscard]] std::string next(std::size_t size) const { return bytes_.substr(offset_, size); }
  /// The fields of a PATCH of the next bytes.
  [[nodiscard]] http::Fields patch_fields() const;
  [[nodiscard]] const transport::Exchange& last() const { return last_; }

 private:
  TusUpload& take(const std::string& method, transport::Exchange exchange);

  Lane& lane_;
  std::string bytes_;
  http::Fields more_;
  Milliseconds timeout_ = patience;
  std::string url_;
  std::size_t offset_ = 0;
  bool knows_ = true;  ///< whether offset_ is certain; false after a failure
  transport::Exchange last_;
  std::string seen_;
};

struct Situation {
  const char* heading;
  std::function<std::string(Lane&)> see;  ///< does what a client does, and says what it saw
  std::string with;                       ///< the rule
  std::string without;                    ///< what it saw on a lane without the rule
};
[[nodiscard]] std::vector<Situation> of_clients();
[[nodiscard]] std::vector<Situation> of_servers();

}  // namespace cookbook
