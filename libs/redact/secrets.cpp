#include "redact/secrets.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "protocol/base64.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/http/form.hpp"
#include "redact/field_names.hpp"

namespace redact {
namespace {

constexpr std::string_view stars = "***";
/// A hostile token endpoint must not fill the memory, nor make each report take hours.
constexpr std::size_t most_values = 20'000;
/// Of a longer value only the beginning is kept; in a text, what follows it is masked too.
constexpr std::size_t most_bytes = 4096;

struct Needle {
  std::string text;
  std::string keeps;    ///< what a text keeps of it, in front of the stars
  bool base64 = false;  ///< '-' and '_' stand for '+' and '/'
  bool cut = false;     ///< the value is longer than `text`
};

/// What an escape at the beginning of a text stands for.
struct Escape {
  std::array<char, 4> bytes{};
  std::size_t count = 0;  ///< of `bytes`; 0: there is no escape
  std::size_t size = 0;   ///< of the escape in the text
  [[nodiscard]] std::string_view meaning() const { return {bytes.data(), count}; }
};

std::optional<unsigned> hex(std::string_view text, std::size_t from, std::size_t digits) {
  if (text.size() < from + digits) return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(from, digits)) {
    const bool decimal = c >= '0' && c <= '9';
    const char low = static_cast<char>(c | 0x20);
    if (!decimal && (low < 'a' || low > 'f')) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(decimal ? c - '0' : low - 'a' + 10);
  }
  return value;
}

Escape one_byte(unsigned value, std::size_t size) {
  Escape escape;
  escape.bytes[0] = static_cast<char>(value);
  escape.count = 1;
  escape.size = size;
  return escape;
}

/// A character below U+10000 as UTF-8.
Escape character(unsigned code, std::size_t size) {
  if (code < 0x80) return one_byte(code, size);
  Escape escape;
  escape.size = size;
  if (code < 0x800) {
    escape.bytes = {static_cast<char>(0xc0U | (code >> 6U)),
                    static_cast<char>(0x80U | (code & 63U))};
    escape.count = 2;
  } else {
    escape.bytes = {static_cast<char>(0xe0U | (code >> 12U)),
                    static_cast<char>(0x80U | ((code >> 6U) & 63U)),
                    static_cast<char>(0x80U | (code & 63U))};
    escape.count = 3;
  }
  return escape;
}

/// "%2F".
Escape percent(std::string_view text) {
  if (const auto value = hex(text, 1, 2)) return one_byte(*value, 3);
  return {};
}

/// "%252F": percent-encoded twice.
Escape percent_twice(std::string_view text) {
  if (!text.starts_with("%25")) return {};
  if (const auto value = hex(text, 3, 2)) return one_byte(*value, 5);
  return {};
}

/// An escape of JSON (RFC 8259 section 7), or "\x1b" as `printable` writes it.
Escape backslash(std::string_view text) {
  if (text.size() < 2) return {};
  switch (text[1]) {
    case 'x':
      if (const auto value = hex(text, 2, 2)) return one_byte(*value, 4);
      return {};
    case 'u':
      if (const auto value = hex(text, 2, 4)) return character(*value, 6);
      return {};
    case 'n':
      return one_byte('\n', 2);
    case 'r':
      return one_byte('\r', 2);
    case 't':
      return one_byte('\t', 2);
    case '"':
    case '\'':
    case '\\':
    case '/':
      return one_byte(static_cast<unsigned char>(text[1]), 2);
    default:
      return {};
  }
}

/// An entity of XML or HTML.
Escape entity(std::string_view text) {
  for (const auto& [name, byte] : {std::pair<std::string_view, char>{"&amp;", '&'},
                                   {"&lt;", '<'},
                                   {"&gt;", '>'},
                                   {"&quot;", '"'},
                                   {"&apos;", '\''},
                                   {"&#34;", '"'},
                                   {"&#39;", '\''},
                                   {"&#x27;", '\''}}) {
    if (text.starts_with(name)) return one_byte(static_cast<unsigned char>(byte), name.size());
  }
  return {};
}

Escape escape_at(std::string_view text) {
  switch (text.front()) {
    case '%':
      return percent(text);
    case '\\':
      return backslash(text);
    case '&':
      return entity(text);
    case '+':
      return one_byte(' ', 1);
    default:
      return {};
  }
}

char plain_alphabet(char c) { return c == '-' ? '+' : c == '_' ? '/' : c; }

/// Whether an excerpt of a value ends before `rest`, as in messages that cut a value short.
bool breaks_off(std::string_view rest) {
  return rest.empty() || rest.front() == '"' || rest.front() == '\'' || rest.front() == '\n' ||
         rest.starts_with("...");
}

/// How many bytes at the beginning of `text` are the needle; 0: none.
std::size_t match(const Needle& needle, std::string_view text) {
  if (text.starts_with(needle.text)) return needle.text.size();
  const std::string_view wanted = needle.text;
  std::size_t at = 0;
  std::size_t found = 0;
  while (found < wanted.size() && at < text.size()) {
    const std::string_view rest = text.substr(at);
    Escape escape = percent_twice(rest);
    const auto fits = [&] {
      return escape.count > 0 && wanted.substr(found).starts_with(escape.meaning());
    };
    if (!fits()) escape = escape_at(rest);
    if (fits()) {
      at += escape.size;
      found += escape.count;
    } else if (text[at] == wanted[found] ||
               (needle.base64 && plain_alphabet(text[at]) == wanted[found])) {
      ++at;
      ++found;
    } else {
      break;
    }
  }
  if (found == wanted.size()) return at;
  return found >= Secrets::least_bytes && breaks_off(text.substr(at)) ? at : 0;
}

/// Needles are told apart by this many bytes at their beginning.
constexpr std::size_t beginning = Secrets::least_bytes;
static_assert(beginning == sizeof(std::uint64_t));

std::uint64_t key_of(std::string_view text) {
  std::uint64_t key = 0;
  for (const char c : text.substr(0, beginning)) key = (key << 8U) | static_cast<unsigned char>(c);
  return key;
}

/// 16 bits that differ for most keys.
std::size_t hash(std::uint64_t key) { return (key * 0x9e3779b97f4a7c15U) >> 48U; }

/// The first bytes of `text` with escapes undone. `twice`: two layers of percent-encoding are
/// undone. `form`: '+' is a space.
std::string unescaped(std::string_view text, bool twice, bool form) {
  std::string out;
  while (out.size() < beginning && !text.empty()) {
    Escape escape;
    if (twice) escape = percent_twice(text);
    if (escape.count == 0 && (form || text.front() != '+')) escape = escape_at(text);
    if (escape.count == 0) escape = one_byte(static_cast<unsigned char>(text.front()), 1);
    out += escape.meaning();
    text.remove_prefix(escape.size);
  }
  return out;
}

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The Base64 of anything that holds `value` holds one of these: which one depends on where in a
/// group of three bytes the value begins (RFC 4648 section 4). Characters that also hold bits of
/// neighbours are left out.
std::vector<std::string> base64_cores(std::string_view value) {
  std::vector<std::string> cores;
  for (std::size_t before = 0; before < 3; ++before) {
    std::string text = base64::encode(std::string(before, '\0') + std::string(value));
    const std::size_t bits = (before + value.size()) * 8;
    text.resize(bits / 6);
    text.erase(0, before == 0 ? 0 : before + 1);
    cores.push_back(std::move(text));
  }
  return cores;
}

/// Passes on the values of the "name=value" parts of a Cookie or a query.
template <class Each>
void each_part(std::string_view text, std::string_view separators, Each&& each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view part = http::trim_ows(text.substr(0, end));
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) each(part.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The value of the member, of JSON or of a form, whose name ends where `text` begins; empty if the
/// name is only a word in a sentence.
std::string_view token_behind_name(std::string_view text) {
  const auto skip = [&text](std::string_view characters) {
    const std::size_t end = std::min(text.find_first_not_of(characters), text.size());
    const std::string_view skipped = text.substr(0, end);
    text.remove_prefix(end);
    return skipped;
  };
  const bool form = text.starts_with('=');
  if (form) {
    text.remove_prefix(1);
  } else {
    if (skip("\"'\\").empty()) return {};
    skip(" \t\r\n");
    if (skip(":").size() != 1) return {};
    skip(" \t\r\n");
    if (skip("\"'\\").empty()) return {};
  }
  return text.substr(0, text.find_first_of(form ? "& \t\r\n\"'" : "\"'\\\r\n"));
}

/// Where the parts of a URL that may be secret lie.
struct UrlParts {
  std::size_t user_begin = 0, user_end = 0;  ///< without the '@'; empty: none
  std::size_t query_begin = 0;               ///< after the '?'; the size of the text: none
  std::size_t query_end = 0;
};

UrlParts parts_of(std::string_view url) {
  UrlParts parts;
  const std::size_t scheme = url.find("://");
  const std::size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::size_t path = std::min(url.find_first_of("/?#", authority), url.size());
  // A password that nobody encoded may hold any of "/?#". It is a password if what follows the ':'
  // is no port.
  const std::string_view named = url.substr(authority, path - authority);
  if (const std::size_t colon = named.find(':');
      colon != std::string_view::npos && named.front() != '[' &&
      named.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) {
    path = url.size();
  }
  const std::size_t at = url.substr(authority, path - authority).rfind('@');
  if (at != std::string_view::npos) {
    parts.user_begin = authority;
    parts.user_end = authority + at;
  }
  parts.query_begin = std::min(url.find('?', std::max(authority, parts.user_end)), url.size());
  if (parts.query_begin < url.size()) ++parts.query_begin;
  parts.query_end = std::min(url.find('#', parts.query_begin), url.size());
  return parts;
}

}  // namespace

struct Secrets::State {
  mutable std::shared_mutex mutex;
  std::set<std::string, std::less<>> known;
  std::vector<Needle> needles;
  /// Indices of needles by their beginning, and which beginnings there are, by their hash.
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_beginning;
  std::bitset<1U << 16U> beginnings;
  std::vector<std::uint32_t> shorter;  ///< than `beginning`

