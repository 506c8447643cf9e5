#include "protocol/http/form_data.hpp"

#include <fmt/format.h>

namespace http {
namespace {

constexpr std::size_t most_fields = 1000;
/// What a delimiter and the head of a part take at most.
constexpr std::uint64_t longest_beginning = MultipartReader::default_longest_head + 256;

}  // namespace

FormReader::FormReader(std::string_view boundary, FormShape shape)
    : reader_(boundary), shape_(std::move(shape)) {}

FormReader::Event FormReader::next(std::string_view& slice) {
  while (true) {
    if (failed_) return Event::failed;
    if (const auto event = take(reader_.next(slice))) return *event;
  }
}

FormReader::Event FormReader::finish() {
  while (true) {
    if (failed_) return Event::failed;
    if (const auto event = take(reader_.finish())) return *event;
  }
}

std::optional<FormReader::Event> FormReader::take(MultipartReader::Event event) {
  switch (event) {
    case MultipartReader::Event::more:
      // What precedes the first part counts too, but it is not known yet where that part begins.
      if (part_ == Part::none && reader_.position() > longest_beginning) {
        if (auto failed = check_before_file(reader_.position() - longest_beginning)) return failed;
      }
      return Event::more;
    case MultipartReader::Event::part:
      return begin_part();
    case MultipartReader::Event::bytes:
      return take_bytes();
    case MultipartReader::Event::part_end:
      return part_ == Part::file ? std::optional(Event::file_end) : std::nullopt;
    case MultipartReader::Event::end:
      return Event::end;
    case MultipartReader::Event::failed:
      break;
  }
  error_ = reader_.error();
  failed_ = true;
  return Event::failed;
}

std::optional<FormReader::Event> FormReader::begin_part() {
  const PartHead& head = reader_.part();
  if (auto failed = check_before_file(reader_.part_start())) return failed;
  const bool is_file =
      same_name(head.name, shape_.file) && (head.filename || !shape_.file_has_name);
  if (is_file) {
    if (head_) return fail(Failure::second_file, "has two files");
    head_ = head;
    part_ = Part::file;
    return Event::file;
  }
  if (head_ && !shape_.fields_after_file) {
    part_ = Part::skipped;
    return std::nullopt;
  }
  part_ = Part::field;
  fields_.emplace_back(head.name, "");
  return add_to_fields(head.name.size());
}

std::optional<FormReader::Event> FormReader::take_bytes() {
  if (part_ == Part::file) return Event::bytes;
  if (part_ == Part::skipped) return std::nullopt;
  if (auto failed = check_before_file(reader_.position())) return failed;
  fields_.back().second += reader_.bytes();
  return add_to_fields(reader_.bytes().size());
}

std::optional<FormReader::Event> FormReader::add_to_fields(std::size_t bytes) {
  field_bytes_ += bytes;
  if (field_bytes_ > shape_.fields) {
    return fail(Failure::fields_too_long,
                fmt::format("has more than {} bytes of fields", shape_.fields));
  }
  if (fields_.size() > most_fields) {
    return fail(Failure::fields_too_long, fmt::format("has more than {} fields", most_fields));
  }
  return std::nullopt;
}

std::optional<FormReader::Event> FormReader::check_before_file(std::uint64_t bytes) {
  if (head_ || bytes <= shape_.before_file) return std::nullopt;
  return fail(Failure::before_file,
              fmt::format("has more than {} bytes before the file", shape_.before_file));
}

FormReader::Event FormReader::fail(Failure failure, std::string what) {
  failed_ = true;
  failure_ = failure;
  error_ = Error{"form", std::move(what), {}};
  return Event::failed;
}

}  // namespace http
