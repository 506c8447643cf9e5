#include "protocol/http/multipart.hpp"

#include <gtest/gtest.h>

namespace {

using http::MultipartReader;
using Event = MultipartReader::Event;

struct Part {
  std::string name;
  std::optional<std::string> filename;
  std::string content;
  std::uint64_t start = 0;
  bool operator==(const Part&) const = default;
};
struct Outcome {
  std::vector<Part> parts;  ///< a part that has not ended is there, too
  std::string error;        ///< empty when the body ended well
  bool operator==(const Outcome&) const = default;
};

/// Reads `body` in slices of `step` bytes.
Outcome read(std::string_view body, std::size_t step, std::string_view boundary = "b") {
  MultipartReader reader(boundary);
  Outcome outcome;
  const auto take = [&](Event event) {
    if (event == Event::part) {
      outcome.parts.push_back(
          {reader.part().name, reader.part().filename, {}, reader.part_start()});
    }
    if (event == Event::bytes) outcome.parts.back().content += reader.bytes();
    if (event == Event::failed) outcome.error = reader.error().line();
    return event != Event::failed;
  };
  for (std::size_t at = 0; at < body.size(); at += step) {
    std::string_view slice = body.substr(at, step);
    while (true) {
      const Event event = reader.next(slice);
      if (!take(event)) return outcome;
      if (event == Event::more) break;
    }
    EXPECT_TRUE(slice.empty());
  }
  while (true) {
    const Event event = reader.finish();
    if (!take(event) || event == Event::end) return outcome;
  }
}

/// The same in slices of every length; they must agree.
Outcome read(std::string_view body, std::string_view boundary = "b") {
  const Outcome whole = read(body, body.size() + 1, boundary);
  for (std::size_t step = 1; step <= body.size(); ++step) {
    EXPECT_EQ(read(body, step, boundary), whole) << "in slices of " << step;
  }
  return whole;
}

/// The content of the only part of a body.
std::string content_of(const std::string& content) {
  const Outcome outcome =
      read("--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n" + content + "\r\n--b--\r\n");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.parts.size(), 1U);
  return outcome.parts.empty() ? "" : outcome.parts[0].content;
}

/// The head of a part of that disposition.
http::PartHead head_of(const std::string& disposition) {
  MultipartReader reader("b");
  const std::string body = "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n";
  std::string_view slice = body;
  EXPECT_EQ(reader.next(slice), Event::part) << disposition;
  return reader.part();
}

TEST(Multipart, TheRequestOfTheOpenHumansDocument) {
  const std::string boundary = "60b1416fed664815a28bf8be840458ae";
  const std::string body =
      "--60b1416fed664815a28bf8be840458ae\r\n"
      "Content-Disposition: form-data; name=\"project_member_id\"\r\n\r\n"
      "12345678\r\n"
      "--60b1416fed664815a28bf8be840458ae\r\n"
      "Content-Disposition: form-data; name=\"data_file\"; filename=\"test-file.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\n"
      "test file data\n\r\n"
      "--60b1416fed664815a28bf8be840458ae--\r\n";
  EXPECT_EQ(read(body, boundary),
            (Outcome{{{"project_member_id", std::nullopt, "12345678", 0},
                      {"data_file", "test-file.txt", "test file data\n", 104}},
                     ""}));
}

TEST(Multipart, ContentIsKeptToTheByte) {
  for (const std::string content : {"",
                                    "\r",
                                    "\n",
                                    "\r\n",
                                    "\r\n\r\n",
                                    "-",
                                    "--",
                                    "--b",
                                    "--b--",
                                    "\n--b",
                                    "\n--b--\n",
                                    "\r--b",
                                    "\r\n--",
                                    "\r\n--c",
                                    "\r\n-b",
                                    "\r\n--bc",
                                    "\r\n--b-",
                                    "\r\n--b-\r\n",
                                    "\r\n--b\n",
                                    "\r\n--b\r",
                                    "\r\n--b\rx",
                                    "\r\n--b x",
                                    "\r\n--b--x",
                                    "\r\n--b-- \rx",
                                    "\r\n--b\r\r\n",
                                    "\r\r\n--\r\n-\r\n--c\r",
                                    "x\r\n--b\t\t\t-"}) {
    EXPECT_EQ(content_of(content), content) << quote(content);
  }
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(content_of(all), all);
  // A line of more blanks is no delimiter.
  const std::string padded = "\r\n--b" + std::string(65, ' ');
  EXPECT_EQ(content_of(padded), padded);
}

