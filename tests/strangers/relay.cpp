#include "relay.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

namespace strangers {
namespace {

using Pending = std::shared_ptr<Exchange>;

/// How relaying a body ended. ended: the client broke off; lost: the server is gone.
enum class Passed { whole, ended, lost, refused };

std::string chunk_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (auto left = bytes.size(); left > 0; left /= 16) size.insert(0, 1, digits[left % 16]);
  return size + "\r\n" + std::string(bytes) + "\r\n";
}

/// nullopt when the line has no valid size.
std::optional<std::uint64_t> chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (const char c : line.substr(0, line.find_first_of(" \t;\r"))) {
    const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
    if (digit == std::string_view::npos || ++digits > 15) return std::nullopt;
    size = size * 16 + digit;
  }
  if (digits == 0) return std::nullopt;
  return size;
}

std::string written(const Answer& answer, const Exchange& to) {
  ReplyHead head{"HTTP/1.1", answer.status, answer.reason, answer.fields};
  if (answer.status != 204) head.fields.set("Content-Length", std::to_string(answer.body.size()));
  if (to.close) head.fields.set("Connection", "close");
  auto bytes = written(head);
  if (to.head.method != "HEAD") bytes += answer.body;
  return bytes;
}

/// Whether this is the control API or a lane, which the relay hides from its clients.
bool is_door_for_tests(const std::string& target) {
  const auto path = path_of(target);
  return path == "/_mock" || path.starts_with("/_mock/") || path.starts_with("/_lane/");
}

class Connection {
 public:
  Connection(Socket client, World& world, Wrong* wrong)
      : client_(std::move(client)), server_(world.connect()), world_(world), wrong_(wrong) {}

  void run() {
    std::thread replies([this] { relay_replies(); });
    relay_requests();
    replies.join();
  }

 private:
  // ---- requests

  void relay_requests() {
    Input in(client_);
    bool more = true;
    while (more) more = relay_request(in);
    if (client_.was_reset()) {
      server_.reset();
    } else {
      server_.end_sending();
    }
  }

  /// False when no more requests will come.
  bool relay_request(Input& in) {
    const auto end = in.until("\r\n\r\n");
    const auto exchange = end ? admit(in.peek().substr(0, *end)) : nullptr;
    if (!exchange) return relay_raw(in);
    const auto raw = in.take(*end);
    const auto came = exchange->head;
    if (is_door_for_tests(came.target)) {
      exchange->answer = Answer{404, "Not Found", {{"Content-Type", "text/plain"}}, "no such page"};
    } else if (wrong_ != nullptr) {
      const std::lock_guard lock(world_.mutex);
      wrong_->request(world_, *exchange);
    }
    if (exchange->answer || exchange->swallows) return answer_here(in, *exchange);
    {
      const std::lock_guard lock(mutex_);
      pending_.push_back(exchange);
    }
    if (!server_.send(exchange->head == came ? raw : written(exchange->head))) return false;
    const bool whole = relay_body(in, *exchange, true);
    tell_sent(*exchange);
    return whole;
  }

  /// nullptr when the head is not understood, and has to be passed on as it is.
  Pending admit(std::string_view head) {
    auto parsed = parse_request(head);
    auto framing = parsed ? framing_of(parsed->fields) : std::nullopt;
    if (!framing) return nullptr;
    auto exchange = std::make_shared<Exchange>();
    exchange->head = std::move(*parsed);
    exchange->framing = *framing;
    exchange->begun = exchange->last_slice = world_.now();
    exchange->connection = &notes_;
    return exchange;
  }

  bool relay_raw(Input& in) {
    do {
      if (!server_.send(in.take_all())) return false;
    } while (in.fill());
    return false;
  }

  void tell_sent(Exchange& exchange) {
    if (wrong_ == nullptr) return;
    const std::lock_guard lock(world_.mutex);
    wrong_->sent(world_, exchange);
  }

  /// Answers without the server, once all earlier requests have been answered.
  bool answer_here(Input& in, Exchange& exchange) {
    {
      std::unique_lock lock(mutex_);
      answered_.wait(lock, [this] { return pending_.empty() || over_; });
    }
    const bool waits = exchange.field("Expect").has_value();
    if (exchange.swallows) {
      if (waits) write_client("HTTP/1.1 100 Continue\r\n\r\n");
      if (!relay_body(in, exchange, false)) return false;
      const std::lock_guard lock(world_.mutex);
      exchange.answer = wrong_->swallowed(world_, exchange);
    }
    exchange.close = exchange.close || (waits && !exchange.swallows);
    write_client(written(*exchange.answer, exchange));
    const bool whole = exchange.swallows || exchange.close || relay_body(in, exchange, false);
    tell_sent(exchange);
    if (exchange.close) client_.end_sending();
    return whole && !exchange.close;
  }

  // ---- bodies

