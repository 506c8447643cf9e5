#include "request_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"

namespace replies {
namespace {

namespace fs = std::filesystem;
using json::Cursor;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_name(std::string_view text) {
  return !text.empty() && is_lower(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_lower(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

/// The size of the placeholder that `text` begins with, with its braces; 0 when it is none. Braces
/// that do not begin with a name are plain text, so that JSON needs no escapes.
std::size_t placeholder_size(std::string_view text) {
  const auto end = std::min(text.find_first_of(":}"), text.size());
  if (end == text.size() || !is_name(text.substr(1, end - 1))) return 0;
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i + 1;
  }
  return 0;
}

/// Calls `text` or `placeholder` (without its braces) for each part of `whole`, in order.
template <class Text, class Placeholder>
void split(std::string_view whole, Text&& text, Placeholder&& placeholder) {
  while (!whole.empty()) {
    const auto open = std::min(whole.find('{'), whole.size());
    text(whole.substr(0, open));
    whole.remove_prefix(open);
    if (whole.empty()) return;
    const auto size = placeholder_size(whole);
    if (size > 0) {
      placeholder(whole.substr(1, size - 2));
    } else {
      text(whole.substr(0, 1));
    }
    whole.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

std::optional<std::string> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    return digits.find(c);
  };
  std::string bytes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (digit(text[i]) > 15 || digit(text[i + 1]) > 15) return std::nullopt;
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

/// "100000:a": the text after the colon, repeated so many times.
std::optional<std::string> repeated(std::string_view argument) {
  const auto colon = argument.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon > 7) return std::nullopt;
  std::size_t count = 0;
  for (const char c : argument.substr(0, colon)) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + static_cast<std::size_t>(c - '0');
  }
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += argument.substr(colon + 1);
  return bytes;
}

/// The value of a placeholder that needs no server: hex, base64 or repeat. nullopt: the argument is
/// wrong.
std::optional<std::string> computed(std::string_view name, std::string_view argument) {
  if (name == "hex") return from_hex(argument);
  if (name == "base64") return base64::encode(argument);
  if (name == "repeat") return repeated(argument);
  return std::nullopt;
}

std::optional<std::string> filled(std::string_view text, const Values& values) {
  std::string out;
  bool whole = true;
  split(
      text, [&](std::string_view plain) { out += plain; },
      [&](std::string_view placeholder) {
        const auto colon = placeholder.find(':');
        std::optional<std::string> value;
        if (colon == std::string_view::npos) {
          value = values(placeholder);
        } else if (const auto argument = filled(placeholder.substr(colon + 1), values)) {
          value = computed(placeholder.substr(0, colon), *argument);
        }
        whole = whole && value.has_value();
        out += value.value_or("");
      });
  if (!whole) return std::nullopt;
  return out;
}

/// `text` with the variables of one variation replaced by their values; other placeholders stay.
std::string with_variables(std::string_view text, const std::map<std::string, std::string>& vary) {
  std::string out;
  split(
      text, [&](std::string_view plain) { out += plain; },
      [&](std::string_view placeholder) {
        const auto colon = placeholder.find(':');
        const auto at = vary.find(std::string(placeholder));
        if (at != vary.end()) {
          out += at->second;
        } else if (colon == std::string_view::npos) {
          out += fmt::format("{{{}}}", placeholder);
        } else {
          out += fmt::format("{{{}:{}}}", placeholder.substr(0, colon),
                             with_variables(placeholder.substr(colon + 1), vary));
        }
      });
  return out;
}

std::string_view field_name(std::string_view line) {
  return http::trim_ows(line.substr(0, line.find(':')));
}

bool names_field(const std::vector<std::string>& lines, std::string_view name) {
  return std::ranges::any_of(
      lines, [&](const auto& line) { return http::same_name(field_name(line), name); });
}

/// One variation of a case: values for its variables. A variable may also stand for header lines.
struct Variation {
  std::string label;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::string>> lines;
};

std::vector<std::string> strings(const Cursor& at) {
  std::vector<std::string> all;
  for (const auto& item : at.items()) all.push_back(item.string());
  return all;
}

class ListReader {
 public:
  explicit ListReader(const Cursor& root) {
    root.only({"$schema", "description", "for", "always", "groups", "cases"});
    if (root.at("description").string().empty()) root.at("description").fail("must not be empty");
    dex_only_ = only_for_dex(root);
    if (auto always = root.find("always")) always_ = strings(*always);
    if (auto groups = root.find("groups")) {
      for (const auto& [name, lines] : groups->members()) groups_[name] = strings(lines);
    }
    for (const auto& one : root.at("cases").items()) read_case(one);
    if (cases_.empty()) root.at("cases").fail("must not be empty");
  }

  std::vector<Case> take() { return std::move(cases_); }

 private:
  static bool only_for_dex(const Cursor& at) {
    const auto system = at.find("for");
    if (system && system->string() != "dex") system->fail("expected dex, or nothing");
    return system.has_value();
  }

  void read_case(const Cursor& at) {
    at.only({"name", "note", "for", "vary", "as", "requests"});
    const auto name = at.at("name");
    if (!is_name(name.string())) name.fail("must be lower-case letters, digits, '-' and '.'");
    if (auto note = at.find("note")) static_cast<void>(note->string());
    for (const auto& variation : variations(at)) {
      Case one;
      one.name = name.string() + (variation.label.empty() ? "" : "/" + variation.label);
      one.dex_only = dex_only_ || only_for_dex(at);
      known_ = {"host"};
      for (const auto& request : at.at("requests").items()) {
        one.requests.push_back(read_request(request, variation));
        // Later requests can name what this one creates.
        const auto& as = one.requests.back().as;
        known_.insert({as, as + ".url", "offset"});
      }
      if (one.requests.empty()) at.at("requests").fail("must not be empty");
      cases_.push_back(std::move(one));
    }
  }

  static std::vector<Variation> variations(const Cursor& at) {
    const auto vary = at.find("vary");
    const auto table = at.find("as");
    if (vary.has_value() != table.has_value()) at.fail("vary and as belong together");
    if (!vary) return {Variation{}};
    const auto variables =
        vary->is_array() ? strings(*vary) : std::vector<std::string>{vary->string()};
    std::vector<Variation> all;
    for (const auto& [label, row] : table->members()) {
      if (!is_name(label)) {
        row.fail("its name must be lower-case letters, digits, '-' and '.'");
      }
      Variation one;
      one.label = label;
      const auto values = vary->is_array() ? row.items() : std::vector<Cursor>{row};
      if (values.size() != variables.size()) {
        row.fail(fmt::format("expected {} values", variables.size()));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].is_array()) {
          one.lines[variables[i]] = strings(values[i]);
        } else {
          one.texts[variables[i]] = values[i].string();
        }
      }
      all.push_back(std::move(one));
    }
    if (all.empty()) table->fail("must not be empty");
    return all;
  }

