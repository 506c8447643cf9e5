#include "transport/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "protocol/digest.hpp"
#include "redact/secrets.hpp"
#include "transport/curl_failure.hpp"
#include "transport/http2.hpp"
#include "transport/limits.hpp"
#include "transport/movement.hpp"
#include "transport/proxy.hpp"
#include "transport/slow_line.hpp"
#include "transport/url.hpp"

namespace transport {
namespace {

using Clock = std::chrono::steady_clock;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::chrono::microseconds since(Clock::time_point start, Clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::microseconds>(at - start);
}

/// What one transfer's callbacks share.
struct Transfer {
  const Request* request = nullptr;
  Bytes body_limit;
  Exchange exchange;
  Digest digest{DigestAlgorithm::sha256};
  std::size_t body_at = 0;
  std::size_t heads_sent = 0;
  AnswerCount count;
  bool body_too_long = false;
  bool head_ended = false;  ///< the empty line after the present response's header has come
  bool replay_refused = false;
  std::optional<Response> response;
  std::shared_ptr<TlsWitness> tls;
  Clock::time_point start;
  std::optional<Clock::time_point> opened, head_sent, first_byte;
  std::vector<curl_socket_t>* sockets = nullptr;  ///< of the client
  std::int64_t head_bytes = 0;                    ///< of answers
  std::optional<Movement> movement;               ///< on a thread with a SlowLine
  bool given_up = false;                          ///< by `movement`
};

/// Called whenever perform() looks. Bytes that libcurl has handed over may still be in the kernel.
int on_progress(void* self, curl_off_t /*all*/, curl_off_t down, curl_off_t /*all*/,
                curl_off_t up) {
  auto& t = *static_cast<Transfer*>(self);
  // libcurl does not tell which socket is in use; the others have nothing under way.
  std::int64_t under_way = 0;
  for (const curl_socket_t fd : *t.sockets) under_way += unacknowledged(fd);
  const auto now = Clock::now();
  t.movement->note(now, t.head_bytes + down + up - under_way);
  if (t.request->body) {
    const auto arrived = up - under_way;
    const auto size = static_cast<std::int64_t>(t.request->body->size());
    t.movement->sent(now, arrived, size - arrived);
  }
  t.given_up = t.movement->over(now);
  return t.given_up ? 1 : 0;
}

/// Like curl_easy_perform, but that checks only once a second whether it is time to give up.
CURLcode perform(CURLM* multi, CURL* easy, const Transfer& t) {
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_FAILED_INIT;
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      code = message->data.result;
      break;
    }
    if (running == 0) break;
    Milliseconds wait{1'000};
    if (t.movement) {
      const auto now = Clock::now();
      wait = std::clamp(std::chrono::ceil<Milliseconds>(t.movement->look_again(now) - now),
                        Milliseconds{1}, wait);
    }
    if (curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait.count()), nullptr) != CURLM_OK) {
      break;
    }
  }
  curl_multi_remove_handle(multi, easy);
  return code;
}

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  return line;
}

void parse_sent_head(std::string_view head, http::Fields& fields) {
  bool first = true;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = without_line_end(head.substr(0, end));
    head.remove_prefix(std::min(end + 1, head.size()));
    const std::size_t colon = line.find(':');
    if (!first && colon != std::string_view::npos) {
      fields.add(std::string(line.substr(0, colon)),
                 std::string(http::trim_ows(line.substr(colon + 1))));
    }
    first = false;
  }
}

int on_debug(CURL* /*easy*/, curl_infotype type, char* data, std::size_t size, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  if (type == CURLINFO_HEADER_OUT) {
    const std::string_view head(data, size);
    // A proxy's CONNECT is not part of the exchange.
    if (head.starts_with("CONNECT ")) return 0;
    ++t.heads_sent;
    if (!t.head_sent) t.head_sent = Clock::now();
    t.exchange.sent.headers = {};
    parse_sent_head(head, t.exchange.sent.headers);
  }
  return 0;
}

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  const std::string_view rest = std::string_view(*t.request->body).substr(t.body_at);
  const std::size_t n = std::min(rest.size(), size * count);
  std::memcpy(buffer, rest.data(), n);
  t.digest.update(rest.substr(0, n));
  t.body_at += n;
  return n;
}

// libcurl asks to rewind when it is about to send the request once more on its own, after a reused
// connection turned out to be dead. What happened must be reported, not repaired.
int on_seek(void* self, curl_off_t /*offset*/, int /*origin*/) {
  static_cast<Transfer*>(self)->replay_refused = true;
  return CURL_SEEKFUNC_FAIL;
}

