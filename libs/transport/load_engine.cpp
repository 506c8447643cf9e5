#include "transport/load_engine.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <set>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "transport/curl_failure.hpp"
#include "transport/limits.hpp"
#include "transport/load_handle.hpp"
#include "transport/load_loop.hpp"
#include "transport/load_pools.hpp"

namespace transport {
namespace {

constexpr std::size_t response_body_limit = 64U << 10U;
/// For a body that goes to a sink, so many bytes are progress; a byte now and then is none.
constexpr std::uint64_t progress_step = 64U << 10U;
/// A body that goes to a sink is waited for and read in pieces of this size: a wakeup for less
/// costs several times what reading does. But only while a piece comes within `piece_time`.
constexpr std::uint64_t piece = 256U << 10U;
constexpr std::chrono::seconds piece_time{1};
/// A timer that fires later than this was held up by us.
constexpr std::chrono::milliseconds own_delay{100};
/// How long one transfer may go on before others do.
constexpr std::chrono::milliseconds longest_turn{20};
/// A body up to this goes out with its header, in one packet mostly. (libcurl does that with less
/// than 64 KiB.)
constexpr std::uint64_t body_with_head = 16U << 10U;

void reset_on_close(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Failure failure_of(CURLcode code, long os_error, const char* text) {
  Failure failure = curl_failure(code, os_error, text);
  if (os_error != 0 &&
      (failure.kind == Failure::Kind::connect || failure.kind == Failure::Kind::own)) {
    failure.message = fmt::format("{}: {}", failure.message,
                                  std::generic_category().message(static_cast<int>(os_error)));
    // The peer took the connection, and then reset it.
    if (os_error == ECONNRESET) failure.kind = Failure::Kind::reset;
  }
  return failure;
}

}  // namespace

std::string_view to_string(Cut::Kind kind) { return kind == Cut::Kind::reset ? "reset" : "silent"; }

// ---------------------------------------------------------------------------------------------

namespace {

struct Transfer {
  LoadEngine* engine = nullptr;
  LoadPool* pool = nullptr;        ///< null: it waits for room in one
  std::unique_ptr<Handle> handle;  ///< null while `pool` is
  std::uint64_t id = 0;
  LoadRequest request;
  LoadTransport::Done done;
  std::string body;  ///< what `source` made, where it goes out with the header
  int fd = -1;       ///< the one opened for this transfer; -1 when a connection is reused
  LoadResponse response;
  Bytes sent;
  bool cut = false;
  bool silenced = false;  ///< by its pace, for longer than the client waits
  AnswerCount count;
  std::uint64_t body_seen = 0;
  std::uint64_t body_marked = 0;  ///< `body_seen` when progress was last noted
  std::uint64_t long_body = 0;    ///< its size, when it is waited for in pieces; 0: it is not
  bool looked_at_size = false;
  TimerId late_piece;
  bool head_ended = false;  ///< the empty line after the response's header has come
  bool paused = false;
  bool held = false;       ///< paused, so that others go on
  bool connected = false;  ///< or about to be: it waits for no socket of ours
  bool begun = false;      ///< the request was handed to a connection
  bool replayed = false;   ///< libcurl wanted to send it once more
  int open_error = 0;      ///< why there is no socket
  LoadTime started;
  LoadTime progress;
  TimerId stall;
  TimerId resume;

  /// Whether it needs a connection of its own.
  [[nodiscard]] bool wants_own() const { return request.fresh_connection || request.cut; }

