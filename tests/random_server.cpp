#include "random_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <list>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "protocol/dex/health.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/oauth/token.hpp"
#include "protocol/tus/metadata.hpp"

namespace programs {
namespace {

using Json = nlohmann::json;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) { return random() % end; }
bool chance(Random& random, double p) {
  return std::uniform_real_distribution<double>(0, 1)(random) < p;
}
template <class List>
const auto& one_of(Random& random, const List& list) {
  return list[below(random, std::size(list))];
}

struct Request {
  std::string method, target;
  http::Fields fields;
  std::string body;
  bool whole = false;  ///< all of the body has come

  [[nodiscard]] std::string value(std::string_view name) const {
    return std::string(fields.find(name).value_or(""));
  }
};

struct Answer {
  int status = 200;
  http::Fields fields;
  std::string body;
  std::vector<std::pair<int, http::Fields>> interims;
};

struct Upload {
  std::optional<std::uint64_t> length;
  std::string bytes, metadata, concat;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// ---- the right server
// -----------------------------------------------------------------------------

constexpr std::uint64_t max_size = 1U << 20U;

/// tus 1.0 with its extensions, the IETF draft, and DEX's documents, all in memory.
class RightServer {
 public:
  Answer answer(const Request& request, const std::string& origin) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    Answer out;
    if (path == "/files" || path == "/files/") {
      out = at_creation(request, origin);
    } else if (path.starts_with("/files/")) {
      out = at_upload(request, path.substr(7));
    } else {
      return document(request, path);
    }
    out.fields.add("Tus-Resumable", "1.0.0");
    if (!request.value("Origin").empty()) {
      out.fields.add("Access-Control-Allow-Origin", "*");
      out.fields.add("Access-Control-Expose-Headers", "Upload-Offset, Location, Upload-Length");
    }
    return out;
  }

 private:
  static Answer plain(int status, http::Fields fields = {}, std::string body = {}) {
    return {status, std::move(fields), std::move(body), {}};
  }

  Answer at_creation(const Request& request, const std::string& origin) {
    if (request.method == "OPTIONS") {
      return plain(204, {{"Tus-Version", "1.0.0"},
                         {"Tus-Max-Size", std::to_string(max_size)},
                         {"Tus-Extension",
                          "creation,creation-with-upload,creation-defer-length,termination,"
                          "concatenation,concatenation-unfinished,expiration,checksum,"
                          "checksum-trailer"},
                         {"Tus-Checksum-Algorithm", "sha1,md5,sha256"},
                         {"Access-Control-Allow-Methods", "POST, HEAD, PATCH, DELETE, OPTIONS"},
                         {"Access-Control-Allow-Headers", "Tus-Resumable, Upload-Offset"}});
    }
    if (request.method != "POST") return plain(405, {{"Allow", "OPTIONS, POST"}});
    Upload upload;
    upload.length = number(request.value("Upload-Length"));
    upload.metadata = request.value("Upload-Metadata");
    upload.concat = request.value("Upload-Concat");
    const bool draft = request.fields.has("Upload-Draft-Interop-Version");
    if (draft && request.value("Upload-Complete") == "?1") upload.length = request.body.size();
    if (!draft && !upload.length && !request.fields.has("Upload-Defer-Length") &&
        !upload.concat.starts_with("final;")) {
      return plain(400, {{"Content-Type", "text/plain"}}, "no length\n");
    }
    if (upload.length.value_or(0) > max_size) return plain(413);
    if (upload.concat.starts_with("final;") && !join(upload)) return plain(400);
    if (!request.body.empty()) upload.bytes = request.body;
    const std::string id = fmt::format("u{}", ++created_);
    const std::string location = origin + "/files/" + id;
    Answer out = plain(201, {{"Location", location},
                             {"Upload-Offset", std::to_string(upload.bytes.size())},
                             {"Upload-Expires", "Wed, 01 Jan 2098 00:00:00 GMT"}});
    if (draft) {
      out.interims.push_back({104, {{"Location", location}, {"Upload-Limit", "max-size=1048576"}}});
      out.fields.add("Upload-Complete", upload.length == upload.bytes.size() ? "?1" : "?0");
      out.fields.add("Upload-Limit", "max-size=1048576");
    }
    uploads_[id] = std::move(upload);
    return out;
  }