// The same for requests without a body, which libcurl replays without asking anybody.
curl_socket_t on_open(void* self, curlsocktype /*purpose*/, struct curl_sockaddr* address) {
  auto& t = *static_cast<Transfer*>(self);
  if (t.heads_sent > 0) {
    t.replay_refused = true;
    return CURL_SOCKET_BAD;
  }
  if (!t.opened) t.opened = Clock::now();
  const curl_socket_t fd =
      socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd != CURL_SOCKET_BAD) t.sockets->push_back(fd);
  return fd;
}

int on_close(void* self, curl_socket_t fd) {
  std::erase(*static_cast<std::vector<curl_socket_t>*>(self), fd);
  return ::close(fd);
}

void take_status_line(Transfer& t, std::string_view line) {
  if (t.response && t.response->status / 100 == 1) {
    t.exchange.interims.push_back({t.response->status, t.response->headers});
  }
  Response response;
  const std::size_t space = line.find(' ');
  response.version = line.substr(0, space);
  if (space != std::string_view::npos) {
    const std::string_view rest = line.substr(space + 1);
    for (const char c : rest.substr(0, 3)) {
      if (c >= '0' && c <= '9') response.status = response.status * 10 + (c - '0');
    }
    if (rest.size() > 4) response.reason = rest.substr(4);
  }
  t.response = std::move(response);
  t.head_ended = false;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  const std::size_t all = size * count;
  if (!t.first_byte) t.first_byte = Clock::now();
  t.head_bytes += static_cast<std::int64_t>(all);
  const std::string_view line = without_line_end({data, all});
  constexpr std::size_t give_up = 0;
  if (line.starts_with("HTTP/")) {
    take_status_line(t, line);
    const bool interim = t.response->status / 100 == 1;
    if (!t.count.head(all) || (interim && !t.count.interim())) return give_up;
  } else if (t.head_ended) {  // trailers after a body are not headers
    if (!t.count.trailer(all) || !t.count.field()) return give_up;
  } else if (!t.count.head(all)) {
    return give_up;
  } else if (line.empty()) {
    t.head_ended = true;
  } else if (t.response) {
    if (!t.count.field()) return give_up;
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      t.response->headers.add(std::string(line.substr(0, colon)),
                              std::string(http::trim_ows(line.substr(colon + 1))));
    }
  }
  return all;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  const std::size_t all = size * count;
  if (!t.response) return 0;
  Response& response = *t.response;
  response.body_size += Bytes{all};
  const auto limit = static_cast<std::size_t>(t.body_limit.value);
  const std::size_t room = limit > response.body.size() ? limit - response.body.size() : 0;
  response.body.append(data, std::min(room, all));
  t.body_too_long = all > room;
  return t.body_too_long ? 0 : all;
}

constexpr std::string_view lost =
    "the server ended the stream before all of the body was sent, and libcurl does not tell its "
    "answer";

enum class Wire { http1, http2_by_alpn, http2_at_once };

Wire wire_for(const ClientOptions& options, const std::string& url) {
  if (options.http == HttpVersion::http1) return Wire::http1;
  const auto parts = parse_url(url);
  if (parts && parts->scheme == "https") return Wire::http2_by_alpn;
  return options.prior_knowledge.hold(url) ? Wire::http2_at_once : Wire::http1;
}

long curl_version(Wire wire, const Request& request) {
  switch (wire) {
    case Wire::http2_by_alpn:
      return CURL_HTTP_VERSION_2TLS;
    case Wire::http2_at_once:
      return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    case Wire::http1:
      break;
  }
  return request.http10 ? CURL_HTTP_VERSION_1_0 : CURL_HTTP_VERSION_1_1;
}

/// A header as libcurl wants it: "Name: value", and "Name;" for an empty value.
std::string curl_header(const http::Field& field) {
  return field.value.empty() ? field.name + ";" : field.name + ": " + field.value;
}

Result<void> readable(const std::string& option, const std::string& file) {
  if (file.empty()) return {};
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return failure(option, quote(file) + " is a directory, expected a PEM file");
  }
  std::ifstream in(file);
  if (!in) {
    return failure(option, fmt::format("{} cannot be read: {}", quote(file), std::strerror(errno)));
  }
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (text.find("-----BEGIN ") == std::string::npos) {
    return failure(option, quote(file) + " is not a PEM file");
  }
  return {};
}

}  // namespace

Result<void> validate(const TlsOptions& options) {
  if (auto ok = readable("--ca-file", options.ca_file); !ok) return ok;
  return readable("--client-cert", options.client_cert);
}

Result<void> validate(const ClientOptions& options) {
  if (auto ok = validate(options.tls); !ok) return ok;
  if (options.http == HttpVersion::http2 &&
      (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) == 0) {
    return failure("--http", "this libcurl was built without HTTP/2");
  }
  if (!options.proxy.empty() && options.proxy != from_environment) {
    const auto proxy = parse_url(options.proxy);
    if (!proxy) return failure("--proxy", proxy.error().line());
  }
  for (const auto& field : options.extra_headers) {
    if (!http::is_token(field.name) || !http::is_field_value(field.value)) {
      return failure("--header", quote(field.name) + " is not a header field",
                     "as in 'X-Partner: lab-7'");
    }
  }
  return {};
}

