#include "reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"

namespace replies {
namespace {

using json::Cursor;

constexpr std::size_t long_text = 32768;  ///< longer texts are compared by their digest

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

/// `text` with every match of `pattern` replaced by name(match).
template <class Name>
std::string renamed(const std::string& text, const std::regex& pattern, Name&& name) {
  std::string out;
  auto from = text.cbegin();
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    out.append(from, (*at)[0].first);
    out += name(at->str());
    from = (*at)[0].second;
  }
  return out.append(from, text.cend());
}

std::string escaped(std::string_view raw) {
  if (json::is_utf8(raw)) return std::string(raw);
  std::string out;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

/// A long text, as a page, by its size and digest.
std::string shortened(std::string text) {
  constexpr std::size_t page = 200;
  if (text.size() <= page) return text;
  return fmt::format("(a text of {} bytes, SHA-256 {})", text.size(), sha256_hex(text));
}

/// "upload-offset" -> "Upload-Offset".
std::string capitals(std::string_view name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (begins && c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else if (!begins && c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
    begins = c == '-';
  }
  return out;
}

/// The pairs of Upload-Metadata, sorted, because servers in Go send them in any order. A value in
/// which something was replaced by a name is shown decoded.
template <class Text>
std::string sorted_pairs(std::string_view value, Text&& text) {
  std::vector<std::string> pairs;
  while (true) {
    const auto comma = value.find(',');
    const auto pair = value.substr(0, comma);
    const auto space = std::min(pair.find(' '), pair.size());
    const auto decoded = base64::decode(pair.substr(std::min(space + 1, pair.size())));
    const auto told = decoded ? text(*decoded) : "";
    if (decoded && told != escaped(*decoded)) {
      pairs.push_back(fmt::format("{} = {}", pair.substr(0, space), told));
    } else {
      // The blank before an empty value is lost when the pair is the last one, so trim it always.
      pairs.push_back(text(http::trim_ows(pair)));
    }
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  std::ranges::sort(pairs);
  return fmt::format("{}", fmt::join(pairs, ","));
}

bool is_bodyless(const Seen& seen) {
  const int status = seen.response->status;
  return seen.head_request || status / 100 == 1 || status == 204 || status == 304;
}

/// Adds one aspect for each value in a JSON document.
template <class Text>
void flatten(const nlohmann::json& value, const std::string& path, Text&& text, Reply& out) {
  if (value.is_structured() && !value.empty()) {
    if (value.is_object()) {
      for (const auto& [key, member] : value.items()) {
        flatten(member, path + "/" + key, text, out);
      }
      return;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      flatten(value[i], fmt::format("{}/{}", path, i), text, out);
    }
    return;
  }
  out["body " + path] =
      value.is_string() ? json::dump_string(text(value.get<std::string>())) : json::dump(value);
}

/// Adds one aspect for each "# TYPE name type" of a Prometheus exposition.
void add_families(const std::string& body, Reply& out) {
  constexpr std::string_view begin = "# TYPE ";
  std::size_t at = 0;
  while (at < body.size()) {
    const auto end = std::min(body.find('\n', at), body.size());
    const auto line = std::string_view(body).substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(begin)) continue;
    const auto rest = line.substr(begin.size());
    const auto space = std::min(rest.find(' '), rest.size());
    out["body " + std::string(rest.substr(0, space))] = std::string(rest.substr(space));
  }
}

bool matches(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const auto rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(rest, text.substr(at))) return true;
  }
  return false;
}

}  // namespace

std::string form_of_id(std::string_view id) {
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex hex("[0-9a-f]{32}");
  const std::string text(id);
  if (std::regex_match(text, uuid)) return "UUID";
  if (std::regex_match(text, hex)) return "32 hexadecimal digits";
  return "other";
}

void Normaliser::name(const std::string& value, const std::string& name) {
  if (value.empty()) return;
  named_.emplace_back(value, fmt::format("{{{}}}", name));
  std::ranges::stable_sort(named_, [](const auto& left, const auto& right) {
    return left.first.size() > right.first.size();
  });
}

std::string Normaliser::text(std::string_view raw) {
  static const std::regex made_up(
      "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\\b[0-9a-f]{32}\\b");
  static const std::regex date(
      "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d{2} [A-Z][a-z]{2} \\d{4} \\d{2}:\\d{2}:\\d{2} GMT");
  static const std::regex day("\\b\\d{4}/\\d{2}/\\d{2}\\b");  // in paths of deliveries
  // The number of digits of the fraction varies.
  static const std::regex time("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?");
  static const std::regex lock("\\.lock\\.\\d+");  // files that tusd makes beside an upload
  if (raw.size() > long_text) {
    return fmt::format("({} bytes, SHA-256 {})", raw.size(), sha256_hex(raw));
  }
  auto text = escaped(raw);
  for (const auto& [value, name] : named_) replace_all(text, value, name);
  replace_all(text, authority_, "{host}");
  text = renamed(text, made_up, [this](const std::string& value) {
    const auto number = made_up_.size() + 1;
    return made_up_.emplace(value, fmt::format("{{uuid{}}}", number)).first->second;
  });
  text = renamed(text, date, [](const auto&) { return "{date}"; });
  text = renamed(text, lock, [](const auto&) { return ".lock.{number}"; });
  text = renamed(text, day, [](const auto&) { return "{day}"; });
  return renamed(text, time, [](const auto&) { return "{time}"; });
}

