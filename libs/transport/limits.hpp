// How much of one answer a client reads, and what is counted for it. A target that goes on beyond
// these is given up: it must neither fill this machine's memory nor keep it reading for ever.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/units.hpp"

namespace transport {

/// The bytes of all heads of one answer, those of interim responses and line ends included. RFC
/// 9110 section 5.4 leaves the bound to the client; servers take 8 to 64 KiB themselves.
inline constexpr Bytes max_head{256U << 10U};
/// Field lines of all heads and of the trailers of one answer together.
inline constexpr std::size_t max_fields = 1000;
/// The bytes of the trailers after a chunked body (RFC 9112 section 7.1.2).
inline constexpr Bytes max_trailers{64U << 10U};
/// Interim responses before the final one (RFC 9110 section 15.2).
inline constexpr std::size_t max_interims = 100;

/// Counts the lines of one answer as they come; allocates nothing.
class AnswerCount {
 public:
  /// Counts a line of a head, or the beginning of one, with its line end. False once more has come
  /// than the limits allow.
  bool head(std::size_t bytes) { return within(head_ += bytes, max_head, head_problem); }
  bool trailer(std::size_t bytes) {
    return within(trailers_ += bytes, max_trailers, long_trailers);
  }
  bool field() {
    return ok(++fields_ <= max_fields, "the answer has more than 1000 header fields");
  }
  bool interim() {
    return ok(++interims_ <= max_interims,
              "the answer does not come: more than 100 interim responses (1xx) before it");
  }
  /// What there was too much of, one line; empty while all is within the limits.
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  static constexpr std::string_view head_problem = "the answer's header is longer than 256 KiB";
  static constexpr std::string_view long_trailers = "the answer's trailers are longer than 64 KiB";

  bool ok(bool good, std::string_view problem) {
    if (!good && problem_.empty()) problem_ = problem;
    return good;
  }
  bool within(std::size_t bytes, Bytes limit, std::string_view problem) {
    return ok(bytes <= limit.value, problem);
  }

  std::size_t head_ = 0, trailers_ = 0, fields_ = 0, interims_ = 0;
  std::string_view problem_;
};

}  // namespace transport