  /// Sends the body to the server, or drops it. False when the connection is at its end.
  bool relay_body(Input& in, Exchange& exchange, bool to_server) {
    const auto passed = exchange.framing.chunked ? pass_chunks(in, exchange, to_server)
                                                 : pass_length(in, exchange, to_server);
    if (passed == Passed::ended && to_server) tell_cut(exchange);
    if (passed == Passed::refused) refuse();
    if (passed == Passed::lost) pour_away(in);
    return passed == Passed::whole;
  }

  Passed pass_length(Input& in, Exchange& exchange, bool to_server) {
    auto left = exchange.framing.length.value_or(0);
    if (left == 0) return Passed::whole;
    while (left > 0) {
      if (in.empty() && !in.fill()) return Passed::ended;
      auto bytes = in.take(left);
      left -= bytes.size();
      if (!pass_slice(exchange, std::move(bytes), false, to_server)) return Passed::lost;
    }
    return !to_server || server_.send(end_of(exchange)) ? Passed::whole : Passed::lost;
  }

  Passed pass_chunks(Input& in, Exchange& exchange, bool to_server) {
    for (;;) {
      const auto end = in.until("\r\n");
      if (!end) return pass_rest(in, to_server);
      const auto line = in.take(*end);
      const auto size = chunk_size(line);
      if (!allowed(exchange, line)) return Passed::refused;
      if (!size) return pass_malformed(in, line, to_server);
      if (!edits(exchange) && to_server && !server_.send(line)) return Passed::lost;
      if (*size == 0) return pass_trailers(in, exchange, line, to_server);
      auto passed = pass_chunk(in, exchange, *size, to_server);
      if (passed != Passed::whole) return passed;
    }
  }

  Passed pass_rest(Input& in, bool to_server) {
    if (to_server) server_.send(in.take_all());
    return Passed::ended;
  }

  /// Passes on what is not understood, so that the server judges it.
  Passed pass_malformed(Input& in, const std::string& line, bool to_server) {
    if (to_server && server_.send(line)) relay_raw(in);
    return Passed::lost;
  }

  Passed pass_chunk(Input& in, Exchange& exchange, std::uint64_t size, bool to_server) {
    bool begins = true;
    while (size > 0) {
      if (in.empty() && !in.fill()) return Passed::ended;
      auto bytes = in.take(size);
      size -= bytes.size();
      if (!pass_slice(exchange, std::move(bytes), begins, to_server)) return Passed::lost;
      begins = false;
    }
    const auto end = in.until("\r\n");
    if (!end) return Passed::ended;
    const auto line = in.take(*end);
    return edits(exchange) || !to_server || server_.send(line) ? Passed::whole : Passed::lost;
  }

  Passed pass_trailers(Input& in, Exchange& exchange, const std::string& last, bool to_server) {
    if (edits(exchange) && to_server) {
      if (const auto more = end_of(exchange); !more.empty()) server_.send(chunk_of(more));
      server_.send(last);
    }
    for (;;) {
      const auto end = in.until("\r\n");
      if (!end) return pass_rest(in, to_server);
      const auto line = in.take(*end);
      if (to_server && (line == "\r\n" || !exchange.drops_trailers)) server_.send(line);
      if (line == "\r\n") return Passed::whole;
    }
  }

  bool pass_slice(Exchange& exchange, std::string bytes, bool begins_chunk, bool to_server) {
    Slice slice{std::move(bytes), exchange.received, begins_chunk};
    exchange.received += slice.bytes.size();
    if (!to_server) {
      if (exchange.swallows) exchange.kept += slice.bytes;
      return true;
    }
    if (!edits(exchange)) return server_.send(slice.bytes);
    {
      const std::lock_guard lock(world_.mutex);
      wrong_->body(world_, exchange, slice);
      exchange.last_slice = world_.now();
    }
    if (!exchange.framing.chunked) return server_.send(slice.bytes);
    return slice.bytes.empty() || server_.send(chunk_of(slice.bytes));
  }

  static bool edits(const Exchange& exchange) { return exchange.edits_body; }

  bool allowed(Exchange& exchange, std::string_view line) {
    if (wrong_ == nullptr) return true;
    const std::lock_guard lock(world_.mutex);
    return wrong_->chunk_line(world_, exchange, line);
  }

  std::string end_of(Exchange& exchange) {
    if (!edits(exchange)) return {};
    const std::lock_guard lock(world_.mutex);
    return wrong_->body_end(world_, exchange);
  }

  void tell_cut(Exchange& exchange) {
    std::uint64_t zeros = 0;
    {
      const std::lock_guard lock(world_.mutex);
      if (auto* upload = world_.upload(exchange.path())) upload->was_cut = true;
      if (wrong_ != nullptr) zeros = wrong_->cut(world_, exchange);
    }
    if (zeros > 0) server_.send(std::string(zeros, '\0'));
  }

  /// Reads what the client still sends: closing with unread bytes would reset the connection, and
  /// the client could not read its reply.
  static void pour_away(Input& in) {
    do {
      static_cast<void>(in.take_all());
    } while (in.fill());
  }

