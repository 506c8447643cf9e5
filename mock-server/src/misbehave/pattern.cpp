#include "misbehave/pattern.hpp"

// Not std::regex, which recurses once per character: a 64 KB header would end the process.
#include <re2/re2.h>

#include <algorithm>
#include <boost/regex.hpp>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

#include "misbehave/common_syntax.hpp"
#include "protocol/units.hpp"

namespace mock::misbehave {

namespace {

// RE2 takes at most one step for each instruction and character, and hardly ever more than one for
// each character. Texts that could take more steps than this go to Boost, which counts its work.
constexpr std::size_t most_steps = 5'000'000;
// For RE2's form of one expression, once its automaton has grown; most take a few KiB.
constexpr std::int64_t most_memory = 128LL << 10U;
constexpr std::uint64_t most_repeats = 1'000'000;

std::unique_ptr<const re2::RE2> linear_engine(std::string_view expression) {
  const auto text = common_syntax(expression);
  if (!text) return nullptr;
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  options.set_never_capture(true);
  options.set_log_errors(false);
  options.set_max_mem(most_memory);
  auto engine = std::make_unique<const re2::RE2>(*text, options);
  return engine->ok() ? std::move(engine) : nullptr;
}

/// The largest product of nested repeat counts: how often one thing may be repeated.
std::uint64_t nested_counts(std::string_view expression) {
  const auto limit = [](std::uint64_t n) { return std::min(n, most_repeats + 1); };
  std::vector<std::uint64_t> outer;  // for each open group: the most before it, at its level
  std::uint64_t in_group = 1;
  std::uint64_t last = 1;  // of what a count would repeat
  std::uint64_t most = 1;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const char c = expression[at];
    if (c == '{') {
      std::uint64_t count = 0;
      std::uint64_t larger = 1;
      for (auto next = at + 1; next < expression.size() && expression[next] != '}'; ++next) {
        const char one = expression[next];
        count =
            one < '0' || one > '9' ? 0 : limit(count * 10 + static_cast<std::uint64_t>(one - '0'));
        larger = std::max(larger, count);
      }
      last = limit(last * larger);
    } else if (c == '(') {
      outer.push_back(std::exchange(in_group, 1));
      last = 1;
    } else if (c == ')' && !outer.empty()) {
      last = in_group;
      in_group = std::max(in_group, outer.back());
      outer.pop_back();
    } else if (c != '}' && c != ',' && (c < '0' || c > '9')) {
      if (c == '\\') ++at;
      last = 1;
    }
    in_group = std::max(in_group, last);
    most = std::max(most, last);
  }
  return most;
}

struct WorkUsedUp : std::runtime_error {
  WorkUsedUp() : std::runtime_error("the expression takes too long") {}
};

/// Stands in for a pointer into the text, and counts what the engine does with it.
class Watched {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Watched() = default;
  Watched(const char* at, PatternWork& work) : at_(at), work_(&work) {}
  // Counted as well: each state that the engine may return to holds copies.
  Watched(const Watched& other) : at_(other.at_), work_(other.work_) { spend(); }
  Watched& operator=(const Watched& other) = default;
  ~Watched() = default;

  reference operator*() const {
    spend();
    return *at_;
  }
  pointer operator->() const { return at_; }
  reference operator[](difference_type n) const { return *(*this + n); }
  Watched& operator++() {
    ++at_;
    return *this;
  }
  Watched& operator--() {
    --at_;
    return *this;
  }
  Watched operator++(int) {
    auto before = *this;
    ++at_;
    return before;
  }
  Watched operator--(int) {
    auto before = *this;
    --at_;
    return before;
  }
  Watched& operator+=(difference_type n) {
    at_ += n;
    return *this;
  }
  Watched& operator-=(difference_type n) {
    at_ -= n;
    return *this;
  }
  friend Watched operator+(Watched a, difference_type n) { return a += n; }
  [[maybe_unused]] friend Watched operator+(difference_type n, Watched a) { return a += n; }
  [[maybe_unused]] friend Watched operator-(Watched a, difference_type n) { return a -= n; }
  friend difference_type operator-(const Watched& a, const Watched& b) { return a.at_ - b.at_; }
  // Counted as well: at the end of a text the engine only compares positions.
  friend bool operator==(const Watched& a, const Watched& b) {
    a.spend();
    return a.at_ == b.at_;
  }
  friend bool operator!=(const Watched& a, const Watched& b) { return !(a == b); }
  friend bool operator<(const Watched& a, const Watched& b) { return a.at_ < b.at_; }
  [[maybe_unused]] friend bool operator>(const Watched& a, const Watched& b) { return b < a; }
  [[maybe_unused]] friend bool operator<=(const Watched& a, const Watched& b) { return !(b < a); }
  [[maybe_unused]] friend bool operator>=(const Watched& a, const Watched& b) { return !(a < b); }

