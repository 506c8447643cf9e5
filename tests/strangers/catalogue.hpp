// The wrong servers: what each does, what it breaks, what a client loses by it. Sixty were listed
// by people who had not seen how dex-conformance judges, after bugs that real servers had;
// "every-byte" is the one that it once took for a right server without downloads.
#pragma once

#include <span>
#include <string_view>

namespace strangers {

/// What it takes to see one.
enum class Needs {
  little,  ///< some requests
  slow,    ///< more than ten seconds
  large,   ///< more than 8 MiB
};

struct Entry {
  std::string_view name;
  std::string_view kind;
  std::string_view system;  ///< "tus" or "dex": which server it is put before
  Needs needs = Needs::little;
  std::string_view does;
  std::string_view breaks;  ///< a sentence that every server has to keep, and where it stands
  std::string_view loses;
};

/// In the order of `stranger --list`.
[[nodiscard]] std::span<const Entry> catalogue();

[[nodiscard]] std::string_view to_string(Needs needs);

}  // namespace strangers