  /// Whether libcurl is about to send the request again because its kept connection turned out to
  /// be dead. A request that changes something may have arrived; its owner has to find that out.
  bool is_replay() {
    const bool again = begun && (request.source || request.method == "POST");
    replayed = replayed || again;
    return again;
  }
};

}  // namespace

struct LoadEngine::State {
  LoadEngineOptions options;
  LoadLoop loop;
  /// Where a silently cut connection's own writes go (a TLS close_notify, say).
  Fd nowhere = checked(::open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
  TimerWheel& wheel = loop.timers();
  LoadPools pools;
  std::uint64_t next_id = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> transfers;
  std::vector<std::unique_ptr<Handle>> spare;
  std::deque<std::uint64_t> waiting;  ///< transfers, in their order
  std::deque<Fd> abandoned;
  std::optional<Pace> ceiling;
  std::uint64_t sent = 0;
  std::map<std::string, std::string> pins;  ///< "host:port" -> CURLOPT_RESOLVE entry
  curl_slist* resolve_list = nullptr;
  std::set<const LoadPool*> resolve_told;  ///< pools that have the list, each from one transfer

  explicit State(LoadEngineOptions o)
      : options(std::move(o)), pools(loop, {options.max_connections, options.max_sockets}) {
    if (options.ceiling.value > 0) ceiling.emplace(options.ceiling, LoadClock::now());
  }
  ~State() {
    loop.end_aside();
    for (auto& [id, transfer] : transfers) release(*transfer);
    spare.clear();
    curl_slist_free_all(resolve_list);
    for (const Fd& fd : abandoned) reset_on_close(fd.get());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.is_replay()) return CURL_SOCKET_BAD;
    transfer.fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (transfer.fd < 0) transfer.open_error = errno;
    transfer.connected = true;
    if (transfer.fd >= 0) transfer.pool->opened(transfer.fd);
    return transfer.fd;
  }

  static int on_connected(void* self, char*, char*, int, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    auto& state = *transfer.engine->state_;
    if (transfer.is_replay()) return CURL_PREREQFUNC_ABORT;
    transfer.connected = transfer.begun = true;
    const auto& gone = transfer.request.sender_gone;
    if (gone && *gone) {
      state.reset(transfer);
      return CURL_PREREQFUNC_ABORT;
    }
    const std::span<char> body(transfer.body);
    while (transfer.sent.value < body.size()) {
      const std::size_t filled = transfer.request.source(
          transfer.sent, std::as_writable_bytes(body.subspan(transfer.sent.value)));
      if (filled == 0) {
        state.reset(transfer);
        return CURL_PREREQFUNC_ABORT;
      }
      state.went(transfer, filled);
    }
    return CURL_PREREQFUNC_OK;
  }

  void went(Transfer& transfer, std::size_t count) {
    transfer.sent += Bytes{count};
    sent += count;
    transfer.progress = LoadClock::now();
  }

  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    auto& state = *transfer.engine->state_;
    const LoadRequest& request = transfer.request;
    if (request.sender_gone && *request.sender_gone) {
      state.reset(transfer);
      return CURL_READFUNC_ABORT;
    }
    std::uint64_t room =
        std::min<std::uint64_t>(size * count, request.source_size.value - transfer.sent.value);
    if (request.cut) {
      if (transfer.sent >= request.cut->after) {
        state.cut(transfer);
        return CURL_READFUNC_ABORT;
      }
      room = std::min(room, request.cut->after.value - transfer.sent.value);
    }
    if (room == 0) return 0;
    if (request.pace || state.ceiling) {
      room = state.paced(transfer, room);
      if (room == 0) {
        if (request.pace && request.pace->silence() >= request.stall_timeout) {
          state.silence(transfer);
          return CURL_READFUNC_ABORT;
        }
        transfer.paused = true;
        return CURL_READFUNC_PAUSE;
      }
    }
    const std::size_t filled = request.source(
        transfer.sent, {reinterpret_cast<std::byte*>(buffer), static_cast<std::size_t>(room)});
    if (filled == 0) {
      state.reset(transfer);
      return CURL_READFUNC_ABORT;
    }
    if (request.pace) request.pace->spend(filled);
    if (state.ceiling) state.ceiling->spend(filled);
    state.went(transfer, filled);
    return filled;
  }

  /// What of `room` may go now; 0 after arming a timer for the moment at which more is due.
  std::uint64_t paced(Transfer& transfer, std::uint64_t room) {
    const LoadTime now = LoadClock::now();
    const std::uint64_t left = transfer.request.source_size.value - transfer.sent.value;
    LoadClock::duration wait{0};
    Pacer* const own = transfer.request.pace.get();
    for (Pacer* const pace : {own, ceiling ? static_cast<Pacer*>(&*ceiling) : nullptr}) {
      if (pace == nullptr) continue;
      const std::uint64_t available = pace->available(now, left);
      if (available == 0) wait = std::max(wait, pace->wait(left));
      room = std::min(room, available);
    }
    if (room > 0) return room;
    transfer.resume = wheel.arm(now + wait, [this, id = transfer.id] {
      const auto found = transfers.find(id);
      if (found == transfers.end() || !found->second->paused) return;
      found->second->paused = false;
      curl_easy_pause(found->second->handle->easy, CURLPAUSE_CONT);
      found->second->pool->kick();
    });
    return 0;
  }