  void keep(Needle needle) {
    if (needle.text.size() < beginning) {
      shorter.push_back(static_cast<std::uint32_t>(needles.size()));
      needles.push_back(std::move(needle));
      return;
    }
    const std::uint64_t key = key_of(needle.text);
    beginnings.set(hash(key));
    by_beginning[key].push_back(static_cast<std::uint32_t>(needles.size()));
    needles.push_back(std::move(needle));
  }

  void add(std::string_view value, std::string_view keeps = {}) {
    const bool cut = value.size() > most_bytes;
    value = value.substr(0, most_bytes);
    {
      const std::shared_lock lock(mutex);
      if (known.contains(value)) return;
    }
    const std::lock_guard lock(mutex);
    if (known.size() >= most_values || !known.emplace(value).second) return;
    keep({std::string(value), std::string(keeps), false, cut});
    if (!keeps.empty()) return;
    for (std::string& core : base64_cores(value)) keep({std::move(core), {}, true, cut});
  }

  /// The first place from `at` on where a needle may begin, judged by a few bytes; the end of
  /// `text` if there is none.
  [[nodiscard]] std::size_t candidate(std::string_view text, std::size_t at) const {
    if (!shorter.empty()) return at;
    std::uint64_t key = 0;
    std::uint64_t plain_key = 0;
    std::size_t escaped = 0;  // what begins before it holds an escape
    for (std::size_t end = at; end < text.size(); ++end) {
      const char c = text[end];
      key = (key << 8U) | static_cast<unsigned char>(c);
      plain_key = (plain_key << 8U) | static_cast<unsigned char>(plain_alphabet(c));
      if (c == '%' || c == '\\' || c == '&' || c == '+') escaped = end + 1;
      if (end < at + beginning - 1) continue;
      const std::size_t begin = end + 1 - beginning;
      if (escaped > begin || beginnings.test(hash(key)) || beginnings.test(hash(plain_key))) {
        return begin;
      }
    }
    return text.size();
  }