 private:
  void spend() const {
    if (work_ == nullptr) return;
    if (work_->left == 0) throw WorkUsedUp{};
    --work_->left;
  }

  const char* at_ = nullptr;
  PatternWork* work_ = nullptr;
};

/// Writes a replaced text, which may be a great deal longer than the one before.
class Written {
 public:
  using iterator_category = std::output_iterator_tag;
  using value_type = void;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = void;

  Written(std::string& into, PatternWork& work) : into_(&into), work_(&work) {}
  Written& operator=(char c) {
    if (work_->left == 0) throw WorkUsedUp{};
    --work_->left;
    into_->push_back(c);
    return *this;
  }
  Written& operator*() { return *this; }
  Written& operator++() { return *this; }
  Written operator++(int) { return *this; }

 private:
  std::string* into_;
  PatternWork* work_;
};

}  // namespace

struct Pattern::Compiled {
  std::string expression;
  std::string prefix;  ///< rules most texts out cheaply
  boost::regex regex;
  std::unique_ptr<const re2::RE2> linear;  ///< nullptr: it is not in the common syntax
};

Result<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > longest)
    return failure({}, "the regular expression is longer than " + to_string(Bytes{longest}));
  if (nested_counts(expression) > most_repeats)
    return failure({}, "'" + std::string{expression} +
                           "' counts to more than a million: no text is that long");
  try {
    auto compiled = std::make_shared<Compiled>();
    compiled->expression = std::string{expression};
    compiled->prefix = literal_prefix(expression);
    compiled->regex.assign(compiled->expression, boost::regex::perl);
    compiled->linear = linear_engine(expression);
    return Pattern{std::move(compiled)};
  } catch (const std::runtime_error& e) {
    return failure({},
                   "'" + std::string{expression} + "' is not a regular expression: " + e.what());
  }
}

Pattern::Found Pattern::found_in(std::string_view text, PatternWork& work) const {
  if (!text.starts_with(compiled_->prefix)) return Found::no;
  const auto* const linear = compiled_->linear.get();
  if (linear != nullptr &&
      static_cast<std::size_t>(linear->ProgramSize()) * (text.size() + 1) <= most_steps) {
    return linear->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0) ? Found::yes
                                                                                 : Found::no;
  }
  try {
    const Watched begin{text.data(), work};
    return boost::regex_search(begin, begin + static_cast<std::ptrdiff_t>(text.size()),
                               compiled_->regex, boost::match_default | boost::match_single_line)
               ? Found::yes
               : Found::no;
  } catch (const std::runtime_error&) {  // used up, or it needs too much memory
    return Found::gave_up;
  }
}

std::optional<std::string> Pattern::replace(std::string_view text, const std::string& with,
                                            PatternWork& work) const {
  try {
    std::string replaced;
    const Watched begin{text.data(), work};
    boost::regex_replace(Written{replaced, work}, begin,
                         begin + static_cast<std::ptrdiff_t>(text.size()), compiled_->regex, with,
                         boost::format_perl);
    return replaced;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

const std::string& Pattern::expression() const { return compiled_->expression; }
bool Pattern::linear() const { return compiled_->linear != nullptr; }

}  // namespace mock::misbehave
