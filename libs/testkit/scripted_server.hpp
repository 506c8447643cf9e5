// A TCP (or TLS) server on 127.0.0.1 that plays bytes a test wrote down.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "testkit/self_signed.hpp"

namespace testkit {

/// One accepted connection, seen from the server's side. Every wait ends when the server is
/// destroyed; reads then return what they have.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Reads until `end` has come and returns all bytes up to and including it (what follows is kept
  /// for the next read). Shorter when the client closed.
  virtual std::string read_until(std::string_view end) = 0;
  /// Reads exactly `size` bytes, fewer when the client closed.
  virtual std::string read_bytes(std::size_t size) = 0;
  /// A request with its body (Content-Length or chunked, the latter as it came).
  std::string read_request();
  /// Sends all; false when the client is gone.
  virtual bool send(std::string_view bytes) = 0;
  /// Orderly end (over TLS with close_notify).
  virtual void close() = 0;
  /// RST, without close_notify.
  virtual void reset() = 0;
  /// Does nothing until the client closes or the server is destroyed.
  virtual void stall() = 0;
};

/// Accepts on port 0 and plays one script per connection, in order; the last script is played for
/// all further connections. After a script the connection is closed in order. One thread; the
/// scripts run on it. An exception in a script ends its connection and is kept in `problems`.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  explicit ScriptedServer(std::vector<Script> scripts);
  explicit ScriptedServer(Script script) : ScriptedServer(std::vector<Script>{std::move(script)}) {}
  /// TLS with this certificate.
  ScriptedServer(std::vector<Script> scripts, const Certificate& certificate);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT", https with a certificate.
  [[nodiscard]] std::string url(std::string_view path = "") const;
  /// Connections accepted so far.
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::vector<std::string> problems() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A script that reads one request and answers with `bytes`, as they are.
[[nodiscard]] ScriptedServer::Script answer(std::string bytes);
/// The same for every request on the connection, in turn; the last answer is repeated.
[[nodiscard]] ScriptedServer::Script answers(std::vector<std::string> bytes);

}  // namespace testkit
