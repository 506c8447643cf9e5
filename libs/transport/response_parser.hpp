// An incremental HTTP/1.x response parser that forgives what real servers send and clients must
// take: empty reason phrases, any case of names, bare LF, 1xx before the answer
// (docs/reference/servers.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/exchange.hpp"
#include "transport/limits.hpp"

namespace transport {

/// Parses one final response. More of it than limits.hpp allows, or a body longer than
/// `body_limit`, is malformed. Not thread-safe.
class ResponseParser {
 public:
  /// `head_request`: the response has no body whatever its fields say (RFC 9112 section 6.3).
  ResponseParser(bool head_request, Bytes body_limit)
      : head_request_(head_request), body_limit_(body_limit) {}

  enum class State { more, complete, malformed };
  /// Takes bytes as they come; returns how many of them belong to this response.
  std::size_t feed(std::string_view bytes);
  /// The connection was closed in order: ends a body that is delimited by the close.
  void end_of_stream();

  [[nodiscard]] State state() const { return state_; }
  /// Why it is malformed; one line.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The head has been read, the body may be missing.
  [[nodiscard]] bool has_head() const { return have_head_; }
  /// The response may have no body: HEAD, 1xx, 204, 304.
  [[nodiscard]] bool bodyless() const;
  [[nodiscard]] const Response& response() const { return response_; }
  [[nodiscard]] const std::vector<Interim>& interims() const { return interims_; }

 private:
  enum class Part {
    status_line,
    fields,
    body,
    body_to_close,
    chunk_size,
    chunk,
    chunk_end,
    trailers
  };

  void line(std::string_view text);
  void status_line(std::string_view text);
  void field_line(std::string_view text);
  void end_of_head();
  void take_body(std::string_view bytes);
  void fail(std::string why);
  bool counts(std::size_t bytes);

  bool head_request_;
  Bytes body_limit_;
  State state_ = State::more;
  Part part_ = Part::status_line;
  bool have_head_ = false;
  std::string line_;
  AnswerCount count_;
  std::size_t framing_ = 0;  ///< bytes of the present chunk's size line
  std::uint64_t left_ = 0;
  Response response_;
  std::vector<Interim> interims_;
  std::string problem_;
};

}  // namespace transport
