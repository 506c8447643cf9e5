// fixtures/requests: lists of requests that are sent to two servers to see whether they answer
// alike. request-list.schema.json there defines the format; docs/guides/profiles.md explains it.
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
  std::string raw;                      ///< if not empty, sent instead of all of the above
  std::string as = "upload";            ///< the name of the upload that is created
  std::string until;                    ///< repeat it until the reply's body holds this text
  bool half_close = false;              ///< the client ends its sending after it
  enum class Body { whole, families };  ///< families: names and types of metrics only
  Body compared = Body::whole;
  Milliseconds patience{10'000};  ///< how long its reply may take
};

/// Requests that belong together; each is sent on a connection of its own.
struct Case {
  std::string name;  ///< unique in all lists: "creation-length", or "creation-length/plus"
  bool dex_only = false;
  std::vector<Request> requests;
};

/// The name of a request: that of its case and its number from 1, "creation-length/plus#2".
[[nodiscard]] std::string request_name(const Case& one, std::size_t index);

/// The cases of one list; a case with variations becomes several. `document` names the list in
/// errors.
[[nodiscard]] Result<std::vector<Case>> parse_list(std::string_view text,
                                                   const std::string& document);
/// Reads files, and the lists in folders (*.json but not *.schema.json), in the order of their
/// names. Two cases of the same name are an Error.
[[nodiscard]] Result<std::vector<Case>> load_lists(const std::vector<std::string>& paths);

/// Gives the value of a placeholder; nullopt when it has none yet.
using Values = std::function<std::optional<std::string>(std::string_view name)>;
/// The bytes of a request as they are sent; nullopt when a placeholder has no value.
[[nodiscard]] std::optional<std::string> bytes_of(const Request& request, const Values& values);

/// 16 hexadecimal digits, which change when anything that is sent or compared changes.
[[nodiscard]] std::string fingerprint(const std::vector<Case>& cases);

}  // namespace replies