  bool join(Upload& upload) {
    std::string_view parts = std::string_view(upload.concat).substr(6);
    std::uint64_t length = 0;
    for (std::size_t from = 0; from < parts.size();) {
      const std::size_t end = std::min(parts.find(' ', from), parts.size());
      const std::string_view part = parts.substr(from, end - from);
      const auto found = uploads_.find(std::string(part.substr(part.rfind('/') + 1)));
      if (found == uploads_.end() || !found->second.length) return false;
      length += *found->second.length;
      upload.bytes += found->second.bytes;
      from = end + 1;
    }
    upload.length = length;
    return true;
  }

  Answer at_upload(const Request& request, const std::string& id) {
    const std::string method = request.fields.has("X-HTTP-Method-Override")
                                   ? request.value("X-HTTP-Method-Override")
                                   : request.method;
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) return plain(404, {{"Content-Type", "text/plain"}}, "none\n");
    Upload& upload = found->second;
    if (method == "DELETE") {
      uploads_.erase(found);
      return plain(204);
    }
    if (method == "GET") {
      return plain(200, {{"Content-Type", "application/octet-stream"}}, upload.bytes);
    }
    if (method != "HEAD" && method != "PATCH") return plain(405, {{"Allow", "HEAD, PATCH"}});
    if (method == "PATCH") {
      if (const auto wrong = patch(request, upload)) return *wrong;
    }
    http::Fields fields{{"Upload-Offset", std::to_string(upload.bytes.size())},
                        {"Cache-Control", "no-store"},
                        {"Upload-Expires", "Wed, 01 Jan 2098 00:00:00 GMT"}};
    if (upload.length) {
      fields.add("Upload-Length", std::to_string(*upload.length));
    } else {
      fields.add("Upload-Defer-Length", "1");
    }
    if (!upload.metadata.empty()) fields.add("Upload-Metadata", upload.metadata);
    if (!upload.concat.empty()) fields.add("Upload-Concat", upload.concat);
    if (request.fields.has("Upload-Draft-Interop-Version")) {
      fields.add("Upload-Complete", upload.length == upload.bytes.size() ? "?1" : "?0");
      fields.add("Upload-Limit", "max-size=1048576");
    }
    return plain(method == "HEAD" ? 200 : 204, std::move(fields));
  }

  static std::optional<Answer> patch(const Request& request, Upload& upload) {
    const bool draft = request.fields.has("Upload-Draft-Interop-Version");
    const std::string type =
        draft ? "application/partial-upload" : "application/offset+octet-stream";
    if (request.value("Content-Type") != type) return plain(415);
    const auto offset = number(request.value("Upload-Offset"));
    if (!offset) return plain(400);
    if (*offset != upload.bytes.size()) return plain(409);
    if (!upload.length) upload.length = number(request.value("Upload-Length"));
    if (upload.bytes.size() + request.body.size() > upload.length.value_or(max_size)) {
      return plain(413);
    }
    upload.bytes += request.body;
    if (request.value("Upload-Complete") == "?1") upload.length = upload.bytes.size();
    return std::nullopt;
  }