bool lost_answer(const Exchange& exchange) {
  return exchange.failure && exchange.failure->message == lost;
}

struct Client::State {
  ClientOptions options;
  std::vector<curl_socket_t> sockets;       ///< open, whether in use or kept
  std::unique_ptr<CURLM, FreeMulti> multi;  ///< keeps the connections
  std::unique_ptr<CURL, FreeEasy> easy;
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>()) {
  init_curl();
  state_->options = std::move(options);
  state_->multi.reset(curl_multi_init());
  state_->easy.reset(curl_easy_init());
  if (!state_->easy) throw std::runtime_error("libcurl has no handle to give");
}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::optional<std::string> Client::cannot_send(const Request& request) const {
  if (wire_for(state_->options, request.url) == Wire::http1) return std::nullopt;
  if (request.http10) return "HTTP/1.0 is not HTTP/2";
  for (const char* name :
       {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"}) {
    if (request.headers.has(name)) {
      return fmt::format("HTTP/2 has no {} (RFC 9113 section 8.2.2)", name);
    }
  }
  if (request.expect_continue) return "libcurl waits for no 100 Continue in HTTP/2";
  return std::nullopt;
}

Exchange Client::send(const Request& request) {
  CURL* const easy = state_->easy.get();
  const ClientOptions& options = state_->options;
  curl_easy_reset(easy);  // keeps the connections
  Transfer t;
  t.request = &request;
  t.body_limit = request.body_limit.value_or(options.body_limit);
  t.sockets = &state_->sockets;
  t.exchange.sent.method = request.method;
  t.exchange.sent.url = request.url;

  const auto refuse = [&](std::string why) {
    t.exchange.failure = Failure{Failure::Kind::other, std::move(why)};
    t.exchange.timings.start = std::chrono::system_clock::now();
    return t.exchange;
  };
  if (!http::is_token(request.method)) return refuse("the method is not a token");
  if (auto why = cannot_send(request)) return refuse(std::move(*why));
  const Wire wire = wire_for(options, request.url);
  for (const auto& field : request.headers) {
    if (!http::is_token(field.name) || !http::is_field_value(field.value)) {
      return refuse("not a header field: " + quote(field.name + ": " + field.value));
    }
  }

  std::unique_ptr<curl_slist, FreeList> headers;
  const auto append = [&](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  http::Fields fields = request.headers;
  const bool extra_allowed =
      !options.extra_headers_to || options.extra_headers_to->hold(request.url);
  for (const auto& extra : options.extra_headers) {
    if (extra_allowed && !request.headers.has(extra.name)) fields.add(extra.name, extra.value);
  }
  if (!options.user_agent.empty() && !fields.has("User-Agent")) {
    fields.add("User-Agent", options.user_agent);
  }
  const bool empty_content =
      !request.body &&
      (request.method == "POST" || request.method == "PUT" || request.method == "PATCH");
  if (empty_content && !request.chunked && !fields.has("Content-Length") &&
      !fields.has("Transfer-Encoding")) {
    fields.add("Content-Length", "0");
  }
  // HTTP/2 marks the end of a body itself; with this field libcurl would frame it twice.
  if (request.chunked && wire == Wire::http1 && !fields.has("Transfer-Encoding")) {
    fields.add("Transfer-Encoding", "chunked");
  }
  if (request.expect_continue) fields.set("Expect", "100-continue");
  for (const auto& field : fields) append(curl_header(field));
  // Without these libcurl adds fields of its own.
  for (const char* name : {"Accept", "Content-Type", "Expect", "User-Agent"}) {
    if (!fields.has(name)) append(std::string(name) + ":");
  }

  std::array<char, CURL_ERROR_SIZE> error{};
  const auto set = [easy](auto option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_MAXCONNECTS, 4L);
  // Servers close idle connections, Node.js after 5 s. A request that is on its way then gets no
  // answer, and a creation must not be sent again (RFC 9112 section 9.3.1).
  set(CURLOPT_MAXAGE_CONN, 2L);
  set(CURLOPT_HTTP_VERSION, curl_version(wire, request));
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  const std::string proxy = proxy_for(options.proxy, request.url);
  set(CURLOPT_PROXY, proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options.tls.ca_file.empty()) set(CURLOPT_CAINFO, options.tls.ca_file.c_str());
  if (!options.tls.client_cert.empty()) set(CURLOPT_SSLCERT, options.tls.client_cert.c_str());
  witness_tls(easy, t.tls);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min(options.connect_timeout, request.timeout).count()));
  SlowLine* const line = SlowLine::of_thread();
  // Movement knows whether bytes moved, and ends a transfer in time. libcurl's own timeout does not
  // know, so it must not come first.
  constexpr Milliseconds after_movement{100};
  const Milliseconds most =
      line == nullptr
          ? request.timeout
          : std::chrono::ceil<Milliseconds>(line->at_most() - Clock::now()) + after_movement;
  set(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(most.count())));
  // libcurl 7.88, Debian 12's, fails when it reuses a connection of prior knowledge.
  const bool once = request.fresh_connection || wire == Wire::http2_at_once;
  set(CURLOPT_FRESH_CONNECT, once ? 1L : 0L);
  set(CURLOPT_FORBID_REUSE, once ? 1L : 0L);
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_VERBOSE, 1L);
  set(CURLOPT_DEBUGFUNCTION, &on_debug);
  set(CURLOPT_DEBUGDATA, &t);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &t);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, &t);
  set(CURLOPT_OPENSOCKETFUNCTION, &on_open);
  set(CURLOPT_OPENSOCKETDATA, &t);
  set(CURLOPT_CLOSESOCKETFUNCTION, &on_close);
  set(CURLOPT_CLOSESOCKETDATA, &state_->sockets);
  if (request.body) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &on_read);
    set(CURLOPT_READDATA, &t);
    set(CURLOPT_SEEKFUNCTION, &on_seek);
    set(CURLOPT_SEEKDATA, &t);
    set(CURLOPT_INFILESIZE_LARGE,
        request.chunked ? curl_off_t{-1} : static_cast<curl_off_t>(request.body->size()));
    set(CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024L);
  } else if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());

  t.exchange.timings.start = std::chrono::system_clock::now();
  t.start = Clock::now();
  if (line != nullptr) {
    t.movement.emplace(t.start, request.timeout, line->at_most());
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_XFERINFODATA, &t);
  }
  const CURLcode code = perform(state_->multi.get(), easy, t);
  const Clock::time_point end = Clock::now();

  Exchange& exchange = t.exchange;
  exchange.timings.total = since(t.start, end);
  if (t.opened) exchange.timings.connect = since(t.start, t.head_sent.value_or(end));
  if (t.first_byte) exchange.timings.first_byte = since(t.start, *t.first_byte);
  exchange.reused_connection = !t.opened && t.heads_sent > 0;
  exchange.sent.body_size = Bytes{t.body_at};
  if (t.body_at > 0) exchange.sent.body_sha256 = to_hex(t.digest.finish());
  if (t.response && t.response->status / 100 == 1 && t.response->status != 101) {
    exchange.interims.push_back({t.response->status, t.response->headers});
    t.response.reset();
  }
  exchange.response = std::move(t.response);
  if (code != CURLE_OK) {
    long os_error = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    using Kind = Failure::Kind;
    Failure failure = explained(curl_failure(code, os_error, error.data()), t.tls, request.url);
    if (t.given_up) {
      failure = {Kind::timeout, "nothing moved for " + ::to_string(request.timeout)};
    }
    if (t.movement && failure.kind == Kind::timeout && t.movement->slow(end)) {
      line->meet();
      failure.message = fmt::format(
          "the line is slow: {} of {} bytes were handed to it in {}", t.body_at,
          request.body ? request.body->size() : 0,
          ::to_string(std::chrono::duration_cast<Milliseconds>(exchange.timings.total)));
    }
    if (!t.count.problem().empty()) {
      failure = {Kind::protocol, std::string(t.count.problem())};
    } else if (t.body_too_long) {
      failure = {Kind::protocol, "the answer's body is longer than " + ::to_string(t.body_limit)};
    } else if (code == CURLE_HTTP2_STREAM && error.front() == '\0') {
      // If a reset says what was wrong, libcurl has a text for it; here there is none.
      failure = {Kind::closed, std::string(lost)};
    } else if (t.replay_refused) {
      failure = {Kind::closed, "the server closed the reused connection before it answered"};
    } else if (failure.kind == Kind::connect && os_error != 0) {
      failure.message = std::strerror(static_cast<int>(os_error));
      if (!proxy.empty()) {
        failure.kind = Kind::proxy;  // libcurl connects to nothing else
        failure.message = redact::shown_url(proxy) + ": " + failure.message;
      }
    }
    exchange.failure = std::move(failure);
    // Fields are missing: it would pass for another answer than the server sent.
    if (!t.head_ended) exchange.response.reset();
  } else if (exchange.response && !t.head_ended) {
    // libcurl takes the end of the connection for the end of the header: fields that were cut off
    // would look like fields that the server left out.
    exchange.response.reset();
    exchange.failure =
        Failure{Failure::Kind::closed, "the connection was closed within the header"};
  }
  return std::move(exchange);
}

}  // namespace transport
