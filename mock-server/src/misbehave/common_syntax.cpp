#include "misbehave/common_syntax.hpp"

#include <algorithm>
#include <bitset>
#include <utility>
#include <vector>

namespace mock::misbehave {
namespace {

// What \s stands for in Boost; RE2's lacks \v.
constexpr std::string_view spaces = "\\t-\\r ";
// RE2 has no larger counts.
constexpr unsigned most_repeats = 1000;

bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Whether it is a literal behind a backslash in both. \< \> \` \' are assertions in Boost.
bool is_quotable(char c) {
  return is_ascii(c) && c > ' ' && c != '\x7f' && !is_digit(c) && !is_lower(c) && !is_upper(c) &&
         !is_in(c, "<>`'_");
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  return is_lower(c) ? c - 'a' + 10 : c - 'A' + 10;
}

/// RE2 loses a literal byte above 0x7f when alternatives begin with it ("\xe4a|\xe4", release
/// 2022-06-01), so expressions with such bytes are left to Boost.
class Translation {
 public:
  explicit Translation(std::string_view expression) : rest_(expression) {}

  std::optional<std::string> whole() {
    if (rest_.starts_with("(?i)")) {
      fold_ = true;
      take(4);
    }
    while (!rest_.empty()) {
      if (!element()) return std::nullopt;
    }
    return consumes_.size() == 1 ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  /// One character or class, the ends of a range included.
  struct Single {
    unsigned char byte;
    bool written_plainly;  ///< neither \n nor \x0a
  };

  void take(std::size_t n) {
    out_ += rest_.substr(0, n);
    rest_.remove_prefix(n);
  }
  void atom(std::size_t n) {
    take(n);
    repeatable_ = true;
    consumes_.back() = true;
  }
  void no_atom(std::size_t n) {
    take(n);
    repeatable_ = false;
  }
  [[nodiscard]] char second() const { return rest_.size() > 1 ? rest_[1] : '\0'; }

  bool element() {
    const char c = rest_.front();
    switch (c) {
      case '\\':
        return escape();
      case '[':
        return bracket();
      case '(':
        if (second() == '?') {
          if (!rest_.starts_with("(?:")) return false;
          no_atom(3);
        } else {
          no_atom(1);
        }
        consumes_.push_back(false);
        return true;
      case ')':
        return close();
      case '|':
      case '^':
      case '$':
        no_atom(1);
        return true;
      case '*':
      case '+':
      case '?':
        return repeatable_ && repeat(1);
      case '{':
        return repeatable_ && count();
      case '}':
      case ']':
        return false;
      default:
        if (!is_ascii(c)) return false;
        atom(1);
        return true;
    }
  }

  /// Boost does not find "(?:$)+", so a group that takes no character must not be repeated.
  bool close() {
    if (consumes_.size() == 1) return false;
    const bool consumes = consumes_.back();
    consumes_.pop_back();
    take(1);
    repeatable_ = consumes;
    consumes_.back() = consumes_.back() || consumes;
    return true;
  }

  /// A repeat may be lazy. One that is repeated again is possessive in Boost, or wrong.
  bool repeat(std::size_t n) {
    no_atom(n);
    if (rest_.starts_with('?')) take(1);
    return rest_.empty() || !is_in(rest_.front(), "*+?{");
  }

  /// {n}, {n,} or {n,m}.
  bool count() {
    std::size_t at = 1;
    const auto number = [&]() -> std::optional<unsigned> {
      if (at >= rest_.size() || !is_digit(rest_[at])) return std::nullopt;
      unsigned n = 0;
      for (; at < rest_.size() && is_digit(rest_[at]); ++at) {
        n = n * 10 + static_cast<unsigned>(rest_[at] - '0');
        if (n > most_repeats) return std::nullopt;
      }
      return n;
    };
    const auto least = number();
    if (!least || at >= rest_.size()) return false;
    if (rest_[at] == ',') {
      ++at;
      if (at < rest_.size() && rest_[at] != '}') {
        const auto most = number();
        if (!most || *most < *least) return false;
      }
    }
    return at < rest_.size() && rest_[at] == '}' && repeat(at + 1);
  }

  bool escape() {
    const char c = second();
    if (is_in(c, "dDwWnrtf") || is_quotable(c)) {
      atom(2);
    } else if (c == 's' || c == 'S') {
      out_ += c == 's' ? "[" : "[^";
      out_ += spaces;
      out_ += ']';
      rest_.remove_prefix(2);
      atom(0);
    } else if (c == 'b' || c == 'B') {
      no_atom(2);
    } else if (is_hex_byte() && rest_[2] < '8') {
      atom(4);
    } else {
      return false;
    }
    return true;
  }

  [[nodiscard]] bool is_hex_byte() const {
    return !fold_ && rest_.size() >= 4 && rest_[1] == 'x' && is_hex(rest_[2]) && is_hex(rest_[3]);
  }

  bool bracket() {
    take(1);
    const bool negated = rest_.starts_with('^');
    if (negated) take(1);
    listed_.reset();
    for (bool first = true; !rest_.starts_with(']') || first; first = false) {
      if (rest_.empty() || (first && rest_.front() == ']') || !item(first)) return false;
    }
    atom(1);
    // RE2 takes a class of one byte for that literal.
    const auto meant = negated ? ~listed_ : listed_;
    return meant.count() != 1 || (meant >> 0x80).none();
  }

  void list(std::size_t from, std::size_t to) {
    for (auto byte = from; byte <= to; ++byte) listed_.set(byte);
  }
  /// What \d, \w or \s stands for.
  void list_class(char name) {
    if (name == 's') {
      list('\t', '\r');
      list(' ', ' ');
      return;
    }
    list('0', '9');
    if (name == 'd') return;
    list('a', 'z');
    list('A', 'Z');
    list('_', '_');
  }

  /// One item of a bracket expression.
  bool item(bool first) {
    if (rest_.front() == '[' && is_in(second(), ":.=")) return false;
    if (rest_.front() == '-') {
      if (!first && second() != ']') return false;
      take(1);
      list('-', '-');
      return is_no_range();
    }
    if (rest_.front() == '\\' && is_in(second(), "dws")) {
      list_class(second());
      if (second() == 's') {
        out_ += spaces;
        rest_.remove_prefix(2);
      } else {
        take(2);
      }
      return is_no_range();
    }
    const auto from = single();
    if (!from) return false;
    list(from->byte, from->byte);
    if (is_no_range()) return true;
    take(1);
    if (rest_.empty()) return false;
    const auto to = single();
    if (!to || from->byte > to->byte) return false;
    list(from->byte, to->byte);
    return !fold_ || same_kind(*from, *to);
  }

  [[nodiscard]] bool is_no_range() const { return !rest_.starts_with('-') || second() == ']'; }

  std::optional<Single> single() {
    const char c = rest_.front();
    if (c != '\\') {
      if (c == ']' || c == '[' || (fold_ && !is_ascii(c))) return std::nullopt;
      take(1);
      return Single{static_cast<unsigned char>(c), true};
    }
    const char e = second();
    if (is_hex_byte()) {
      const auto byte = hex_value(rest_[2]) * 16 + hex_value(rest_[3]);
      take(4);
      return Single{static_cast<unsigned char>(byte), false};
    }
    constexpr std::string_view letters = "nrtf";
    constexpr std::string_view bytes = "\n\r\t\f";
    if (const auto at = letters.find(e); e != '\0' && at != std::string_view::npos) {
      take(2);
      return Single{static_cast<unsigned char>(bytes[at]), false};
    }
    if (!is_quotable(e)) return std::nullopt;
    take(2);
    return Single{static_cast<unsigned char>(e), true};
  }

  /// Where letter case does not count, Boost folds the ends of a range, and RE2 all that is in it.
  static bool same_kind(const Single& from, const Single& to) {
    const auto both = [&](auto is) {
      return is(static_cast<char>(from.byte)) && is(static_cast<char>(to.byte));
    };
    return from.written_plainly && to.written_plainly &&
           (both(is_lower) || both(is_upper) || both(is_digit));
  }

  std::string_view rest_;
  std::string out_;
  std::vector<bool> consumes_{false};  ///< of each open group: whether something in it does
  std::bitset<256> listed_;            ///< bytes in the bracket expression, before it is negated
  bool fold_ = false;
  bool repeatable_ = false;
};

}  // namespace

std::optional<std::string> common_syntax(std::string_view expression) {
  return Translation{expression}.whole();
}

std::string literal_prefix(std::string_view expression) {
  if (!expression.starts_with('^') || expression.find('|') != std::string_view::npos) return {};
  expression.remove_prefix(1);
  const auto end = std::min(expression.find_first_of("\\.[](){}*+?^$"), expression.size());
  auto literal = expression.substr(0, end);
  // A quantifier may take the last character away again.
  if (end < expression.size() &&
      std::string_view{"*?{"}.find(expression[end]) != std::string::npos && !literal.empty())
    literal.remove_suffix(1);
  return std::string{literal};
}

}  // namespace mock::misbehave