  Answer document(const Request& request, const std::string& path) {
    const http::Fields json{{"Content-Type", "application/json"}};
    const std::string id = path.substr(path.rfind('/') + 1);
    if (path == "/health") {
      return plain(200, json,
                   to_json(dex::Health{"UP",
                                       {{"File Storage", "UP", "None reported"},
                                        {"File Delivery Target edav", "UP", "None reported"}}}));
    }
    if (path == "/version") return plain(200, json, to_json(dex::VersionInfo{"r", "v1", "abc"}));
    if (path == "/metrics") return plain(200, {{"Content-Type", "text/plain"}}, "m{a=\"b\"} 1\n");
    if (path == "/") return plain(200, json, "{\"application\":\"dex\"}");
    if (path.starts_with("/oauth")) {
      return plain(
          200, json,
          to_json(oauth::TokenResponse{
              "token", "Bearer", std::chrono::seconds{3600}, "again", "dex:upload", {"dex"}}));
    }
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) return plain(404);
    const Upload& upload = found->second;
    const bool complete = upload.length == upload.bytes.size();
    if (path.starts_with("/_mock/uploads/")) {
      return plain(200, json,
                   Json{{"offset", upload.bytes.size()},
                        {"complete", complete},
                        {"sha256", sha256_hex(upload.bytes)}}
                       .dump());
    }
    if (!path.starts_with("/info/") || request.method != "GET") return plain(404);
    const std::string time = "2026-01-02T03:04:05Z";
    dex::Info info;
    if (const auto metadata =
            tus::parse_metadata(upload.metadata, tus::MetadataStrictness::lenient)) {
      for (const auto& pair : metadata->pairs()) info.manifest[pair.key] = pair.value;
    }
    info.file_info = dex::FileInfo{Bytes{upload.bytes.size()}, time};
    info.upload_status = {
        std::string(complete ? dex::upload_state::complete : dex::upload_state::in_progress), time};
    if (complete) info.deliveries = {{"SUCCESS", "edav", "/d/" + id, time, std::nullopt}};
    return plain(200, json, to_json(info));
  }

  std::map<std::string, Upload> uploads_;
  std::uint64_t created_ = 0;
};

// ---- what is changed
// --------------------------------------------------------------------------------

const std::vector<std::string>& wild_values() {
  static const std::vector<std::string> values{
      "",
      "0",
      "-0",
      "-1",
      "1",
      "2",
      "4",
      "5",
      "9",
      "10",
      "11",
      "+5",
      "007",
      "1e3",
      "0x10",
      "1.5",
      "5 5",
      "5,5",
      "5;5",
      "1048577",
      "9223372036854775807",
      "9223372036854775808",
      "18446744073709551615",
      "18446744073709551616",
      "1000000000000000000000000000000",
      "NaN",
      "true",
      "?1",
      "?0",
      "?2",
      "\"5\"",
      "\xff\xfe",
      "\xc3\xa9",
      "a b",
      ",",
      ", ,",
      ";",
      "=",
      "max-size=",
      "max-size=18446744073709551616, min-size=-1",
      "max-size=5;x, expires=\"\"",
      "1.0.0",
      "0.2.2,1.0",
      "1.0.0,",
      "final;",
      "final; /files/u1",
      "partial",
      "Wed, 01 Jan 2098 00:00:00 GMT",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "Wed, 99 Jan 2098 99:99:99 GMT",
      "Fri, 31 Dec 99999 23:59:59 GMT",
      "creation",
      "creation,creation",
      "checksum,,",
      "sha1,md5,crc32,x",
      "filename d29ybGQ=",
      "a !!!!, b",
      "a b c, d",
      "no-store",
      "*",
      "null",
      "text/html; charset=\xff",
      "application/json",
      "Bearer",
      std::string(5000, '9'),
      std::string(5000, 'a'),
  };
  return values;
}

/// A URL of this server, relative or odd, but never of another host, where nobody would answer.
std::string wild_location(Random& random, const std::string& origin) {
  const std::vector<std::string> tails{
      "u1",      "u2?x=y#z", "%zz", "\xff",   "a b",
      "../..",   "u1/",      "",    "%2e",    "u1+u2",
      "u1%2Bu2", "?",        "#",   "u:1",    std::string(5000, 'u'),
      "//",      "u1;v=1",   "[",   "\"<>\"", "u1%00"};
  const std::vector<std::string> whole{"",     "?",         "#",   ".",          "/",     "u1",
                                       "./u1", ":",         "[",   "%",          "http:", "http://",
                                       "..",   "http:///x", "u1 ", "http://[::1"};
  switch (below(random, 4)) {
    case 0:
      return one_of(random, whole);
    case 1:
      return "/files/" + one_of(random, tails);
    case 2:
      return origin + one_of(random, whole);
    default:
      return origin + "/files/" + one_of(random, tails);
  }
}

