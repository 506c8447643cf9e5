#include "fuzz.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/http/multipart.hpp"

namespace {

using http::FormReader;
using http::MultipartReader;

struct Outcome {
  std::vector<std::pair<http::PartHead, std::string>> parts;
  std::uint64_t told = 0;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

/// Feeds a reader in slices of those lengths, over and over; `take` gets each event.
template <class Reader, class Take>
void feed(Reader& reader, std::string_view body, const std::vector<std::size_t>& lengths,
          Take take) {
  using Event = typename Reader::Event;
  for (std::size_t at = 0, i = 0; at < body.size(); ++i) {
    std::string_view slice = body.substr(at, lengths[i % lengths.size()]);
    at += slice.size();
    while (true) {
      const Event event = reader.next(slice);
      take(event);
      if (event == Event::failed) return;
      if (event == Event::more) break;
    }
    fuzz::require(slice.empty(), "a slice is used up");
  }
  while (true) {
    const Event event = reader.finish();
    take(event);
    if (event == Event::failed || event == Event::end) return;
    fuzz::require(event != Event::more, "nothing follows the end of a body");
  }
}

Outcome read(std::string_view body, std::string_view boundary,
             const std::vector<std::size_t>& lengths) {
  MultipartReader reader(boundary, 200);
  Outcome outcome;
  bool open = false;
  feed(reader, body, lengths, [&](MultipartReader::Event event) {
    using Event = MultipartReader::Event;
    if (event == Event::part) {
      fuzz::require(!open, "a part ends before the next");
      outcome.parts.emplace_back(reader.part(), "");
      open = true;
    } else if (event == Event::bytes) {
      fuzz::require(open && !reader.bytes().empty(), "content belongs to a part");
      outcome.parts.back().second += reader.bytes();
    } else if (event == Event::part_end) {
      open = false;
    } else if (event == Event::failed) {
      outcome.failed = true;
      fuzz::require_line(reader.error());
    }
    fuzz::require(reader.position() <= body.size(), "no more is told of than there is");
  });
  fuzz::require(outcome.failed || !open, "a body that ends well ends its parts");
  return outcome;
}

std::pair<http::Form, std::optional<std::string>> read_form(
    std::string_view body, std::string_view boundary, const std::vector<std::size_t>& lengths) {
  http::FormShape shape;
  shape.before_file = 300;
  shape.fields = 100;
  FormReader reader(boundary, shape);
  std::string file;
  bool failed = false;
  feed(reader, body, lengths, [&](FormReader::Event event) {
    if (event == FormReader::Event::bytes) file += reader.bytes();
    if (event == FormReader::Event::failed) failed = true;
  });
  if (failed) return {{}, std::nullopt};
  return {reader.fields(), file};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider provider(data, size);
  const std::string type = provider.ConsumeRandomLengthString(80);
  if (const auto boundary = http::boundary_of("multipart/form-data;" + type)) {
    fuzz::require(!boundary->empty() && boundary->size() <= http::longest_boundary,
                  "a boundary has 1 to 70 bytes");
  }
  std::vector<std::size_t> lengths;
  for (auto i = provider.ConsumeIntegralInRange(1, 6); i > 0; --i) {
    lengths.push_back(provider.ConsumeIntegralInRange<std::size_t>(1, 40));
  }
  const std::string boundary = provider.ConsumeBool() ? "b" : "--=-";
  const std::string filename = provider.ConsumeRandomLengthString(20);
  const std::string body = provider.ConsumeRemainingBytesAsString();

  const std::vector<std::size_t> whole{body.size() + 1};
  fuzz::require(read(body, boundary, lengths) == read(body, boundary, whole),
                "how a body is cut does not matter");
  fuzz::require(read_form(body, boundary, lengths) == read_form(body, boundary, whole), "as above");

  // Whatever the content of a file, it comes back, unless it holds a delimiter itself.
  if (body.find("--" + boundary) != std::string::npos) return 0;
  const auto form = http::write_form({{"key", "value"}}, {"file", filename, ""}, boundary);
  const auto again = read(form.head + body + form.tail, boundary, lengths);
  fuzz::require(again.parts.size() == 2 && again.parts[1].second == body, "the file comes back");
  if (filename.find_first_of("\"\r\n") == std::string::npos) {
    fuzz::require(again.parts[1].first.filename == filename, "and so does its name");
  }
  return 0;
}
