// multipart/form-data (RFC 7578, RFC 2046 section 5.1) as a stream: bodies of any length, in slices
// that are cut anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/http/fields.hpp"

namespace http {

/// RFC 2046 section 5.1.1.
inline constexpr std::size_t longest_boundary = 70;

/// Whether a Content-Type is multipart/form-data, whatever its parameters.
[[nodiscard]] bool is_form_data(std::string_view content_type);
/// Its boundary, without quotes. An Error when there is none, or one of more than 70 bytes, with
/// anything but visible ASCII and spaces, or with a space at its end.
[[nodiscard]] Result<std::string> boundary_of(std::string_view content_type);

/// What stands before the content of a part.
struct PartHead {
  Fields fields;
  std::string name;  ///< of Content-Disposition; empty when there is none
  /// As it was sent, path and all; none without the parameter. Only \" and \\ are escapes, because
  /// browsers have sent paths of Windows.
  std::optional<std::string> filename;
  bool operator==(const PartHead&) const = default;
};

/// Reads a body from front to back. It holds the head of one part and less than 200 bytes besides;
/// content is handed on from the slice it came in, uncopied but for what looks like the beginning
/// of a boundary at a slice's end. Move-only, not thread-safe.
///
/// A delimiter is a whole line: CR LF (or the start of the body), "--", the boundary, "--" if it is
/// the last, at most 64 blanks, CR LF (the last may have the end of the body instead). Anything
/// else is content, a lone LF before "--" included. What precedes the first delimiter and follows
/// the last is skipped.
class MultipartReader {
 public:
  enum class Event {
    more,      ///< the slice is used up
    part,      ///< part() begins
    bytes,     ///< bytes() belong to it
    part_end,  ///< it is complete
    end,       ///< the last delimiter was read; what follows is skipped
    failed,    ///< error() says why; for good
  };
  static constexpr std::size_t default_longest_head = 16'384;

  explicit MultipartReader(std::string_view boundary,
                           std::size_t longest_head = default_longest_head);
  MultipartReader(MultipartReader&&) = default;
  MultipartReader& operator=(MultipartReader&&) = default;

  /// Takes what it uses from the front of `slice`. To be called until it says `more`.
  [[nodiscard]] Event next(std::string_view& slice);
  /// The body is complete. To be called until it says `end` or `failed`.
  [[nodiscard]] Event finish();

  [[nodiscard]] const PartHead& part() const { return part_; }
  /// Valid until the next call; points into the slice or into the reader.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] const Error& error() const { return error_; }
  /// How many bytes of the body have been handed on or skipped so far.
  [[nodiscard]] std::uint64_t position() const;
  /// How many bytes of the body precede the delimiter of part().
  [[nodiscard]] std::uint64_t part_start() const { return part_start_; }

 private:
  enum class State { preamble, head, content, closing, epilogue, failed };
  enum class Line { none, undecided, delimiter, close };
  struct Match {
    Line line = Line::none;
    std::size_t length = 0;
  };

  [[nodiscard]] Match match(std::string_view text, bool last) const;
  [[nodiscard]] std::size_t find_candidate(std::string_view text) const;
  void consume(std::string_view& slice, std::size_t count);
  std::optional<Event> scan(std::string_view& slice);
  std::optional<Event> scan_held(std::string_view& slice);
  std::optional<Event> give(std::string_view bytes);
  std::optional<Event> found(const Match& match);
  std::optional<Event> read_head(std::string_view& slice);
  Event fail(std::string what);

  std::string delimiter_;  ///< CR LF "--" boundary
  std::size_t longest_head_;
  State state_ = State::preamble;
  std::string held_;   ///< what may become a delimiter; never a whole one
  std::string spare_;  ///< what was held and turned out to be content
  std::string head_;
  PartHead part_;
  std::string_view bytes_;
  Error error_;
  std::uint64_t position_ = 0;
  std::uint64_t part_start_ = 0;
};

/// One part to be written.
struct FilePart {
  std::string name = "file";
  std::string filename;
  std::string content_type;  ///< empty: no such field
};
/// A form around a file: what is sent is `head`, the file, `tail`.
struct FormBody {
  std::string content_type;  ///< "multipart/form-data; boundary=..."
  std::string head;
  std::string tail;
  /// Content-Length for a file of so many bytes.
  [[nodiscard]] std::uint64_t length(std::uint64_t file) const {
    return head.size() + file + tail.size();
  }
};
/// `fields` go first, in their order. As in browsers, '"', CR and LF in a name are
/// percent-encoded. The boundary must stand in no value and not in the file: 16 random letters do.
[[nodiscard]] FormBody write_form(const std::vector<std::pair<std::string, std::string>>& fields,
                                  const FilePart& file, std::string_view boundary);
/// The same without a file: all of it is in `head`.
[[nodiscard]] FormBody write_form(const std::vector<std::pair<std::string, std::string>>& fields,
                                  std::string_view boundary);

}  // namespace http