  /// The needle that a text begins with, and how much of the text it is.
  struct Found {
    std::size_t size = 0;
    const Needle* needle = nullptr;
  };
  /// The longest match at the beginning of `text`.
  [[nodiscard]] Found find(std::string_view text) const {
    Found found;
    look(shorter, text, found);
    if (text.size() < beginning) return found;
    look(key_of(text), text, found);
    const std::string_view window = text.substr(0, beginning);
    if (window.find_first_of("-_") != std::string_view::npos) {
      std::string plain(window);
      std::transform(plain.begin(), plain.end(), plain.begin(), plain_alphabet);
      look(key_of(plain), text, found);
    }
    if (window.find_first_of("%\\&+") != std::string_view::npos) {
      for (const bool twice : {false, true}) {
        for (const bool form : {false, true}) {
          const std::string plain = unescaped(text, twice, form);
          if (plain.size() >= beginning) look(key_of(plain), text, found);
        }
      }
    }
    return found;
  }

 private:
  void look(std::uint64_t key, std::string_view text, Found& found) const {
    if (!beginnings.test(hash(key))) return;
    const auto list = by_beginning.find(key);
    if (list != by_beginning.end()) look(list->second, text, found);
  }
  void look(const std::vector<std::uint32_t>& list, std::string_view text, Found& found) const {
    for (const std::uint32_t i : list) {
      const std::size_t size = match(needles[i], text);
      if (size > found.size) found = {size, &needles[i]};
    }
  }
};

Secrets::Secrets() : state_(std::make_shared<State>()) {}

void Secrets::add(std::string_view value) {
  if (value.size() >= least_bytes) state_->add(value);
}

void Secrets::add_field(std::string_view name, std::string_view value) {
  if (value.empty() || is_harmless_field(name)) return;
  if (value.size() < least_bytes) {
    const std::string before = std::string(name) + ": ";
    state_->add(before + std::string(value), before);
    return;
  }
  add(value);
  if (is_credential_field(name)) {
    each_part(value, ";,", [this](std::string_view part) { add(part); });
  }
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view credentials = http::trim_ows(value.substr(space + 1));
  add(credentials);
  if (!http::same_name(value.substr(0, space), "Basic")) return;
  const auto pair = base64::decode(credentials, base64::TrailingBits::ignored);
  if (!pair) return;
  add(*pair);
  add(std::string_view(*pair).substr(std::min(pair->find(':') + 1, pair->size())));
}

void Secrets::add_parameter(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (value.size() >= least_bytes) return add(value);
  const std::string before = std::string(name) + "=";
  state_->add(before + std::string(value), before);
}

void Secrets::add_url(std::string_view url) {
  const UrlParts parts = parts_of(url);
  const auto both = [this](std::string_view text) {
    add(text);
    if (const auto decoded = http::percent_decode(text)) add(*decoded);
  };
  const std::string_view user = url.substr(parts.user_begin, parts.user_end - parts.user_begin);
  both(user);
  if (const std::size_t colon = user.find(':'); colon != std::string_view::npos) {
    both(user.substr(colon + 1));
  }
  each_part(url.substr(parts.query_begin, parts.query_end - parts.query_begin), "&;", both);
}

void Secrets::learn_tokens(std::string_view document) {
  for (const std::string_view name : {"access_token", "refresh_token", "id_token"}) {
    std::size_t at = document.find(name);
    for (; at != std::string_view::npos; at = document.find(name, at)) {
      at += name.size();
      add(token_behind_name(document.substr(at)));
    }
  }
}

void Secrets::learn_cookie(std::string_view set_cookie) {
  each_part(set_cookie.substr(0, set_cookie.find(';')), ";",
            [this](std::string_view value) { add(value); });
}

std::string Secrets::mask(std::string_view text) const {
  const std::shared_lock lock(state_->mutex);
  if (state_->needles.empty()) return std::string(text);
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t next = state_->candidate(text, at);
    out += text.substr(at, next - at);
    at = next;
    if (at == text.size()) break;
    const auto [longest, best] = state_->find(text.substr(at));
    if (best == nullptr) {
      out += text[at++];
      continue;
    }
    at += longest;
    if (best->base64) {
      // The core leaves out the characters that share bits with neighbours: mask these too.
      while (!out.empty() && (alphanumeric(out.back()) || out.back() == '+')) out.pop_back();
      while (at < text.size() && (alphanumeric(text[at]) || text[at] == '+' || text[at] == '=')) {
        ++at;
      }
    } else if (best->cut) {
      at = std::min(text.find_first_of("\"'\\ \t\r\n&,;<>", at), text.size());
    }
    out += best->keeps;
    out += stars;
  }
  return out;
}

std::string shown_url(std::string_view url) {
  const UrlParts parts = parts_of(url);
  std::string out(url.substr(0, parts.user_begin));
  if (parts.user_end > parts.user_begin) out += stars;
  out += url.substr(parts.user_end, parts.query_begin - parts.user_end);
  std::string_view query = url.substr(parts.query_begin, parts.query_end - parts.query_begin);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      out += stars;
    } else {
      out += part.substr(0, equals + 1);
      if (equals + 1 < part.size()) out += stars;
    }
    if (end < query.size()) out += '&';
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out += url.substr(parts.query_end);
}

}  // namespace redact
