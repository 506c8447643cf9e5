#include "compare/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace loadgen {
namespace {
constexpr std::size_t longest_line = 1U << 20U;
}  // namespace

tl::unexpected<Error> Table::wrong(std::string what) const {
  return failure(fmt::format("{}:{}", file_, line_), std::move(what));
}

Result<bool> Table::read_line() {
  fields_.clear();
  ++line_;
  std::string field;
  bool quoted = false;  // within quotes
  bool closed = false;  // after the closing quote
  std::size_t read = 0;
  for (;;) {
    const int next = in_.get();
    if (next == std::ifstream::traits_type::eof()) {
      if (in_.bad()) return wrong("cannot be read");
      if (read == 0) return false;
      return wrong("the file ends in the middle of this line");
    }
    const char c = static_cast<char>(next);
    if (++read > longest_line) return wrong("has more than a MiB");
    if (quoted) {
      if (c == '\r' || c == '\n') return wrong("a quoted field does not end");
      if (c != '"') {
        field += c;
      } else if (in_.peek() == '"') {
        in_.get();
        field += '"';
      } else {
        quoted = false;
        closed = true;
      }
    } else if (c == '"' && field.empty() && !closed) {
      quoted = true;
    } else if (c == ',') {
      fields_.push_back(std::exchange(field, {}));
      closed = false;
    } else if (c == '\r' && in_.peek() == '\n') {
      in_.get();
      fields_.push_back(std::move(field));
      return true;
    } else if (closed || c == '"' || static_cast<unsigned char>(c) < ' ') {
      return wrong("is not CSV as RFC 4180 has it");
    } else {
      field += c;
    }
  }
}

Result<Table> Table::open(const std::string& file) {
  Table table(file);
  if (!table.in_) return failure(file, "cannot be opened");
  const auto head = table.read_line();
  if (!head) return tl::unexpected(head.error());
  if (!*head) return failure(file, "is empty");
  table.head_ = std::move(table.fields_);
  return table;
}

std::optional<std::size_t> Table::column(std::string_view name) const {
  const auto found = std::ranges::find(head_, name);
  if (found == head_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - head_.begin());
}

Result<std::vector<std::size_t>> Table::columns(
    std::initializer_list<std::string_view> names) const {
  std::vector<std::size_t> all;
  for (const auto name : names) {
    const auto at = column(name);
    if (!at) {
      return failure(file_ + ":1", fmt::format("has no column {}", name),
                     "is it of another version?");
    }
    all.push_back(*at);
  }
  return all;
}

Result<bool> Table::next() {
  auto more = read_line();
  if (more && *more && fields_.size() != head_.size()) {
    return wrong(fmt::format("has {} fields, and the head {}", fields_.size(), head_.size()));
  }
  return more;
}

Result<double> Table::number(std::size_t column, double least, double most) const {
  const auto& text = fields_[column];
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, value);
  if (code != std::errc{} || end != last || !std::isfinite(value) || value < least ||
      value > most) {
    return wrong(fmt::format("{} is {}, which is no number from {:.6g} to {:.6g}", head_[column],
                             quote(text), least, most));
  }
  return value;
}

}  // namespace loadgen
