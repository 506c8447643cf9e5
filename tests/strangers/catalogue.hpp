// The wrong servers: what each does, what it breaks, and what a client loses by it. Sixty of them,
// after bugs of real servers, were listed by people who had not seen how dex-conformance judges.
// The other one is "every-byte", which dex-conformance once took for a right server without
// downloads.
#pragma once

#include <span>
#include <string_view>

namespace strangers {

/// What it takes to see that a server is wrong.
enum class Needs {
  little,  ///< some requests
  slow,    ///< more than ten seconds
  large,   ///< more than 8 MiB
};

struct Entry {
  std::string_view name;
  std::string_view kind;
  std::string_view system;  ///< of the server that it is put before: "tus" or "dex"
  Needs needs = Needs::little;
  std::string_view does;
  std::string_view breaks;  ///< a rule for every server, and where it stands
  std::string_view loses;
};

/// In the order of `stranger --list`.
[[nodiscard]] std::span<const Entry> catalogue();

[[nodiscard]] std::string_view to_string(Needs needs);

}  // namespace strangers
