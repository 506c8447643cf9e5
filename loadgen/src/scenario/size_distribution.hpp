// How large the files of a run are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace loadgen {

/// A value. "8MiB", "uniform:1MiB-8MiB", "lognormal:median=2MiB,sigma=1.2[,max=1GiB]", or
/// "choice:1KiB,8MiB,8MiB,1GiB" (each as likely as it is often named).
class SizeDistribution {
 public:
  /// 8 MiB each.
  SizeDistribution();
  [[nodiscard]] static Result<SizeDistribution> parse(std::string_view text);

  /// A pure function: the size of one upload.
  [[nodiscard]] Bytes size_of(std::uint64_t seed, std::uint64_t upload) const;
  /// The smallest and the largest that can be drawn.
  [[nodiscard]] Bytes smallest() const;
  [[nodiscard]] Bytes largest() const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Fixed {
    Bytes size;
  };
  struct Uniform {
    Bytes from, to;  ///< both can be drawn
  };
  struct LogNormal {
    Bytes median;
    double sigma;
    Bytes max;
  };
  struct Choice {
    std::vector<Bytes> sizes;
  };
  std::variant<Fixed, Uniform, LogNormal, Choice> shape_;
  std::string text_ = "8MiB";
};

}  // namespace loadgen
