// A chunked body, read as servers in Go read it (net/http/internal/chunked.go): lines are short,
// and each fault has a name. Other profiles use Beast's parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/http/fields.hpp"

namespace mock {

/// A value type.
class ChunkReader {
 public:
  struct Piece {
    std::size_t consumed = 0;
    std::span<const std::byte> body;
  };
  /// As BodyDecoder::take.
  [[nodiscard]] Piece take(std::span<const std::byte> in, std::uint64_t limit);

  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  /// One of `bad_http` (head.hpp); empty: nothing is wrong so far.
  [[nodiscard]] std::string_view fault() const { return fault_; }
  /// The trailer line that is no field (bad_http::trailer).
  [[nodiscard]] const std::string& line() const { return line_; }
  /// Only trailers and the empty line after them are missing.
  [[nodiscard]] bool in_trailers() const { return state_ == State::trailers; }
  [[nodiscard]] ::http::Fields& trailers() { return trailers_; }

 private:
  enum class State { size, data, end_of_data, trailers, complete };

  Piece take_size(std::string_view in);
  Piece take_data(std::span<const std::byte> in, std::uint64_t limit);
  Piece take_end_of_data(std::string_view in);
  Piece take_trailers(std::string_view in);
  Piece wrong(std::string_view kind);

  State state_ = State::size;
  std::uint64_t left_ = 0;  // of the chunk
  std::string_view fault_;
  std::string line_;
  ::http::Fields trailers_;
};

}  // namespace mock