TEST(Multipart, PreambleEpilogueAndBlanksAreNoContent) {
  const std::string part = "Content-Disposition: form-data; name=f\r\n\r\nx";
  const Outcome expected{{{"f", std::nullopt, "x", 0}}, ""};
  EXPECT_EQ(read("--b\r\n" + part + "\r\n--b--"), expected);
  EXPECT_EQ(read("--b \t\r\n" + part + "\r\n--b-- \t"), expected);
  EXPECT_EQ(read("--b" + std::string(64, ' ') + "\r\n" + part + "\r\n--b--\r\n\r\n--b\r\nafter"),
            expected);
  EXPECT_EQ(read("before\r\n--bb\r\n--b\r\n" + part + "\r\n--b--\r\n").parts[0].start, 12U);
  EXPECT_EQ(read("\r\n--b\r\n" + part + "\r\n--b--\r\n").parts[0].content, "x");
  EXPECT_EQ(read("--b--\r\n"), Outcome{});
  EXPECT_EQ(read("--b--"), Outcome{});
}

TEST(Multipart, ABoundaryMayBeLongAndLookLikeDelimiters) {
  for (const std::string& boundary :
       {std::string(70, '-'), std::string("--"), std::string("-"), std::string("a b"),
        std::string("0123456789'()+_,-./:=?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv")}) {
    const std::string body = "--" + boundary +
                             "\r\nContent-Disposition: form-data; name=f\r\n\r\n" +
                             "\r\n--x\r\n--" + boundary + "y\r\n--" + boundary + "--\r\n";
    const auto outcome = read(body, boundary);
    EXPECT_EQ(outcome.error, "");
    ASSERT_EQ(outcome.parts.size(), 1U);
    EXPECT_EQ(outcome.parts[0].content, "\r\n--x\r\n--" + boundary + "y");
  }
}

TEST(Multipart, AFormInAFormIsContent) {
  const std::string inner = "--c\r\nContent-Disposition: form-data; name=g\r\n\r\ny\r\n--c--\r\n";
  EXPECT_EQ(content_of(inner), inner);
}

TEST(Multipart, BodiesThatEndEarly) {
  for (const char* body :
       {"", "x", "--b", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=f\r\n",
        "--b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b\r\n\r\nx\r\n--b", "--b\r\n\r\nx\r\n--b-",
        "--b\r\n\r\nx\r\n--b\r\n", "--b\n\nx\n--b--\n"}) {
    EXPECT_EQ(read(body).error, "multipart body: ends before its last boundary") << quote(body);
  }
}

TEST(Multipart, HeadsThatCannotBeRead) {
  for (const char* head :
       {"x\r\n", "x y: z\r\n", ": z\r\n", "a: b\nc: d\r\n", "a: b\r\n c\r\n",
        "Content-Disposition: form-data; name=\"f\r\n", "Content-Disposition: form-data; name\r\n",
        "Content-Disposition: form-data; na me=f\r\n",
        "Content-Disposition: form-data; name=\"f\"x\r\n"}) {
    const Outcome outcome = read(std::string("--b\r\n") + head + "\r\nx\r\n--b--\r\n");
    EXPECT_TRUE(outcome.error.starts_with("head of a part: ")) << head << outcome.error;
  }
  const std::string long_head = "a: " + std::string(MultipartReader::default_longest_head, 'x');
  EXPECT_EQ(read("--b\r\n" + long_head + "\r\n\r\nx\r\n--b--", 1000).error,
            "multipart body: the head of a part is longer than 16384 bytes");
  const std::string fits =
      "a: " + std::string(MultipartReader::default_longest_head - 5, 'x') + "\r\n";
  EXPECT_EQ(read("--b\r\n" + fits + "\r\nx\r\n--b--", 1000).error, "");
}