Reply Normaliser::reply(const Seen& seen, Request::Body compared) {
  Reply out;
  std::string interims;
  for (const int status : seen.interims) interims += fmt::format("{} ", status);
  if (!interims.empty()) out["interim"] = interims.substr(0, interims.size() - 1);
  if (!seen.response) {
    out["status"] = "none: " + seen.ended;
    return out;
  }
  out["status"] = fmt::format("{} {}", seen.response->status, seen.response->reason);
  out["version"] = seen.response->version;
  add_fields(seen, out);
  add_body(seen, compared, out);
  out["afterwards"] = seen.afterwards;
  return out;
}

void Normaliser::add_fields(const Seen& seen, Reply& out) {
  const auto& response = *seen.response;
  std::map<std::string, std::vector<std::string>> fields;
  for (const auto& field : response.headers) {
    const auto name = capitals(field.name);
    const auto told = [this](std::string_view raw) { return text(raw); };
    auto value = name == "Upload-Metadata" ? sorted_pairs(field.value, told) : text(field.value);
    // The size of a body with a time in it varies, also in the reply to HEAD.
    const bool right =
        seen.whole && !is_bodyless(seen) && value == std::to_string(response.body_size.value);
    const bool of_json =
        seen.head_request && response.headers.find("Content-Type") == "application/json";
    if (name == "Content-Length" && (right || of_json)) value = "{size}";
    fields[name].push_back(std::move(value));
  }
  for (auto& [name, values] : fields) {
    std::ranges::sort(values);
    auto& all = out[name];
    for (const auto& value : values) all += (&value == values.data() ? "" : " and again ") + value;
  }
}

void Normaliser::add_body(const Seen& seen, Request::Body compared, Reply& out) {
  const auto& response = *seen.response;
  if (!seen.whole) {
    out["body"] = fmt::format("cut off after {} bytes: {}", response.body_size.value, seen.ended);
    return;
  }
  if (response.body.empty()) return;
  if (compared == Request::Body::families) return add_families(response.body, out);
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (json.is_structured()) {
    flatten(
        json, "", [this](const std::string& value) { return text(value); }, out);
    if (response.body.back() == '\n') out["body"] = "JSON and a line feed";
    return;
  }
  out["body"] = shortened(text(response.body));
}

std::vector<Difference> differences(const Reply& a, const Reply& b) {
  std::set<std::string> aspects;
  for (const auto& [aspect, value] : a) aspects.insert(aspect);
  for (const auto& [aspect, value] : b) aspects.insert(aspect);
  std::vector<Difference> all;
  for (const auto& aspect : aspects) {
    const auto left = a.find(aspect);
    const auto right = b.find(aspect);
    Difference one{aspect, std::nullopt, std::nullopt};
    if (left != a.end()) one.a = left->second;
    if (right != b.end()) one.b = right->second;
    if (one.a != one.b) all.push_back(std::move(one));
  }
  return all;
}

Result<Known> Known::load(const std::string& file) {
  auto text = json::detail::read_file(file);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, file);
}

Result<Known> Known::parse(std::string_view text, const std::string& document) {
  return json::decode(text, document, [](const Cursor& root) {
    Known known;
    for (const auto& item : root.at("not_reproduced").items()) {
      if (!item.find("requests")) continue;
      item.only({"requests", "in", "reason"});
      Entry entry;
      entry.where = item.path();
      entry.reason = item.at("reason").string();
      if (entry.reason.empty()) item.at("reason").fail("must not be empty");
      for (const auto& one : item.at("requests").items()) {
        entry.requests.push_back({one.string(), false});
      }
      for (const auto& one : item.at("in").items()) entry.aspects.push_back({one.string(), false});
      known.entries_.push_back(std::move(entry));
    }
    return known;
  });
}

const std::string* Known::reason(const std::string& request, const std::string& aspect) {
  const std::string* found = nullptr;
  for (auto& entry : entries_) {
    for (auto& of : entry.requests) {
      if (!matches(of.text, request)) continue;
      for (auto& in : entry.aspects) {
        if (!matches(in.text, aspect)) continue;
        of.needed = in.needed = true;
        if (found == nullptr) found = &entry.reason;
      }
    }
  }
  return found;
}

std::vector<std::string> Known::stale() const {
  std::vector<std::string> lines;
  for (const auto& entry : entries_) {
    for (const auto& [what, patterns] :
         {std::pair("requests", &entry.requests), std::pair("in", &entry.aspects)}) {
      for (const auto& pattern : *patterns) {
        if (pattern.needed) continue;
        lines.push_back(fmt::format("{}.{}: {} differs nowhere ({})", entry.where, what,
                                    pattern.text, entry.reason));
      }
    }
  }
  return lines;
}

}  // namespace replies