  Request read_request(const Cursor& at, const Variation& variation) {
    at.only({"send", "with", "without", "bare", "body", "chunks", "raw", "as", "until",
             "half_close", "compared", "patience_ms"});
    Request request;
    const auto raw = at.find("raw");
    if (raw.has_value() == at.find("send").has_value()) at.fail("expected either send or raw");
    if (raw) {
      for (const char* key : {"with", "without", "bare", "body", "chunks"}) {
        if (auto other = at.find(key)) other->fail("raw is all that is sent");
      }
      request.raw = text(*raw, raw->string(), variation);
    } else {
      request.line = text(at, at.at("send").string(), variation);
      if (request.line.find(" HTTP/") == std::string::npos) request.line += " HTTP/1.1";
      request.fields = fields(at, variation);
      read_body(at, variation, request);
    }
    if (auto as = at.find("as")) request.as = as->string();
    if (!is_name(request.as)) at.at("as").fail("must be lower-case letters, digits, '-' and '.'");
    if (auto until = at.find("until")) request.until = until->string();
    if (auto half = at.find("half_close")) request.half_close = half->boolean();
    if (auto compared = at.find("compared")) {
      if (compared->string() != "metric families") compared->fail("expected metric families");
      request.compared = Request::Body::families;
    }
    if (auto patience = at.find("patience_ms")) {
      request.patience = Milliseconds{static_cast<std::int64_t>(patience->unsigned_integer())};
    }
    return request;
  }

  void read_body(const Cursor& at, const Variation& variation, Request& request) {
    const auto body = at.find("body");
    const auto chunks = at.find("chunks");
    if (body && chunks) chunks->fail("there is a body already");
    if (body) {
      request.body = text(*body, body->string(), variation);
      if (!names_field(request.fields, "Content-Length") &&
          !names_field(request.fields, "Transfer-Encoding")) {
        const auto size = filled(*request.body, [](auto) { return std::nullopt; });
        if (!size) body->fail("a Content-Length is needed, for the body is not known beforehand");
        request.fields.push_back(fmt::format("Content-Length: {}", size->size()));
      }
    }
    if (chunks) {
      request.chunked = true;
      for (const auto& item : chunks->items()) {
        request.chunks.push_back(text(item, item.string(), variation));
      }
      if (!names_field(request.fields, "Transfer-Encoding")) {
        request.fields.emplace_back("Transfer-Encoding: chunked");
      }
    }
  }