  /// Answers 400 in place of whatever the server would say.
  void refuse() {
    write_client(
        "HTTP/1.1 400 Bad Request\r\nTus-Resumable: 1.0.0\r\nConnection: close\r\n"
        "Content-Length: 0\r\n\r\n");
    {
      const std::lock_guard lock(writing_);
      silenced_ = true;
    }
    server_.end();
    client_.end_sending();
  }

  // ---- replies

  void relay_replies() {
    Input in(server_);
    bool more = true;
    while (more) more = relay_reply(in);
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    answered_.notify_all();
    if (server_.was_reset()) {
      client_.reset();
    } else {
      client_.end_sending();
    }
  }

  bool relay_reply(Input& in) {
    if (in.empty() && !in.fill()) return false;
    const auto exchange = front();
    if (!exchange) return write_client(in.take_all());
    const auto end = in.until("\r\n\r\n");
    if (!end) return write_client(in.take_all());
    const auto raw = in.take(*end);
    auto reply = parse_reply(raw);
    if (!reply) return write_client(raw);
    if (reply->status < 200) return !passes(*exchange, *reply) || write_client(raw);
    const bool whole = relay_final(in, *exchange, *reply, raw);
    {
      const std::lock_guard lock(mutex_);
      pending_.pop_front();
    }
    answered_.notify_all();
    if (exchange->close) client_.end();
    return whole && !exchange->close;
  }

  bool relay_final(Input& in, Exchange& exchange, ReplyHead& reply, const std::string& raw) {
    const auto came = reply;
    {
      const std::lock_guard lock(world_.mutex);
      world_.own(reply);
      world_.note(exchange, reply);
      if (wrong_ != nullptr) wrong_->reply(world_, exchange, reply);
      world_.forget(exchange, came);
    }
    if (exchange.hold.count() > 0) std::this_thread::sleep_for(world_.real(exchange.hold));
    const auto framing = framing_of(came.fields).value_or(Framing{});
    const bool bodiless = exchange.head.method == "HEAD" || came.status == 204;
    if (exchange.edits_reply && !bodiless) return relay_document(in, exchange, reply, framing);
    if (!write_client(reply == came ? raw : written(reply))) return false;
    if (bodiless) return true;
    return framing.chunked ? pass_reply_chunks(in) : pass_reply(in, framing.length);
  }

  bool pass_reply(Input& in, std::optional<std::uint64_t> length) {
    for (std::uint64_t left = length.value_or(UINT64_MAX); left > 0;) {
      if (in.empty() && !in.fill()) return false;
      const auto bytes = in.take(left);
      left -= bytes.size();
      if (!write_client(bytes)) return false;
    }
    return true;
  }

  bool pass_reply_chunks(Input& in) {
    for (;;) {
      const auto end = in.until("\r\n");
      if (!end) return write_client(in.take_all()) && false;
      const auto line = in.take(*end);
      const auto size = chunk_size(line);
      if (!write_client(line) || !size) return false;
      if (!pass_reply(in, *size + 2)) return false;
      if (*size == 0) return true;  // the servers behind send no trailers
    }
  }

  bool relay_document(Input& in, Exchange& exchange, ReplyHead& reply, const Framing& framing) {
    std::string body;
    const auto size = framing.length.value_or(UINT64_MAX);
    while (body.size() < size) {
      if (in.empty() && !in.fill()) break;
      body += in.take(size - body.size());
    }
    {
      const std::lock_guard lock(world_.mutex);
      wrong_->document(world_, exchange, reply, body);
    }
    if (reply.fields.has("Content-Length")) {
      reply.fields.set("Content-Length", std::to_string(body.size()));
    }
    return write_client(written(reply) + body);
  }

  bool passes(Exchange& exchange, const ReplyHead& reply) {
    if (wrong_ == nullptr) return true;
    const std::lock_guard lock(world_.mutex);
    return wrong_->interim(world_, exchange, reply);
  }

  Pending front() {
    const std::lock_guard lock(mutex_);
    return pending_.empty() ? nullptr : pending_.front();
  }

  bool write_client(const std::string& bytes) {
    const std::lock_guard lock(writing_);
    return !silenced_ && client_.send(bytes);
  }

  Socket client_, server_;
  World& world_;
  Wrong* wrong_;
  ConnectionNotes notes_;

  std::mutex mutex_;  ///< guards pending_ and over_
  std::condition_variable answered_;
  std::deque<Pending> pending_;  ///< sent to the server and not answered
  bool over_ = false;            ///< no more replies will come

  std::mutex writing_;  ///< guards sending to the client, and silenced_
  bool silenced_ = false;
};

}  // namespace

void serve(Socket client, World& world, Wrong* wrong) {
  try {
    Connection(std::move(client), world, wrong).run();
  } catch (const std::exception&) {
    // The upstream server is gone: the connection ends, as it would without a relay.
  }
}

}  // namespace strangers
