// A CSV file (RFC 4180) that a report has, read line by line.
#pragma once

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace loadgen {

/// Strict: each line ends in CRLF and has as many fields as the head, which names them. A field
/// never holds a line break, as reports write none. An Error names the file and the line.
class Table {
 public:
  /// Reads the head.
  [[nodiscard]] static Result<Table> open(const std::string& file);
  /// Where columns of these names are; an Error names one that is not there.
  [[nodiscard]] Result<std::vector<std::size_t>> columns(
      std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  /// Goes on to the next line; false: there is none.
  [[nodiscard]] Result<bool> next();
  /// Of the present line; valid until the next one.
  [[nodiscard]] std::string_view field(std::size_t column) const { return fields_[column]; }
  /// The same as a number within both limits.
  [[nodiscard]] Result<double> number(std::size_t column, double least, double most) const;
  /// An Error at the present line.
  [[nodiscard]] tl::unexpected<Error> wrong(std::string what) const;

 private:
  explicit Table(std::string file) : file_(std::move(file)), in_(file_, std::ios::binary) {}
  [[nodiscard]] Result<bool> read_line();

  std::string file_;
  std::ifstream in_;
  std::uint64_t line_ = 0;
  std::vector<std::string> head_, fields_;
};

}  // namespace loadgen
