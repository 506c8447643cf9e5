// A form with one file, as it arrives: the fields as text, the file as a stream.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"

namespace http {

/// What a server wants of a form.
struct FormShape {
  std::string file = "file";  ///< name of the part that is the file, in any letter case
  /// Whether the file must have a file name: a part of that name without one is then a field
  /// (Django), else it is the file (S3).
  bool file_has_name = false;
  /// Whether fields after the file count. If not, they are skipped; a second file is an error in
  /// any case.
  bool fields_after_file = false;
  /// Most bytes of the body that may precede the file's delimiter.
  std::uint64_t before_file = std::numeric_limits<std::uint64_t>::max();
  /// Most bytes of all names and values. There may be a thousand of them, as in Django.
  std::size_t fields = 64UL << 10U;
};

/// Holds the fields and what MultipartReader holds. Move-only, not thread-safe.
class FormReader {
 public:
  enum class Event {
    more,      ///< the slice is used up
    file,      ///< the file begins, and head() is its head
    bytes,     ///< bytes() belong to it
    file_end,  ///< it is complete
    end,       ///< the form is complete
    failed,    ///< failure() and error() say why; for good
  };
  enum class Failure {
    malformed,        ///< no multipart body, or one that ends early
    before_file,      ///< more than FormShape::before_file
    fields_too_long,  ///< more than FormShape::fields, or than a thousand
    second_file,
  };

  FormReader(std::string_view boundary, FormShape shape);

  /// Takes what it uses from the front of `slice`. To be called until it says `more`.
  [[nodiscard]] Event next(std::string_view& slice);
  /// The body is complete. To be called until it says `end` or `failed`.
  [[nodiscard]] Event finish();

  /// Those that were read so far, in their order; a name may be there twice.
  [[nodiscard]] const Form& fields() const { return fields_; }
  [[nodiscard]] bool has_file() const { return head_.has_value(); }
  /// Once has_file().
  [[nodiscard]] const PartHead& head() const { return *head_; }
  /// Valid until the next call.
  [[nodiscard]] std::string_view bytes() const { return reader_.bytes(); }
  [[nodiscard]] Failure failure() const { return failure_; }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  enum class Part { none, field, file, skipped };

  std::optional<Event> take(MultipartReader::Event event);
  std::optional<Event> begin_part();
  std::optional<Event> take_bytes();
  std::optional<Event> add_to_fields(std::size_t bytes);
  std::optional<Event> check_before_file(std::uint64_t bytes);
  Event fail(Failure failure, std::string what);

  MultipartReader reader_;
  FormShape shape_;
  Form fields_;
  std::size_t field_bytes_ = 0;
  Part part_ = Part::none;
  std::optional<PartHead> head_;
  bool failed_ = false;
  Failure failure_ = Failure::malformed;
  Error error_;
};

}  // namespace http