Json wild_json(Random& random) {
  switch (below(random, 12)) {
    case 0:
      return nullptr;
    case 1:
      return -1;
    case 2:
      return 18446744073709551615U;
    case 3:
      return 1e308;
    case 4:
      return "";
    case 5:
      return one_of(random, wild_values());
    case 6:
      return Json::array();
    case 7:
      return Json::object();
    case 8:
      return true;
    case 9:
      return Json::array({1, "a", nullptr, Json::object()});
    case 10:
      return 0.5;
    default: {
      Json deep = "x";
      for (int i = 0; i < 300; ++i) deep = Json::array({std::move(deep)});
      return deep;
    }
  }
}

/// Replaces, removes or adds one member somewhere in `document`.
void change_json(Random& random, Json& document) {
  Json* at = &document;
  while (at->is_structured() && !at->empty() && !chance(random, 0.25)) {
    auto it = at->begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(random, at->size())));
    at = &*it;
  }
  if (at->is_object() && !at->empty() && chance(random, 0.5)) {
    auto it = at->begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(random, at->size())));
    at->erase(it);
  } else if (at->is_object() && chance(random, 0.3)) {
    (*at)["more"] = wild_json(random);
  } else {
    *at = wild_json(random);
  }
}

void change_body(Random& random, std::string& body) {
  Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_discarded() && document.is_structured() && chance(random, 0.8)) {
    const std::size_t changes = 1 + below(random, 3);
    for (std::size_t i = 0; i < changes; ++i) change_json(random, document);
    body = document.dump(-1, ' ', false, Json::error_handler_t::ignore);
    return;
  }
  switch (below(random, 8)) {
    case 0:
      body.clear();
      break;
    case 1:
      body = body.substr(0, body.size() / 2);
      break;
    case 2:
      body += body;
      break;
    case 3:
      body = one_of(random, wild_values());
      break;
    case 4:
      body = wild_json(random).dump(-1, ' ', false, Json::error_handler_t::ignore);
      break;
    case 5:
      body = std::string(200'000, '\xfe');
      break;
    case 6:
      body = std::string(500'000, '[');  // deeper than any recursion
      break;
    default:
      if (!body.empty()) body[below(random, body.size())] ^= 1;
      break;
  }
}

std::string wild_value(Random& random, std::string_view name, const std::string& origin,
                       const RandomServer::Options& options) {
  if (http::same_name(name, "Location")) return wild_location(random, origin);
  if (http::same_name(name, "Retry-After") && !options.long_waits) return "0";
  return one_of(random, wild_values());
}

void change_fields(Random& random, http::Fields& fields, const std::string& origin,
                   const RandomServer::Options& options) {
  constexpr std::array<const char*, 23> known{"Location",
                                              "Upload-Offset",
                                              "Upload-Length",
                                              "Upload-Metadata",
                                              "Upload-Concat",
                                              "Upload-Expires",
                                              "Upload-Defer-Length",
                                              "Tus-Resumable",
                                              "Tus-Version",
                                              "Tus-Extension",
                                              "Tus-Max-Size",
                                              "Tus-Checksum-Algorithm",
                                              "Cache-Control",
                                              "Content-Type",
                                              "Allow",
                                              "WWW-Authenticate",
                                              "Upload-Complete",
                                              "Upload-Limit",
                                              "Content-Location",
                                              "Retry-After",
                                              "Set-Cookie",
                                              "Upload-Checksum",
                                              "Access-Control-Allow-Origin"};
  const std::size_t mine = static_cast<std::size_t>(std::distance(fields.begin(), fields.end()));
  const bool own = mine > 0 && chance(random, 0.8);
  const std::string name =
      own ? (fields.begin() + static_cast<std::ptrdiff_t>(below(random, mine)))->name
          : std::string(one_of(random, known));
  const std::string value = wild_value(random, name, origin, options);
  switch (below(random, 4)) {
    case 0:
      fields.remove(name);
      break;
    case 1:
      fields.add(name, value);  // doubled
      break;
    default:
      fields.set(name, value);
      break;
  }
}

void change_status(Random& random, Answer& answer, const RandomServer::Options& options) {
  constexpr std::array<int, 38> statuses{200, 200, 201, 201, 202, 203, 204, 204, 205, 206,
                                         207, 299, 300, 301, 302, 304, 307, 400, 401, 403,
                                         404, 405, 408, 409, 410, 412, 413, 415, 423, 428,
                                         460, 500, 501, 502, 503, 507, 599, 999};
  answer.status = options.long_waits && chance(random, 0.05) ? 429 : one_of(random, statuses);
}

void change(Random& random, Answer& answer, const std::string& origin,
            const RandomServer::Options& options) {
  const std::size_t changes = 1 + below(random, 3);
  for (std::size_t i = 0; i < changes; ++i) {
    switch (below(random, 8)) {
      case 0:
        change_status(random, answer, options);
        break;
      case 1:
        change_body(random, answer.body);
        break;
      case 2: {
        constexpr std::array<int, 5> interims{100, 102, 103, 104, 199};
        http::Fields fields{{"Upload-Offset", one_of(random, wild_values())}};
        change_fields(random, fields, origin, options);
        answer.interims.push_back({one_of(random, interims), fields});
        break;
      }
      default:
        change_fields(random, answer.fields, origin, options);
        break;
    }
  }
}

/// The bytes of an answer with some framing; sets `close` when only the end of the connection ends
/// the body.
std::string written(Random& random, const Answer& answer, bool head, bool odd, bool& close) {
  std::string out;
  const auto add = [&](const http::Fields& fields) {
    for (const auto& field : fields) out += fmt::format("{}: {}\r\n", field.name, field.value);
  };
  for (const auto& [status, fields] : answer.interims) {
    out += fmt::format("HTTP/1.1 {} Wait\r\n", status);
    add(fields);
    out += "\r\n";
  }
  constexpr std::array<const char*, 4> reasons{" OK", " ", " A longer \xff reason", ""};
  out += fmt::format("HTTP/1.1 {}{}\r\n", answer.status, odd ? one_of(random, reasons) : " OK");
  add(answer.fields);
  const bool bodyless = answer.status == 204 || answer.status == 304;
  if (bodyless) return out + "\r\n";
  const std::size_t way = odd ? below(random, 6) : 0;
  if (way == 1 && !head) {
    out += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < answer.body.size(); at += 7001) {
      const auto part = std::string_view(answer.body).substr(at, 7001);
      out += fmt::format("{:x};x=y\r\n{}\r\n", part.size(), part);
    }
    return out + "0\r\nUpload-Offset: 3\r\n\r\n";
  }
  if (way == 2) {
    close = true;
    return out + "Connection: close\r\n\r\n" + (head ? "" : answer.body);
  }
  if (way == 3) {  // cut off
    close = true;
    return out + fmt::format("Content-Length: {}\r\n\r\n", answer.body.size() + 10) +
           (head ? "" : answer.body);
  }
  return out + fmt::format("Content-Length: {}\r\n\r\n", answer.body.size()) +
         (head ? "" : answer.body);
}

// ---- connections
// ------------------------------------------------------------------------------------

/// Reads requests from one connection. A request that stalls is answered as far as it has come.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  /// nullopt when the client has gone, or is silent between requests.
  std::optional<Request> next() {
    const std::size_t end = until("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    Request request = parse(std::string_view(pending_).substr(0, end + 2));
    pending_.erase(0, end + 4);
    if (http::same_name(request.value("Expect"), "100-continue") && pending_.empty()) {
      constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      ::send(fd_, go_on.data(), go_on.size(), MSG_NOSIGNAL);
    }
    if (request.fields.has("Transfer-Encoding")) {
      request.whole = chunked(request.body);
    } else {
      const std::uint64_t length = number(request.value("Content-Length")).value_or(0);
      while (pending_.size() < length && more()) {
      }
      request.whole = pending_.size() >= length;
      request.body = pending_.substr(0, length);
      pending_.erase(0, request.body.size());
    }
    return request;
  }

 private:
  static Request parse(std::string_view head) {
    Request request;
    bool first = true;
    while (!head.empty()) {
      const std::size_t end = std::min(head.find("\r\n"), head.size());
      const std::string_view line = head.substr(0, end);
      head.remove_prefix(std::min(end + 2, head.size()));
      if (first) {
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view rest = line.substr(std::min(space + 1, line.size()));
        request.method = line.substr(0, space);
        request.target = rest.substr(0, rest.find(' '));
      } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        request.fields.add(std::string(line.substr(0, colon)),
                           std::string(http::trim_ows(line.substr(colon + 1))));
      }
      first = false;
    }
    return request;
  }

  bool chunked(std::string& body) {
    for (;;) {
      const std::size_t end = until("\r\n");
      if (end == std::string::npos) return false;
      std::size_t size = 0;
      const auto parsed = std::from_chars(pending_.data(), pending_.data() + end, size, 16);
      if (parsed.ec != std::errc{} || size > max_size) return false;
      pending_.erase(0, end + 2);
      if (size == 0) {
        for (std::size_t line = until("\r\n"); line != 0; line = until("\r\n")) {
          if (line == std::string::npos) return false;
          pending_.erase(0, line + 2);
        }
        pending_.erase(0, 2);
        return true;
      }
      while (pending_.size() < size + 2 && more()) {
      }
      if (pending_.size() < size + 2) return false;
      body += pending_.substr(0, size);
      pending_.erase(0, size + 2);
    }
  }

  std::size_t until(std::string_view mark) {
    for (;;) {
      const std::size_t at = pending_.find(mark);
      if (at != std::string::npos) return at;
      if (pending_.size() > 2 * max_size || !more()) return std::string::npos;
    }
  }

  bool more() {
    constexpr int patience_ms = 300;
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, patience_ms) <= 0) return false;
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) pending_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  int fd_;
  std::string pending_;
};

}  // namespace

