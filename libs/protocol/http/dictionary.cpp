#include "protocol/http/dictionary.hpp"

#include <algorithm>
#include <charconv>

namespace http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alpha(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

/// Reads from the front; every function is false where the text is malformed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void spaces() {
    while (take(' ')) continue;
  }
  void spaces_and_tabs() {
    while (take(' ') || take('\t')) continue;
  }

  /// Section 4.2.3.3.
  bool key(std::string& into) {
    if (rest_.empty() || !(is_lower(rest_.front()) || rest_.front() == '*')) return false;
    into = run_of([](char c) {
      return is_lower(c) || is_digit(c) || std::string_view{"_-.*"}.find(c) != std::string::npos;
    });
    return true;
  }

  /// Section 4.2.1.1: an item or an inner list, without what its parameters say.
  bool member(DictionaryMember& into) {
    const auto before = rest_;
    const bool list = take('(');
    if (!(list ? inner_list() : item(&into.integer))) return false;
    into.value = before.substr(0, before.size() - rest_.size());
    return parameters();
  }

  /// Section 4.2.3.2.
  bool parameters() {
    std::string name;
    while (take(';')) {
      spaces();
      if (!key(name)) return false;
      if (take('=') && !item(nullptr)) return false;
    }
    return true;
  }

 private:
  template <class Belongs>
  std::string_view run_of(Belongs belongs) {
    const auto* const end = std::ranges::find_if_not(rest_, belongs);
    const auto run = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(run.size());
    return run;
  }

  /// Section 4.2.1.2, after its parenthesis.
  bool inner_list() {
    while (true) {
      spaces();
      if (take(')')) return true;
      if (!item(nullptr) || !parameters()) return false;
      if (!rest_.empty() && rest_.front() != ' ' && rest_.front() != ')') return false;
      if (rest_.empty()) return false;
    }
  }

  /// Section 4.2.3.1, without its parameters.
  bool item(std::optional<std::int64_t>* integer) {
    if (rest_.empty()) return false;
    const char first = rest_.front();
    if (first == '-' || is_digit(first)) return number(integer);
    if (take('"')) return string();
    if (take(':')) return bytes();
    if (take('?')) return take('0') || take('1');
    if (take('@')) {
      std::optional<std::int64_t> date;
      return number(&date) && date;
    }
    if (take('%')) return take('"') && display_string();
    if (first != '*' && !is_alpha(first)) return false;
    run_of([](char c) {
      return is_alpha(c) || is_digit(c) ||
             std::string_view{"!#$%&'*+-.^_`|~:/"}.find(c) != std::string_view::npos;
    });
    return true;
  }

  /// Section 4.2.4: at most fifteen digits, or twelve before a point and three after it.
  bool number(std::optional<std::int64_t>* integer) {
    const bool negative = take('-');
    const auto whole = run_of(is_digit);
    if (whole.empty()) return false;
    if (take('.')) {
      const auto fraction = run_of(is_digit);
      return whole.size() <= 12 && !fraction.empty() && fraction.size() <= 3;
    }
    if (whole.size() > 15) return false;
    if (integer != nullptr) {
      std::int64_t value = 0;
      std::from_chars(whole.data(), whole.data() + whole.size(), value);
      *integer = negative ? -value : value;
    }
    return true;
  }

  bool string() {
    while (!rest_.empty()) {
      if (take('"')) return true;
      if (take('\\')) {
        if (!take('"') && !take('\\')) return false;
        continue;
      }
      if (!is_printable(rest_.front())) return false;
      rest_.remove_prefix(1);
    }
    return false;
  }

  /// Does not check that the escapes make UTF-8.
  bool display_string() {
    const auto hex = [this] {
      if (rest_.empty()) return false;
      const char c = rest_.front();
      rest_.remove_prefix(1);
      return is_digit(c) || (c >= 'a' && c <= 'f');
    };
    while (!rest_.empty()) {
      if (take('"')) return true;
      if (take('%')) {
        if (!hex() || !hex()) return false;
        continue;
      }
      if (!is_printable(rest_.front())) return false;
      rest_.remove_prefix(1);
    }
    return false;
  }

  bool bytes() {
    run_of([](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '='; });
    return take(':');
  }

  std::string_view rest_;
};

}  // namespace

Result<std::vector<DictionaryMember>> parse_dictionary(std::string_view text) {
  const auto malformed = [&](const std::string& what) {
    return failure("", quote(text) + " is no Dictionary of RFC 9651: " + what);
  };
  std::vector<DictionaryMember> members;
  Reader reader(text);
  reader.spaces();
  while (!reader.at_end()) {
    DictionaryMember one;
    if (!reader.key(one.key)) return malformed("a key is expected");
    if (reader.take('=')) {
      if (!reader.member(one)) return malformed("the value of " + one.key + " is malformed");
    } else {
      one.value = "?1";
      if (!reader.parameters()) return malformed("the parameters of " + one.key + " are malformed");
    }
    const auto before = std::ranges::find(members, one.key, &DictionaryMember::key);
    if (before == members.end()) {
      members.push_back(std::move(one));
    } else {
      *before = std::move(one);
    }
    reader.spaces_and_tabs();
    if (reader.at_end()) break;
    if (!reader.take(',')) return malformed("a comma is expected behind " + members.back().key);
    reader.spaces_and_tabs();
    if (reader.at_end()) return malformed("it ends with a comma");
  }
  return members;
}

}  // namespace http