  /// The header lines of the list, but for those that the request leaves out or has itself, and
  /// then its own.
  std::vector<std::string> fields(const Cursor& at, const Variation& variation) const {
    std::vector<std::string> own;
    if (auto with = at.find("with")) {
      for (const auto& item : with->items()) add_lines(item, item.string(), variation, own);
    }
    const auto bare = at.find("bare");
    if (bare && bare->boolean()) return own;
    std::vector<std::string> without;
    if (auto names = at.find("without")) without = strings(*names);
    std::vector<std::string> all;
    for (const auto& line : always_) {
      const auto name = field_name(line);
      if (names_field(own, name) || names_field(without, name)) continue;
      all.push_back(text(at, line, variation));
    }
    all.insert(all.end(), own.begin(), own.end());
    return all;
  }

  void add_lines(const Cursor& at, const std::string& line, const Variation& variation,
                 std::vector<std::string>& into) const {
    if (line.starts_with("@")) {
      const auto group = groups_.find(line.substr(1));
      if (group == groups_.end()) at.fail("there is no group '" + line.substr(1) + "'");
      for (const auto& one : group->second) add_lines(at, one, variation, into);
      return;
    }
    if (line.size() > 2 && line.front() == '{' && line.back() == '}') {
      const auto lines = variation.lines.find(line.substr(1, line.size() - 2));
      if (lines != variation.lines.end()) {
        for (const auto& one : lines->second) add_lines(at, one, variation, into);
        return;
      }
    }
    into.push_back(text(at, line, variation));
  }

  /// `raw` with the variables replaced. Every other placeholder must be known by now.
  [[nodiscard]] std::string text(const Cursor& at, std::string_view raw,
                                 const Variation& variation) const {
    auto done = with_variables(raw, variation.texts);
    const auto known = [&](std::string_view name) -> std::optional<std::string> {
      if (known_.contains(std::string(name))) return "";
      at.fail(fmt::format("nothing before it gives {{{}}}; the nearest are {}", name,
                          nearest_names(name, {known_.begin(), known_.end()})));
    };
    if (!filled(done, known)) {
      at.fail("only {hex:...}, {base64:...} and {repeat:COUNT:TEXT} take an argument");
    }
    return done;
  }

  bool dex_only_ = false;
  std::vector<std::string> always_;
  std::map<std::string, std::vector<std::string>> groups_;
  std::set<std::string> known_;
  std::vector<Case> cases_;
};

/// All members of a request but `patience`, which only this side uses.
std::string spelled(const Request& request) {
  std::string text = request.raw + '\n' + request.line + '\n';
  for (const auto& field : request.fields) text += field + '\n';
  text += request.body.value_or("-") + '\n';
  for (const auto& chunk : request.chunks) text += chunk + '\n';
  return text + fmt::format("{} {} {} {} {}\n", request.chunked, request.as, request.until,
                            request.half_close, static_cast<int>(request.compared));
}

Result<std::vector<fs::path>> lists_in(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<fs::path>{path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) files.push_back(entry.path());
  }
  if (files.empty()) return failure(path, "holds no list of requests");
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::string request_name(const Case& one, std::size_t index) {
  return fmt::format("{}#{}", one.name, index + 1);
}

Result<std::vector<Case>> parse_list(std::string_view text, const std::string& document) {
  return json::decode(text, document, [](const Cursor& root) { return ListReader(root).take(); });
}

Result<std::vector<Case>> load_lists(const std::vector<std::string>& paths) {
  std::vector<Case> all;
  std::set<std::string> names;
  for (const auto& path : paths) {
    const auto files = lists_in(path);
    if (!files) return tl::unexpected(files.error());
    for (const auto& file : *files) {
      auto cases = json::decode_file(file.string(),
                                     [](const Cursor& root) { return ListReader(root).take(); });
      if (!cases) return tl::unexpected(cases.error());
      for (auto& one : *cases) {
        if (!names.insert(one.name).second) {
          return failure(file.string(), "the case " + one.name + " is there twice");
        }
        all.push_back(std::move(one));
      }
    }
  }
  return all;
}

std::optional<std::string> bytes_of(const Request& request, const Values& values) {
  if (!request.raw.empty()) return filled(request.raw, values);
  std::string head = request.line + "\r\n";
  for (const auto& field : request.fields) head += field + "\r\n";
  auto bytes = filled(head + "\r\n", values);
  if (!bytes) return std::nullopt;
  if (request.body) {
    const auto body = filled(*request.body, values);
    if (!body) return std::nullopt;
    *bytes += *body;
  }
  for (const auto& one : request.chunks) {
    const auto chunk = filled(one, values);
    if (!chunk) return std::nullopt;
    *bytes += fmt::format("{:x}\r\n{}\r\n", chunk->size(), *chunk);
  }
  if (request.chunked) *bytes += "0\r\n\r\n";
  return bytes;
}

std::string fingerprint(const std::vector<Case>& cases) {
  Digest digest(DigestAlgorithm::sha256);
  for (const auto& one : cases) {
    digest.update(one.name + '\n');
    for (const auto& request : one.requests) digest.update(spelled(request));
  }
  return to_hex(digest.finish()).substr(0, 16);
}

}  // namespace replies
