#include "protocol/http/form_data.hpp"

#include <gtest/gtest.h>

namespace {

using http::FormReader;
using Event = FormReader::Event;
using Failure = FormReader::Failure;

struct Outcome {
  http::Form fields;
  std::optional<std::string> filename;  ///< "-" for a file without one
  std::string file;
  std::optional<Failure> failure;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view body, const http::FormShape& shape, std::size_t step) {
  FormReader reader("b", shape);
  Outcome outcome;
  const auto take = [&](Event event) {
    if (event == Event::file) outcome.filename = reader.head().filename.value_or("-");
    if (event == Event::bytes) outcome.file += reader.bytes();
    if (event == Event::failed) {
      outcome.failure = reader.failure();
      outcome.error = reader.error().line();
    }
    return event != Event::failed && event != Event::end;
  };
  bool going = true;
  for (std::size_t at = 0; going && at < body.size(); at += step) {
    std::string_view slice = body.substr(at, step);
    Event event = Event::file;
    while (event != Event::more && event != Event::failed) {
      event = reader.next(slice);
      take(event);
    }
    going = event != Event::failed;
  }
  while (going && take(reader.finish())) continue;
  // How much was read of a field that is too long does not matter.
  if (!outcome.failure) outcome.fields = reader.fields();
  EXPECT_EQ(reader.has_file(), outcome.filename.has_value());
  return outcome;
}

Outcome read(std::string_view body, const http::FormShape& shape = {}) {
  const Outcome whole = read(body, shape, body.size() + 1);
  for (const std::size_t step : {1U, 2U, 3U, 7U, 50U, 1000U}) {
    EXPECT_EQ(read(body, shape, step), whole) << "in slices of " << step;
  }
  return whole;
}

std::string field(std::string_view name, std::string_view value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
         std::string(value) + "\r\n";
}
std::string file(std::string_view name, std::string_view content,
                 std::string_view filename = "; filename=\"a.txt\"") {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"" +
         std::string(filename) + "\r\n\r\n" + std::string(content) + "\r\n";
}
const std::string end = "--b--\r\n";

TEST(FormReader, FieldsThenTheFile) {
  const auto outcome =
      read(field("key", "a\r\nb") + field("key", "") + file("File", "x\r\n") + end);
  EXPECT_EQ(outcome.fields, (http::Form{{"key", "a\r\nb"}, {"key", ""}}));
  EXPECT_EQ(outcome.filename, "a.txt");
  EXPECT_EQ(outcome.file, "x\r\n");
  EXPECT_EQ(outcome.failure, std::nullopt);
}

TEST(FormReader, WhatIsTheFile) {
  // python-requests gives every part a file name, so the name of the part tells which is the file.
  EXPECT_EQ(read(file("key", "k") + file("file", "x", "") + end).filename, "-");
  http::FormShape django{"data_file", true, true};
  EXPECT_EQ(read(file("data_file", "x", "") + end, django).filename, std::nullopt);
  EXPECT_EQ(read(file("data_file", "x", "") + end, django).fields,
            (http::Form{{"data_file", "x"}}));
  EXPECT_EQ(read(file("data_file", "x") + field("id", "1") + end, django).fields,
            (http::Form{{"id", "1"}}));
}

TEST(FormReader, WhatFollowsTheFileIsSkippedButASecondFile) {
  const auto outcome = read(file("file", "x") + field("key", std::string(100'000, 'k')) + end);
  EXPECT_EQ(outcome.fields, http::Form{});
  EXPECT_EQ(outcome.failure, std::nullopt);
  EXPECT_EQ(read(file("file", "x") + file("file", "y") + end).failure, Failure::second_file);
}

TEST(FormReader, BytesBeforeTheFile) {
  http::FormShape shape;
  shape.before_file = 20'480;
  const auto before = [&](std::size_t bytes) {
    const std::size_t around = field("k", "").size();
    return read(field("k", std::string(bytes - around, 'v')) + file("file", "x") + end, shape);
  };
  // The line end before the delimiter is a part of it.
  EXPECT_EQ(before(20'482).failure, std::nullopt);
  EXPECT_EQ(before(20'483).failure, Failure::before_file);
  EXPECT_EQ(before(20'483).error, "form: has more than 20480 bytes before the file");
  EXPECT_EQ(before(200'000).failure, Failure::before_file);
  EXPECT_EQ(read(std::string(20'480, 'p') + "\r\n" + file("file", "x") + end, shape).failure,
            std::nullopt);
  EXPECT_EQ(read(std::string(20'481, 'p') + "\r\n" + file("file", "x") + end, shape).failure,
            Failure::before_file);
  EXPECT_EQ(read(std::string(100'000, 'p'), shape).failure, Failure::before_file);
  EXPECT_EQ(read(file("file", std::string(100'000, 'x')) + end, shape).failure, std::nullopt);
}

TEST(FormReader, FieldsAreBounded) {
  EXPECT_EQ(read(field("k", std::string(65'535, 'v')) + end).failure, std::nullopt);
  EXPECT_EQ(read(field("k", std::string(65'536, 'v')) + end).failure, Failure::fields_too_long);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "--b\r\n\r\n\r\n";
  EXPECT_EQ(read(many + end).failure, std::nullopt);
  EXPECT_EQ(read(many + "--b\r\n\r\n\r\n" + end).failure, Failure::fields_too_long);
}

TEST(FormReader, ABodyThatEndsEarlyHasFailed) {
  const std::string body = field("key", "k") + file("file", "x");
  EXPECT_EQ(read(body).failure, Failure::malformed);
  EXPECT_EQ(read(body).file, "x") << "the line end would be the next delimiter's";
  EXPECT_EQ(read("").error, "multipart body: ends before its last boundary");
}

}  // namespace
