// What a server answered, without what differs from run to run, and how two such answers differ.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "request_list.hpp"
#include "transport/exchange.hpp"

namespace replies {

/// A reply as aspects with their values. Header fields have their own names, each word with a
/// capital. The other aspects are in lower case: "status", "version", "interim", "body", "body
/// /a/b" (a member of a JSON body), "id" (the form of the upload's id), "afterwards" (what became
/// of the connection).
using Reply = std::map<std::string, std::string>;

/// What was seen on the wire.
struct Seen {
  std::optional<transport::Response> response;  ///< its body is cut off unless `whole`
  bool whole = true;
  bool head_request = false;
  std::vector<int> interims;
  std::string ended;       ///< why it is cut or missing: "closed", "reset", "silent", "malformed"
  std::string afterwards;  ///< what became of the connection
};

/// Replaces what a server makes up by names, so that two servers can be compared. Make one for each
/// case and server; not thread-safe.
class Normaliser {
 public:
  /// `authority`: host and port of the server, "127.0.0.1:8080".
  explicit Normaliser(std::string authority) : authority_(std::move(authority)) {}

  /// From now on `value` is replaced by {name}.
  void name(const std::string& value, const std::string& name);
  /// `compared`: which part of the body counts.
  [[nodiscard]] Reply reply(const Seen& seen, Request::Body compared = Request::Body::whole);
  /// Hosts, named values, other UUIDs and 32 hexadecimal digits (by first appearance), dates and
  /// times are replaced by names in braces; bytes that are not UTF-8 are escaped.
  [[nodiscard]] std::string text(std::string_view raw);

 private:
  void add_fields(const Seen& seen, Reply& out);
  void add_body(const Seen& seen, Request::Body compared, Reply& out);

  std::string authority_;
  std::vector<std::pair<std::string, std::string>> named_;  ///< the longest value first
  std::map<std::string, std::string> made_up_;
};

/// "UUID", "32 hexadecimal digits" or "other".
[[nodiscard]] std::string form_of_id(std::string_view id);

struct Difference {
  std::string aspect;
  std::optional<std::string> a, b;  ///< nullopt: not there
};
[[nodiscard]] std::vector<Difference> differences(const Reply& a, const Reply& b);

/// Known differences, each with its reason: the entries with "requests" in `not_reproduced` of a
/// profile. census_walk_test uses the others.
class Known {
 public:
  [[nodiscard]] static Result<Known> load(const std::string& file);
  [[nodiscard]] static Result<Known> parse(std::string_view text, const std::string& document);

  /// The reason for this difference; nullptr when it is not known. Notes that the entry was needed.
  const std::string* reason(const std::string& request, const std::string& aspect);
  /// Entries, or parts of them, that no difference needed; one line each.
  [[nodiscard]] std::vector<std::string> stale() const;

 private:
  struct Pattern {
    std::string text;  ///< '*' stands for anything
    bool needed = false;
  };
  struct Entry {
    std::string where;
    std::string reason;
    std::vector<Pattern> requests;
    std::vector<Pattern> aspects;
  };
  std::vector<Entry> entries_;
};

}  // namespace replies