struct RandomServer::State {
  Options options;
  int listener = -1;
  std::string origin;
  std::atomic<std::uint64_t> answers{0};
  std::mutex mutex;  ///< for all below
  Random random;
  RightServer right;
  std::list<std::thread> connections;
  std::list<int> open;
  bool ending = false;
  std::thread acceptor;

  void serve(int fd) {
    Reader reader(fd);
    while (const auto request = reader.next()) {
      bool close = !request->whole;
      bool silent = false;
      std::string bytes;
      {
        const std::lock_guard lock(mutex);
        Answer answer = right.answer(*request, origin);
        const bool odd = chance(random, options.oddness);
        if (odd) change(random, answer, origin, options);
        silent = odd && chance(random, 0.03);  // the connection just ends
        bytes = written(random, answer, request->method == "HEAD", odd, close);
      }
      if (silent) return;
      ++answers;
      if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 || close) return;
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex);
      if (ending) {
        ::close(fd);
        return;
      }
      const auto mine = open.insert(open.end(), fd);
      connections.emplace_back([this, fd, mine] {
        serve(fd);
        const std::lock_guard closing(mutex);
        ::close(fd);
        open.erase(mine);
      });
    }
  }
};

RandomServer::RandomServer(Options options) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->random.seed(options.seed);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(state_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(state_->listener, 128) != 0 ||
      ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the random server cannot listen");
  }
  state_->origin = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
  state_->acceptor = std::thread([state = state_.get()] { state->accept_all(); });
}

RandomServer::~RandomServer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    for (const int fd : state_->open) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(state_->listener, SHUT_RDWR);
  state_->acceptor.join();
  ::close(state_->listener);
  for (std::thread& connection : state_->connections) connection.join();
}

std::string RandomServer::url() const { return state_->origin; }
std::uint64_t RandomServer::answers_sent() const { return state_->answers; }

}  // namespace programs
