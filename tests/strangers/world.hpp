// What goes by in a relay: exchanges, and the uploads that they are about.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire.hpp"

namespace strangers {

/// As the server behind has told of it.
struct Upload {
  std::string path;
  std::string location;  ///< as the reply to its creation had it
  std::optional<std::uint64_t> length;
  bool deferred = false;     ///< its creation named no length
  std::uint64_t offset = 0;  ///< the last that was acknowledged
  std::uint64_t before = 0;  ///< the one before that
  int patches = 0;           ///< acknowledged
  bool was_cut = false;      ///< the last PATCH ended before its body did
  std::string metadata, concat, filename;
  Clock::time_point created, patched, asked;  ///< asked: of its last request

  [[nodiscard]] bool finished() const { return length && offset == *length; }
  [[nodiscard]] bool is_final() const { return concat.starts_with("final"); }
};

/// The members of an `Upload-Concat: final;...`; none for anything else.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view concat);
/// The pairs of an Upload-Metadata, as they are.
[[nodiscard]] std::vector<std::string> pairs_of(std::string_view metadata);
/// The value of `key`, still in Base64; empty when there is none.
[[nodiscard]] std::string value_of(std::string_view metadata, std::string_view key);

struct Answer {
  int status = 0;
  std::string reason;
  http::Fields fields;
  std::string body;
};

/// What is known of one connection of a client, for wrongs.
struct ConnectionNotes {
  bool misreads_next = false;
};

/// A request and what is decided about it.
struct Exchange {
  RequestHead head;
  Framing framing;
  Clock::time_point begun;  ///< by World::now, as all times here
  ConnectionNotes* connection = nullptr;

  // What a wrong may decide when it has seen the head.
  std::optional<Answer> answer;  ///< instead of asking the server
  bool close = false;            ///< after the answer
  bool edits_body = false;       ///< Wrong::body is to see each slice
  bool swallows = false;         ///< the body goes to `kept`, and Wrong::swallowed answers
  bool drops_trailers = false;
  bool edits_reply = false;  ///< set in Wrong::reply: Wrong::document is to see its body
  Clock::duration hold{0};   ///< before the reply goes out, by World::now

  // For the wrong's own use.
  std::string kept;
  std::uint64_t mark = 0;
  Clock::time_point last_slice;

  std::uint64_t received = 0;  ///< bytes of the body that have come

  /// With X-HTTP-Method-Override.
  [[nodiscard]] std::string verb() const;
  [[nodiscard]] std::string path() const { return path_of(head.target); }
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
    return head.fields.find(name);
  }
  [[nodiscard]] bool is_creation() const { return verb() == "POST" && field("Tus-Resumable"); }
  [[nodiscard]] bool has_body() const { return framing.chunked || framing.length.value_or(0) > 0; }
  /// Where its first byte belongs.
  [[nodiscard]] std::uint64_t offset() const { return number(field("Upload-Offset")).value_or(0); }
};

/// Everything that connections share. Its mutex is held whenever a wrong is asked.
class World {
 public:
  struct Options {
    std::string host;  ///< of the server behind
    std::uint16_t port = 0;
    std::string own;   ///< where clients find this relay, "127.0.0.1:8080"
    double speed = 1;  ///< of the time that wrongs go by
  };
  explicit World(Options options) : options_(std::move(options)) {}

  std::mutex mutex;

  /// nullptr: none that was created through this relay and still is.
  [[nodiscard]] Upload* upload(const std::string& path);
  [[nodiscard]] std::map<std::string, Upload>& uploads() { return uploads_; }
  /// Takes down what a final reply tells; `forget` what a termination ends.
  void note(const Exchange& exchange, const ReplyHead& reply);
  void forget(const Exchange& exchange, const ReplyHead& reply);

  /// A URL of the server behind, which it makes where a request names no host, as one of the relay.
  void own(ReplyHead& reply) const;

  /// Asks the server behind, on a connection of its own.
  Answer ask(const RequestHead& head, std::string_view body = {}) const;
  /// Terminates an upload, with the credentials of `by`.
  void terminate(const std::string& path, const Exchange& by);
  [[nodiscard]] Socket connect() const { return Socket::connect(options_.host, options_.port); }

  /// Time as wrongs see it.
  [[nodiscard]] Clock::time_point now() const {
    return begun_ +
           std::chrono::duration_cast<Clock::duration>((Clock::now() - begun_) * options_.speed);
  }
  /// How long everybody else waits for it.
  [[nodiscard]] Clock::duration real(Clock::duration time) const {
    return std::chrono::duration_cast<Clock::duration>(time / options_.speed);
  }

 private:
  void note_creation(const Exchange& exchange, const ReplyHead& reply);

  Options options_;
  Clock::time_point begun_ = Clock::now();
  std::map<std::string, Upload> uploads_;
};

}  // namespace strangers