  static int on_seek(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    constexpr std::size_t give_up = 0;
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size * count);
    AnswerCount& counted = transfer.count;
    if (line.starts_with("HTTP/")) {
      // Only the beginning of a head is progress; fields that trickle in are not.
      transfer.progress = LoadClock::now();
      transfer.response.headers = {};
      transfer.head_ended = false;
      const auto space = line.find(' ');
      const bool interim = space != std::string_view::npos && line.substr(space + 1, 1) == "1";
      return counted.head(line.size()) && (!interim || counted.interim()) ? line.size() : give_up;
    }
    // A trailer is no header field: it must not tell an offset.
    if (transfer.head_ended) {
      return counted.trailer(line.size()) && counted.field() ? line.size() : give_up;
    }
    if (!counted.head(line.size())) return give_up;
    if (line == "\r\n" || line == "\n") transfer.head_ended = true;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    if (!counted.field()) return give_up;
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.remove_suffix(1);
    transfer.response.headers.add(std::string(line.substr(0, colon)),
                                  std::string(http::trim_ows(value)));
    return line.size();
  }

  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t length = size * count;
    transfer.body_seen += length;
    if (transfer.body_seen > transfer.request.answer_limit.value) return 0;
    if (transfer.request.sink) {
      if (transfer.body_seen - transfer.body_marked >= progress_step) {
        transfer.body_marked = transfer.body_seen;
        transfer.progress = LoadClock::now();
      }
      transfer.engine->state_->wait_in_pieces(transfer);
      const auto bytes = std::as_bytes(std::span(data, length));
      if (!transfer.request.sink(bytes)) return 0;
      transfer.engine->state_->let_others_on(transfer);
      return length;
    }
    std::string& body = transfer.response.body;
    body.append(data,
                std::min(length, response_body_limit - std::min(response_body_limit, body.size())));
    return length;
  }

  /// Pauses a transfer that takes too long. libcurl goes on with one while there is more to read,
  /// for up to a hundred buffers. If the sink is slower than the sender, other transfers and timers
  /// have to wait meanwhile.
  void let_others_on(Transfer& transfer) {
    if (LoadClock::now() - transfer.pool->called() < longest_turn) return;
    transfer.held = true;
    curl_easy_pause(transfer.handle->easy, CURLPAUSE_RECV);
    transfer.resume = wheel.soon([this, id = transfer.id] {
      const auto found = transfers.find(id);
      if (found == transfers.end() || !found->second->held) return;
      found->second->held = false;
      found->second->pool->call();
      curl_easy_pause(found->second->handle->easy, CURLPAUSE_CONT);
      found->second->pool->kick();
    });
  }

  /// Over TLS nothing is gained: there each record is read by itself.
  void wait_in_pieces(Transfer& transfer) {
    if (transfer.long_body > 0) {
      if (transfer.body_seen + 2 * piece > transfer.long_body) end_pieces(transfer);
      return;
    }
    // An answer may be there before its socket is watched.
    if (transfer.handle->socket < 0 || std::exchange(transfer.looked_at_size, true)) return;
    curl_off_t size = 0;
    curl_easy_getinfo(transfer.handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (size < static_cast<curl_off_t>(4 * piece)) return;
    if (!transfer.request.url.starts_with("http:")) return;
    transfer.long_body = static_cast<std::uint64_t>(size);
    set_low_water(transfer, piece);
    expect_piece(transfer);
  }
  void expect_piece(Transfer& transfer) {
    transfer.late_piece = wheel.arm(LoadClock::now() + piece_time,
                                    [this, id = transfer.id, seen = transfer.body_seen] {
                                      const auto found = transfers.find(id);
                                      if (found == transfers.end()) return;
                                      if (found->second->body_seen == seen) {
                                        end_pieces(*found->second);
                                      } else {
                                        expect_piece(*found->second);
                                      }
                                    });
  }
  void end_pieces(Transfer& transfer) {
    wheel.cancel(transfer.late_piece);
    transfer.long_body = 0;
    set_low_water(transfer, 1);
  }
  static void set_low_water(const Transfer& transfer, int bytes) {
    ::setsockopt(transfer.handle->socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
  }

  /// The client will have given the connection up before anything gets through again.
  void silence(Transfer& transfer) {
    wheel.cancel(transfer.resume);
    transfer.request.cut = Cut{Cut::Kind::silent, transfer.sent};
    transfer.silenced = true;
    cut(transfer);
  }

  /// For a transfer whose body nothing makes any more.
  void reset(Transfer& transfer) {
    transfer.request.cut = Cut{Cut::Kind::reset, transfer.sent};
    cut(transfer);
  }

  void cut(Transfer& transfer) {
    transfer.cut = true;
    const int fd = transfer.fd >= 0 ? transfer.fd : transfer.handle->socket;  // of a kept one
    if (fd < 0) return;
    if (transfer.request.cut->kind == Cut::Kind::reset) {
      reset_on_close(fd);
      // Dissolving the association resets it at once, ahead of anything TLS would say in closing.
      sockaddr unspecified{};
      unspecified.sa_family = AF_UNSPEC;
      static_cast<void>(::connect(fd, &unspecified, sizeof unspecified));
      return;
    }
    while (!abandoned.empty() && abandoned.size() >= options.max_abandoned) {
      reset_on_close(abandoned.front().get());
      abandoned.pop_front();
    }
    // The socket lives on under another number; what libcurl closes is /dev/null.
    Fd kept(options.max_abandoned == 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (kept.get() < 0) {
      reset_on_close(fd);
      return;
    }
    loop.forget(fd);
    ::dup3(nowhere.get(), fd, O_CLOEXEC);
    abandoned.push_back(std::move(kept));
  }

  void watch_stall(Transfer& transfer) {
    const std::uint64_t id = transfer.id;
    const LoadTime due = transfer.progress + transfer.request.stall_timeout;
    transfer.stall = wheel.arm(due, [this, id, due] {
      const auto found = transfers.find(id);
      if (found == transfers.end()) return;
      Transfer& stalled = *found->second;
      // Held back by us, not by the peer.
      if (stalled.paused || stalled.held || !stalled.connected) {
        stalled.progress = LoadClock::now();
      } else if (const auto late = LoadClock::now() - due; late > own_delay) {
        // The loop was busy elsewhere for so long, and may have missed progress.
        stalled.progress += late;
      }
      if (LoadClock::now() - stalled.progress < stalled.request.stall_timeout) {
        watch_stall(stalled);
        return;
      }
      finish(id, Failure{Failure::Kind::timeout,
                         fmt::format("no progress for {}, which is as long as this client waits",
                                     ::to_string(stalled.request.stall_timeout))});
    });
  }

  /// Gives it a spare handle, or a new one with all options that no request changes.
  void give_handle(Transfer& transfer) {
    if (!spare.empty()) {
      transfer.handle = std::move(spare.back());
      spare.pop_back();
      return;
    }
    transfer.handle = std::make_unique<Handle>(options);
    CURL* const easy = transfer.handle->easy;
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &State::on_open);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &State::on_connected);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &State::on_header);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &State::on_write);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &State::on_read);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &State::on_seek);
  }

  /// Sets every option that the request before may have changed.
  void set_request(Transfer& transfer) {
    CURL* const easy = transfer.handle->easy;
    const LoadRequest& r = transfer.request;
    transfer.handle->error[0] = '\0';
    transfer.handle->tls.reset();
    transfer.handle->transfer = transfer.id;
    transfer.handle->socket = -1;
    for (const auto option : {CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA, CURLOPT_HEADERDATA,
                              CURLOPT_WRITEDATA, CURLOPT_READDATA}) {
      curl_easy_setopt(easy, option, &transfer);
    }
    curl_easy_setopt(easy, CURLOPT_URL, r.url.c_str());
    transfer.handle->set_headers(r.headers);
    transfer.request.headers = {};  // saves half a kilobyte for each upload under way
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, r.sink ? static_cast<long>(piece) : 1024L);
    if (resolve_list != nullptr && resolve_told.insert(transfer.pool).second) {
      curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_list);
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, transfer.wants_own() ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    const bool with_head = r.source && !r.cut && !r.pace && !ceiling && !r.chunked &&
                           r.source_size.value > 0 && r.source_size.value <= body_with_head;
    if (r.source && !with_head) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                       r.chunked ? curl_off_t{-1} : static_cast<curl_off_t>(r.source_size.value));
    } else if (r.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (with_head || r.method == "POST" || !r.body.empty()) {
      if (with_head) transfer.body.resize(r.source_size.value);
      const std::string& body = with_head ? transfer.body : r.body;
      curl_easy_setopt(easy, CURLOPT_POST, 1L);
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r.method.c_str());
  }

  void release(Transfer& transfer) {
    wheel.cancel(transfer.stall);
    wheel.cancel(transfer.resume);
    wheel.cancel(transfer.late_piece);
    if (!transfer.handle) return;
    transfer.pool->remove(*transfer.handle);
    spare.push_back(std::move(transfer.handle));
  }

  /// Not from within a callback of libcurl.
  void start(Transfer& transfer, LoadPool& pool) {
    transfer.pool = &pool;
    give_handle(transfer);
    set_request(transfer);
    const CURLMcode code = pool.add(*transfer.handle);
    if (code == CURLM_OK) return;
    wheel.arm(LoadClock::now(),
              [this, id = transfer.id,
               failed = Failure{Failure::Kind::other, curl_multi_strerror(code)}] {
                if (transfers.contains(id)) finish(id, failed);
              });
  }

  /// It waits here, as libcurl would let it wait in one pool while another has room.
  void start_or_wait(Transfer& transfer) {
    LoadPool* const pool = waiting.empty() ? pools.room(transfer.wants_own()) : nullptr;
    if (pool != nullptr) {
      start(transfer, *pool);
    } else {
      waiting.push_back(transfer.id);
    }
  }

  void start_waiting() {
    while (!waiting.empty()) {
      Transfer& first = *transfers.at(waiting.front());
      LoadPool* const pool = pools.room(first.wants_own());
      if (pool == nullptr) return;
      waiting.pop_front();
      start(first, *pool);
    }
  }

  /// Ends a transfer and tells its owner. Not from within a callback of libcurl.
  void finish(std::uint64_t id, std::optional<Failure> failure) {
    const auto found = transfers.find(id);
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers.erase(found);
    LoadOutcome outcome;
    outcome.sent = transfer->sent;
    outcome.was_cut = transfer->cut && !transfer->silenced;
    long status = 0;
    long connects = 0;
    curl_easy_getinfo(transfer->handle->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->handle->easy, CURLINFO_NUM_CONNECTS, &connects);
    outcome.reused_connection = connects == 0 && transfer->fd < 0;
    if (failure && !transfer->cut) {
      failure = explained(*std::move(failure), transfer->handle->tls, transfer->request.url);
    }
    release(*transfer);
    start_waiting();
    if (failure) {
      outcome.failure = std::move(failure);
    } else {
      transfer->response.status = static_cast<int>(status);
      outcome.response = std::move(transfer->response);
    }
    const LoadTime started = transfer->started;
    auto deliver = [started, done = std::move(transfer->done)](LoadOutcome o) {
      o.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(LoadClock::now() - started);
      done(std::move(o));
    };
    if (transfer->cut && transfer->request.cut->kind == Cut::Kind::silent) {
      // Nothing tells the client: it notices only when its own timeout is over.
      wheel.arm(LoadClock::now() + transfer->request.stall_timeout,
                [deliver = std::move(deliver), outcome = std::move(outcome)]() mutable {
                  deliver(std::move(outcome));
                });
      return;
    }
    deliver(std::move(outcome));
  }

  /// In its answer to CONNECT, or in place of the target (RFC 9110 section 15.5.8).
  [[nodiscard]] bool proxy_asks_for_credentials(const Transfer& transfer) const {
    if (!options.proxy) return false;
    long status = 0;
    long of_tunnel = 0;
    curl_easy_getinfo(transfer.handle->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer.handle->easy, CURLINFO_HTTP_CONNECTCODE, &of_tunnel);
    return status == 407 || of_tunnel == 407;
  }

  void collect(LoadPool& pool) {
    for (const auto& [id, code] : pool.ended()) {
      const Transfer& transfer = *transfers.at(id);
      if (!transfer.cut && proxy_asks_for_credentials(transfer)) {
        finish(id, Failure{Failure::Kind::proxy,
                           "the proxy asks for credentials (407): give USER:PASSWORD by "
                           "--proxy-user-env"});
        continue;
      }
      if (code == CURLE_OK && transfer.head_ended) {
        finish(id, std::nullopt);
        continue;
      }
      if (transfer.cut) {
        const bool silent = transfer.request.cut->kind == Cut::Kind::silent;
        finish(id, Failure{silent ? Failure::Kind::timeout : Failure::Kind::reset,
                           transfer.silenced ? "connection went silent (an outage on purpose)"
                           : silent          ? "connection went silent (cut on purpose)"
                                             : "connection reset (cut on purpose)"});
        continue;
      }
      if (transfer.replayed) {
        finish(id,
               Failure{Failure::Kind::closed, "the kept connection was closed before an answer"});
        continue;
      }
      if (code == CURLE_OK) {
        // libcurl takes the end of the connection for the end of the header.
        finish(id, Failure{Failure::Kind::closed, "the connection was closed within the header"});
        continue;
      }
      if (!transfer.count.problem().empty()) {
        finish(id, Failure{Failure::Kind::protocol, std::string(transfer.count.problem())});
        continue;
      }
      if (transfer.body_seen > transfer.request.answer_limit.value) {
        finish(id, Failure{Failure::Kind::protocol,
                           fmt::format("the answer does not end within {}",
                                       ::to_string(transfer.request.answer_limit))});
        continue;
      }
      long os_error = 0;
      curl_easy_getinfo(transfer.handle->easy, CURLINFO_OS_ERRNO, &os_error);
      if (transfer.open_error != 0) os_error = transfer.open_error;
      Failure failure = failure_of(code, os_error, transfer.handle->error.data());
      // With a proxy, libcurl connects to nothing else.
      if (options.proxy && !options.proxy->empty() && failure.kind == Failure::Kind::connect) {
        failure.kind = Failure::Kind::proxy;
      }
      finish(id, std::move(failure));
    }
  }

  void turned() {
    pools.turned();
    for (std::size_t i = 0; i < pools.size(); ++i) collect(pools[i]);
    pools.set_due();
  }
};

