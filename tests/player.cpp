#include "player.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <thread>

#include "transport/raw_connection.hpp"
#include "transport/response_parser.hpp"
#include "transport/url.hpp"

namespace replies {
namespace {

using transport::RawConnection;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds connect_timeout{5000};
constexpr Milliseconds until_timeout{10000};
/// How long a server that announces Connection: close may take to close: Go lingers half a second.
constexpr Milliseconds close_timeout{3000};
/// How long to watch for a close that was not announced.
constexpr Milliseconds look{40};
constexpr Milliseconds again_after{50};

std::string word(RawConnection::Seen seen) {
  switch (seen) {
    case RawConnection::Seen::closed:
      return "closed";
    case RawConnection::Seen::reset:
      return "reset";
    case RawConnection::Seen::malformed:
      return "malformed";
    default:
      return "silent";
  }
}

bool ended(RawConnection::Seen seen) {
  return seen == RawConnection::Seen::closed || seen == RawConnection::Seen::reset;
}

std::string probe_bytes(const std::string& authority) {
  return transport::request_head("OPTIONS", "/files",
                                 {{"Host", authority}, {"Connection", "close"}});
}

/// What became of the connection: closed, reset, or whether it takes one more request.
std::string fate(RawConnection& connection, const transport::Response& response, bool half_closed,
                 const std::string& authority, int probe_status) {
  const bool says_close = response.headers.has_token("Connection", "close");
  if (says_close || half_closed) {
    const auto seen = connection.wait_for_close(close_timeout);
    // If bytes are left unread, FIN or RST depends on timing, so do not tell them apart.
    if (ended(seen)) return "closed";
    return says_close ? "kept, although it said close" : "kept, although the peer had ended";
  }
  // Bytes that follow a reply at once answer no request.
  const auto at_once = connection.read_response(look);
  if (ended(at_once.seen)) return word(at_once.seen);
  if (at_once.seen == RawConnection::Seen::response) {
    return fmt::format("one more reply: {}", at_once.response->status);
  }
  if (at_once.seen == RawConnection::Seen::malformed) return "bytes that are no reply";
  if (!connection.send(probe_bytes(authority), connect_timeout)) return "reset";
  const auto next = connection.read_response(connect_timeout);
  if (next.seen != RawConnection::Seen::response) return word(next.seen);
  if (next.response->status == probe_status) return "kept";
  return fmt::format("kept, but the next request got {}", next.response->status);
}

std::string id_in(std::string_view location) {
  location = location.substr(0, location.find('?'));
  return std::string(location.substr(location.rfind('/') + 1));
}

}  // namespace

Result<Server> Server::reach(const std::string& url, const transport::TlsOptions& tls,
                             std::string folder) {
  const auto parts = transport::parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  Server server;
  server.url_ = parts->origin();
  server.authority_ = parts->authority;
  server.folder_ = std::move(folder);
  server.tls_ = tls;
  const auto status = server.probe();
  if (!status) return tl::unexpected(status.error());
  server.probe_status_ = *status;
  return server;
}

Result<int> Server::probe() const {
  auto connection = RawConnection::open(url_, tls_, connect_timeout);
  if (!connection) return tl::unexpected(connection.error());
  if (auto sent = connection->send(probe_bytes(authority_), connect_timeout); !sent) {
    return tl::unexpected(sent.error());
  }
  const auto read = connection->read_response(connect_timeout);
  if (!read.response) return failure(url_, "does not answer OPTIONS /files");
  return read.response->status;
}

Seen Server::ask(const std::string& bytes, const Request& request) const {
  Seen seen;
  seen.head_request = bytes.starts_with("HEAD ");
  auto connection = RawConnection::open(url_, tls_, connect_timeout);
  if (!connection) {
    seen.ended = "not connected";
    return seen;
  }
  // The server may refuse early and cut the sending short; what counts is that the refusal can be
  // read.
  static_cast<void>(connection->send(bytes, connect_timeout));
  if (request.half_close) connection->shutdown_send();
  auto read = connection->read_response(request.patience, seen.head_request);
  for (const auto& interim : read.interims) seen.interims.push_back(interim.status);
  if (read.seen == RawConnection::Seen::response) {
    seen.response = std::move(read.response);
    seen.afterwards =
        fate(*connection, *seen.response, request.half_close, authority_, probe_status_);
    if (read.body_after_head) seen.afterwards = "bytes that are no reply";
    return seen;
  }
  seen.ended = word(read.seen);
  // A head whose body is cut off counts as a reply too.
  transport::ResponseParser parser(seen.head_request, Bytes{1UL << 20U});
  parser.feed(read.raw);
  if (read.seen != RawConnection::Seen::malformed && parser.has_head()) {
    seen.response = parser.response();
    seen.whole = false;
    seen.afterwards = seen.ended;
  }
  return seen;
}

std::vector<std::optional<Reply>> Server::play(const Case& one) const {
  std::vector<std::optional<Reply>> all;
  Normaliser normaliser(authority_);
  normaliser.name(folder_, "folder");
  std::map<std::string, std::string, std::less<>> values{{"host", authority_}};
  const auto value = [&values](std::string_view name) -> std::optional<std::string> {
    const auto at = values.find(name);
    if (at == values.end()) return std::nullopt;
    return at->second;
  };
  for (const auto& request : one.requests) {
    const auto bytes = bytes_of(request, value);
    if (!bytes) {
      all.emplace_back();
      continue;
    }
    auto seen = ask(*bytes, request);
    const auto deadline = Clock::now() + until_timeout;
    while (!request.until.empty() && Clock::now() < deadline &&
           (!seen.response || seen.response->body.find(request.until) == std::string::npos)) {
      std::this_thread::sleep_for(again_after);
      seen = ask(*bytes, request);
    }
    std::string created;
    if (seen.response) {
      const auto& headers = seen.response->headers;
      const auto location = headers.find("Location");
      if (location && seen.response->status == 201) {
        created = id_in(*location);
        values.insert_or_assign(request.as, created);
        values.insert_or_assign(request.as + ".url", std::string(*location));
        normaliser.name(created, request.as);
      }
      if (const auto offset = headers.find("Upload-Offset")) {
        values.insert_or_assign("offset", std::string(*offset));
      }
    }
    auto reply = normaliser.reply(seen, request.compared);
    if (!created.empty()) reply["id"] = form_of_id(created);
    all.push_back(std::move(reply));
  }
  return all;
}

}  // namespace replies
