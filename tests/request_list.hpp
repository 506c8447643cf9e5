// fixtures/requests: lists of requests that are put to two servers to see whether they answer
// alike. The form is in request-list.schema.json there, and told in docs/guides/profiles.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/units.hpp"

namespace replies {

/// One request as it is written in a list. Texts may hold placeholders.
struct Request {
  std::string line;                 ///< "POST /files HTTP/1.1"; empty when `raw` is all there is
  std::vector<std::string> fields;  ///< header lines in their order, without CR LF
  std::optional<std::string> body;
  std::vector<std::string> chunks;  ///< a chunked body, without the last chunk
  bool chunked = false;
  std::string raw;                      ///< in place of all of the above
  std::string as = "upload";            ///< the name of the upload that is created
  std::string until;                    ///< is sent again until the reply's body holds this text
  bool half_close = false;              ///< no more bytes will come after it
  enum class Body { whole, families };  ///< families: names and types of metrics only
  Body compared = Body::whole;
  Milliseconds patience{10'000};  ///< how long its reply may take
};

/// A few requests that belong together, each on a connection of its own.
struct Case {
  std::string name;  ///< unique in all lists: "creation-length", or "creation-length/plus"
  bool dex_only = false;
  std::vector<Request> requests;
};

/// "creation-length/plus#2": the name of a case's request, from 1.
[[nodiscard]] std::string request_name(const Case& one, std::size_t index);

/// The cases of one list, with those that vary spelled out. `document` names it in errors.
[[nodiscard]] Result<std::vector<Case>> parse_list(std::string_view text,
                                                   const std::string& document);
/// Files, and the lists in folders (*.json but not *.schema.json), in the order of their names. A
/// name that is there twice is an Error.
[[nodiscard]] Result<std::vector<Case>> load_lists(const std::vector<std::string>& paths);

/// The value of a placeholder; nullopt when it has none (yet).
using Values = std::function<std::optional<std::string>(std::string_view name)>;
/// The bytes of a request as they go out; nullopt when a placeholder has no value.
[[nodiscard]] std::optional<std::string> bytes_of(const Request& request, const Values& values);

/// Changes when anything changes that is sent. 16 hexadecimal digits.
[[nodiscard]] std::string fingerprint(const std::vector<Case>& cases);

}  // namespace replies