TEST(Multipart, NamesOfParts) {
  EXPECT_EQ(head_of("form-data; name=\"f\"; filename=\"a.txt\"").filename, "a.txt");
  EXPECT_EQ(head_of("FORM-DATA;NAME=f;FileName=a.txt").name, "f");
  EXPECT_EQ(head_of("form-data; name=f").filename, std::nullopt);
  EXPECT_EQ(head_of("form-data; name=f; filename=\"\"").filename, "");
  EXPECT_EQ(head_of("form-data; name=\"a;b=\\\"c\\\\\"; x=y").name, "a;b=\"c\\");
  EXPECT_EQ(head_of(R"(form-data; name=f; filename="C:\dir\a.txt")").filename, R"(C:\dir\a.txt)");
  EXPECT_EQ(head_of("form-data; name=f; filename=\"../\xC3\xA9\"").filename, "../\xC3\xA9");
  EXPECT_EQ(head_of("attachment; name=f").name, "");
  const std::string nul("a\0b", 3);
  EXPECT_EQ(head_of("form-data; name=f; filename=\"" + nul + "\"").filename, nul);
  EXPECT_EQ(head_of("form-data; name=f; filename=" + std::string(4000, 'x')).filename->size(),
            4000U);
}

TEST(Multipart, ContentIsNotCopied) {
  MultipartReader reader("b");
  const std::string body = "--b\r\n\r\n" + std::string(1000, 'x') + "\r\n--";
  std::string_view slice = body;
  ASSERT_EQ(reader.next(slice), Event::part);
  ASSERT_EQ(reader.next(slice), Event::bytes);
  EXPECT_EQ(reader.bytes().data(), body.data() + 7);
  EXPECT_EQ(reader.bytes().size(), 1000U);
  EXPECT_EQ(reader.position(), 1007U);
  EXPECT_EQ(reader.next(slice), Event::more);
  EXPECT_EQ(reader.position(), 1007U) << "what may be a delimiter is not told of yet";
}

TEST(Multipart, Boundaries) {
  const auto boundary = [](std::string_view type) {
    const auto found = http::boundary_of(type);
    return found ? *found : "no: " + found.error().line();
  };
  EXPECT_EQ(boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(boundary("multipart/form-data;boundary=\"a b;c\";charset=x"), "a b;c");
  EXPECT_EQ(boundary("multipart/form-data; charset=x; BOUNDARY = --a=b "), "--a=b");
  EXPECT_EQ(boundary("multipart/form-data; boundary=" + std::string(70, 'x')),
            std::string(70, 'x'));
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"a"),
        std::string("multipart/form-data; boundary=\"a \""),
        std::string("multipart/form-data; boundary=a\x01"),
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    EXPECT_TRUE(boundary(type).starts_with("no: Content-Type: ")) << type;
  }
  EXPECT_TRUE(http::is_form_data("Multipart/Form-Data; boundary=x"));
  EXPECT_TRUE(http::is_form_data("multipart/form-data"));
  EXPECT_FALSE(http::is_form_data("multipart/form-datax"));
  EXPECT_FALSE(http::is_form_data("application/x-www-form-urlencoded"));
}

TEST(Multipart, WhatIsWrittenIsRead) {
  const auto form = http::write_form({{"key", "a\r\nb"}, {"na\"me", ""}},
                                     {"file", "C:\\dir\\\"\r\n.txt", "text/plain"}, "0f");
  EXPECT_EQ(form.content_type, "multipart/form-data; boundary=0f");
  EXPECT_EQ(form.length(3), form.head.size() + 3 + form.tail.size());
  const auto outcome = read(form.head + "\r\n\n" + form.tail, "0f");
  ASSERT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.parts.size(), 3U);
  EXPECT_EQ(outcome.parts[0].content, "a\r\nb");
  EXPECT_EQ(outcome.parts[1].name, "na%22me");
  EXPECT_EQ(outcome.parts[2].filename, "C:\\dir\\%22%0D%0A.txt");
  EXPECT_EQ(outcome.parts[2].content, "\r\n\n");

  const auto without = http::write_form({{"key", "v"}}, "a b");
  EXPECT_EQ(http::boundary_of(without.content_type), "a b");
  EXPECT_EQ(read(without.head + without.tail, "a b").parts.size(), 1U);
  EXPECT_EQ(read(http::write_form({}, "b").head), Outcome{});
}

}  // namespace