LoadEngine::LoadEngine(LoadEngineOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
LoadEngine::~LoadEngine() = default;

void LoadEngine::pin(const ResolvedHost& host) {
  // An IPv6 literal resolves to itself only, and CURLOPT_RESOLVE has no spelling for it.
  if (host.host.find(':') != std::string::npos) return;
  std::string addresses;
  for (const auto& address : host.addresses) {
    const bool v6 = address.find(':') != std::string::npos;
    if (!addresses.empty()) addresses += ',';
    addresses += v6 ? fmt::format("[{}]", address) : address;
  }
  auto& entry = state_->pins[fmt::format("{}:{}", host.host, host.port)];
  if (!entry.empty()) return;
  entry = fmt::format("{}:{}:{}", host.host, host.port, addresses);
  state_->resolve_list = curl_slist_append(state_->resolve_list, entry.c_str());
  state_->resolve_told.clear();
}

void LoadEngine::send(LoadRequest request, Done done) {
  auto owned = std::make_unique<Transfer>();
  Transfer& transfer = *owned;
  transfer.engine = this;
  transfer.id = state_->next_id++;
  transfer.request = std::move(request);
  transfer.done = std::move(done);
  transfer.started = transfer.progress = LoadClock::now();
  const std::uint64_t id = transfer.id;
  state_->transfers.emplace(id, std::move(owned));
  state_->watch_stall(transfer);
  state_->start_or_wait(transfer);
}

TimerId LoadEngine::after(Milliseconds delay, std::function<void()> fire) {
  if (delay.count() <= 0) return state_->wheel.soon(std::move(fire));
  return at(LoadClock::now() + delay, std::move(fire));
}
TimerId LoadEngine::at(LoadTime due, std::function<void()> fire) {
  return state_->wheel.arm(due, std::move(fire));
}
void LoadEngine::cancel(TimerId id) { state_->wheel.cancel(id); }
LoadTime LoadEngine::now() const { return LoadClock::now(); }

void LoadEngine::aside(std::function<void()> work, std::function<void()> then) {
  state_->loop.aside(std::move(work), std::move(then));
}
void LoadEngine::post(std::function<void()> task) { state_->loop.post(std::move(task)); }

void LoadEngine::run() {
  state_->loop.run([this] { state_->turned(); });
}
void LoadEngine::stop() { state_->loop.stop(); }
std::size_t LoadEngine::transfers() const { return state_->transfers.size(); }
Bytes LoadEngine::sent() const { return Bytes{state_->sent}; }

}  // namespace transport
