#include "testkit/exposition.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace testkit {
namespace {

using Labels = std::map<std::string, std::string>;

struct Wrong {
  std::string what;
};

bool is_name(std::string_view name, bool colons) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  for (const char c : name) {
    const bool fits =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (colons && c == ':');
    if (!fits) return false;
  }
  return true;
}

double number(const std::string& text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text.empty() || std::isspace(static_cast<unsigned char>(text[0])) != 0) {
    throw Wrong{"expected a number"};
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !std::isfinite(value)) throw Wrong{"'" + text + "' is no number"};
  return value;
}

/// Takes {a="x",b="y"} off the front; values stay escaped.
Labels take_labels(std::string_view& rest) {
  Labels labels;
  if (!rest.starts_with('{')) return labels;
  rest.remove_prefix(1);
  while (!rest.starts_with('}')) {
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) throw Wrong{"a label without a value"};
    const std::string name(rest.substr(0, equals));
    if (!is_name(name, false)) throw Wrong{"'" + name + "' is no label"};
    rest.remove_prefix(equals + 2);
    std::string value;
    while (!rest.starts_with('"')) {
      if (rest.empty()) throw Wrong{"a label value that does not end"};
      if (rest[0] == '\\') {
        if (rest.size() < 2 || (rest[1] != '\\' && rest[1] != '"' && rest[1] != 'n')) {
          throw Wrong{"a bad escape"};
        }
        value += rest[0];
        rest.remove_prefix(1);
      }
      value += rest[0];
      rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
    if (!labels.emplace(name, value).second) throw Wrong{"the label '" + name + "' comes twice"};
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
    } else if (!rest.starts_with('}')) {
      throw Wrong{"expected ',' or '}'"};
    }
  }
  rest.remove_prefix(1);
  return labels;
}

std::string series(const std::string& name, const Labels& labels) {
  std::string text = name;
  for (const auto& [key, value] : labels) {
    text.append(text == name ? "{" : ",").append(key).append("=\"").append(value) += '"';
  }
  return labels.empty() ? text : text + "}";
}

class Parser {
 public:
  std::map<std::string, MetricFamily> families;

  void line(std::string_view text) {
    if (text.starts_with("# HELP ")) return help(text.substr(7));
    if (text.starts_with("# TYPE ")) return type(text.substr(7));
    if (text.empty() || text.starts_with('#')) throw Wrong{"neither HELP, TYPE nor a sample"};
    sample(text);
  }

  void finish() {
    for (const auto& [name, buckets] : buckets_) {
      double before = 0;
      double last_bound = -std::numeric_limits<double>::infinity();
      for (const auto& [bound, count] : buckets) {
        if (bound <= last_bound || count < before) throw Wrong{name + ": buckets do not grow"};
        last_bound = bound;
        before = count;
      }
      if (!std::isinf(last_bound)) throw Wrong{name + ": there is no bucket +Inf"};
      const auto count = counts_.find(name);
      if (count == counts_.end() || count->second != before) {
        throw Wrong{name + ": _count is not the bucket +Inf"};
      }
    }
  }

 private:
  void begin(const std::string& name) {
    if (!is_name(name, true)) throw Wrong{"'" + name + "' is no metric"};
    if (name == current_) return;
    if (families.contains(name)) throw Wrong{"the family '" + name + "' comes twice"};
    families[name];
    current_ = name;
  }
  void help(std::string_view text) {
    const auto space = text.find(' ');
    begin(std::string(text.substr(0, space)));
    if (!families[current_].help.empty()) throw Wrong{"a second HELP"};
    families[current_].help = space == std::string_view::npos ? "" : text.substr(space + 1);
  }
  void type(std::string_view text) {
    const auto space = text.find(' ');
    begin(std::string(text.substr(0, space)));
    auto& family = families[current_];
    if (!family.type.empty() || !family.samples.empty()) throw Wrong{"TYPE comes late"};
    family.type = space == std::string_view::npos ? "" : text.substr(space + 1);
    if (!std::set<std::string>{"counter", "gauge", "histogram"}.contains(family.type)) {
      throw Wrong{"'" + family.type + "' is no type"};
    }
  }
  void sample(std::string_view text) {
    const std::string name(text.substr(0, text.find_first_of("{ ")));
    text.remove_prefix(name.size());
    auto labels = take_labels(text);
    if (!text.starts_with(' ')) throw Wrong{"expected a space before the value"};
    const double value = number(std::string(text.substr(1)));
    auto& family = families[current_];
    const std::string suffix =
        name.starts_with(current_) ? name.substr(current_.size()) : std::string("?");
    const bool histogram = family.type == "histogram";
    if (current_.empty() || family.type.empty() ||
        !(histogram ? std::set<std::string>{"_bucket", "_sum", "_count"}
                    : std::set<std::string>{""})
             .contains(suffix)) {
      throw Wrong{"a sample of '" + name + "' that follows no TYPE of it"};
    }
    if (family.type == "counter" && value < 0) throw Wrong{"a negative counter"};
    if (!family.samples.emplace(series(name, labels), value).second) {
      throw Wrong{"this series comes twice"};
    }
    if (!histogram) return;
    if (suffix == "_bucket") {
      const auto bound = labels.find("le");
      if (bound == labels.end()) throw Wrong{"a bucket without le"};
      const double upper = number(bound->second);
      labels.erase(bound);
      if (!buckets_[series(current_, labels)].emplace(upper, value).second) {
        throw Wrong{"a bucket that comes twice"};
      }
    } else if (suffix == "_count") {
      counts_[series(current_, labels)] = value;
    }
  }

  std::string current_;
  std::map<std::string, std::map<double, double>> buckets_;
  std::map<std::string, double> counts_;
};

}  // namespace

tl::expected<std::map<std::string, MetricFamily>, std::string> parse_exposition(
    std::string_view text) {
  Parser parser;
  std::size_t number = 1;
  try {
    for (; !text.empty(); ++number) {
      const auto end = text.find('\n');
      if (end == std::string_view::npos) throw Wrong{"no final line feed"};
      parser.line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    parser.finish();
  } catch (const Wrong& wrong) {
    return tl::unexpected(fmt::format("line {}: {}", number, wrong.what));
  }
  return std::move(parser.families);
}

}  // namespace testkit
