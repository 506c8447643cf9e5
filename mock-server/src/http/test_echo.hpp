// For tests: a handler that tells what it was given, and does what the path asks for.
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http/handler.hpp"
#include "loop/loop.hpp"

namespace mock::test {

/// Makes handlers with a function.
class MakesHandlers final : public Application {
 public:
  using Make = std::function<std::unique_ptr<Handler>(const Request&, Intercept*)>;
  explicit MakesHandlers(Make make) : make_(std::move(make)) {}
  std::unique_ptr<Handler> handler_for(const Request& request, Intercept* intercept) override {
    return make_(request, intercept);
  }

 private:
  Make make_;
};

/// What a handler or an observer saw, told to the test's thread.
class Log {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    lines_.clear();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const auto& line : lines()) all += line + "\n";
    return all;
  }
  [[nodiscard]] bool has(const std::string& line) const {
    for (const auto& each : lines()) {
      if (each == line) return true;
    }
    return false;
  }

  std::atomic<std::size_t> drawn = 0;  ///< bytes that were read from a TestSource

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// The bytes of a test's body from position `at`: neighbours differ, and none look like a head.
inline std::string test_bytes(std::size_t size, std::size_t at = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (at + i) % 23);
  return bytes;
}

/// `test_bytes`, counted while they are read.
class TestSource final : public BodySource {
 public:
  enum class Kind {
    at_hand,
    slow,   ///< only a worker gets them
    short_  ///< has the first 100,000 bytes only
  };
  TestSource(std::size_t size, Kind kind, std::atomic<std::size_t>& drawn)
      : size_(size), kind_(kind), drawn_(drawn) {}

  [[nodiscard]] Bytes size() const override { return Bytes{size_}; }
  Result<void> read(Bytes at, std::span<std::byte> into) override {
    if (kind_ == Kind::short_ && at.value + into.size() > 100'000) return failure("test", "short");
    const auto bytes = test_bytes(into.size(), at.value);
    std::memcpy(into.data(), bytes.data(), bytes.size());
    drawn_ += into.size();
    return {};
  }
  Result<bool> try_read(Bytes at, std::span<std::byte> into) override {
    if (kind_ == Kind::slow) return false;
    return read(at, into).map([] { return true; });
  }

 private:
  std::size_t size_;
  Kind kind_;
  std::atomic<std::size_t>& drawn_;
};

/// Says back what it was sent, or does what the path asks for:
///   /early     replies before it looks at the body (X-Unread: close asks for that mode)
///   /interim   sends a 104 first
///   /later     replies from the loop, after the body
///   /background  ... from a worker's completion
///   /never     does not reply
///   /aborted-is-400  replies to an aborted body as well
///   /tell      writes "got BODY" into the log whenever bytes came
///   /overrun   replies 413 once more than four bytes came
///   /throw     throws
///   /status/N  replies N without reading
///   /string/N  replies with N test_bytes; /source/N, /slow/N, /short/N: from a TestSource
/// The log gets "complete BODY", "aborted BODY" or "timed_out BODY" when a body ended, and "gone"
/// when the handler is destroyed.
class Echo final : public Handler {
 public:
  Echo(Log& log, Loop*& loop) : log_(log), loop_(loop) {}
  ~Echo() override { log_.add("gone"); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void on_header(const Request& request, Exchange& exchange) override {
    request_ = &request;
    exchange_ = &exchange;
    if (request.path == "/early") {
      auto reply = text_reply(409, "early\n");
      if (request.fields.find("X-Unread") == "close") reply.unread_body = UnreadBody::close;
      return exchange.reply(std::move(reply));
    }
    if (request.path == "/throw") throw std::runtime_error("thrown on purpose");
    if (const auto body = long_body(request.path)) return exchange.reply(*body);
    if (request.path.starts_with("/status/")) {
      Reply reply;
      reply.status = std::stoi(request.path.substr(8));
      reply.body = "a body";
      return exchange.reply(std::move(reply));
    }
    if (request.path == "/interim") {
      Reply interim;
      interim.status = 104;
      interim.fields.add("Location", "/a");
      exchange.interim(std::move(interim));
    }
    exchange.read_body();
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (request_->path == "/tell") log_.add("got " + body_);
    if (request_->path == "/overrun" && body_.size() > 4)
      exchange_->reply(text_reply(413, "much\n"));
  }
  void on_end(BodyEnd end) override {
    const char* how = end == BodyEnd::complete  ? "complete"
                      : end == BodyEnd::aborted ? "aborted"
                                                : "timed_out";
    log_.add(std::string(how) + " " + body_);
    if (end == BodyEnd::timed_out) return exchange_->reply(text_reply(408, "slow\n"));
    if (end == BodyEnd::aborted && request_->path == "/aborted-is-400")
      return exchange_->reply(text_reply(400, "cut off\n"));
    if (end == BodyEnd::aborted || request_->path == "/never") return;
    auto answer = [this] {
      auto text = request_->method + " " + request_->path + "?" + request_->query + " " + body_;
      for (const auto& trailer : request_->trailers) {
        text += " " + trailer.name + "=" + trailer.value;
      }
      exchange_->reply(text_reply(200, text));
    };
    if (request_->path == "/later") {
      timer_ = loop_->after(Milliseconds{1}, answer);
    } else if (request_->path == "/background") {
      loop_->background([] {},
                        [alive = std::weak_ptr(alive_), answer](const std::exception_ptr&) {
                          if (alive.lock()) answer();
                        });
    } else {
      answer();
    }
  }

 private:
  [[nodiscard]] std::optional<Reply> long_body(const std::string& path) const {
    using Kind = TestSource::Kind;
    const auto name = path.substr(0, path.rfind('/'));
    const auto size = [&] { return std::stoul(path.substr(name.size() + 1)); };
    if (name == "/string") return text_reply(200, test_bytes(size()));
    const std::map<std::string, Kind> kinds{
        {"/source", Kind::at_hand}, {"/slow", Kind::slow}, {"/short", Kind::short_}};
    const auto kind = kinds.find(name);
    if (kind == kinds.end()) return std::nullopt;
    auto reply = text_reply(200, {});
    reply.source = std::make_shared<TestSource>(size(), kind->second, log_.drawn);
    return reply;
  }

  Log& log_;
  Loop*& loop_;
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::string body_;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace mock::test
