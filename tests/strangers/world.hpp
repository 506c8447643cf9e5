// What a relay knows: the exchanges that pass through it, and the uploads that they are about.
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

/// An upload, as far as replies of the server behind tell of it.
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
  Clock::time_point begun;  ///< like all times here, by World::now
  ConnectionNotes* connection = nullptr;

  // What a wrong may decide when it has seen the head.
  std::optional<Answer> answer;  ///< sent instead of asking the server
  bool close = false;            ///< close the connection after the answer
  bool edits_body = false;       ///< Wrong::body is to see each slice
  bool swallows = false;         ///< the body goes to `kept`, and Wrong::swallowed answers
  bool drops_trailers = false;
  bool edits_reply = false;  ///< set in Wrong::reply: Wrong::document is to see its body
  Clock::duration hold{0};   ///< how long to hold the reply back, by World::now

  // For the wrong's own use.
  std::string kept;
  std::uint64_t mark = 0;
  Clock::time_point last_slice;

  std::uint64_t received = 0;  ///< bytes of the body that have come

  /// The method, or the value of X-HTTP-Method-Override.
  [[nodiscard]] std::string verb() const;
  [[nodiscard]] std::string path() const { return path_of(head.target); }
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
    return head.fields.find(name);
  }
  [[nodiscard]] bool is_creation() const { return verb() == "POST" && field("Tus-Resumable"); }
  [[nodiscard]] bool has_body() const { return framing.chunked || framing.length.value_or(0) > 0; }
  /// Where the first byte of its body belongs.
  [[nodiscard]] std::uint64_t offset() const { return number(field("Upload-Offset")).value_or(0); }
};

/// Everything that connections share. The mutex is held whenever a hook of a wrong is called.
class World {
 public:
  struct Options {
    std::string host;  ///< of the server behind
    std::uint16_t port = 0;
    std::string own;   ///< where clients find this relay, "127.0.0.1:8080"
    double speed = 1;  ///< how fast the time of wrongs goes
  };
  explicit World(Options options) : options_(std::move(options)) {}

  std::mutex mutex;

  /// nullptr when no upload of that path was created through this relay, or it is gone.
  [[nodiscard]] Upload* upload(const std::string& path);
  [[nodiscard]] std::map<std::string, Upload>& uploads() { return uploads_; }
  /// `note` keeps what a final reply tells of an upload; `forget` drops an upload that was
  /// terminated.
  void note(const Exchange& exchange, const ReplyHead& reply);
  void forget(const Exchange& exchange, const ReplyHead& reply);

  /// Makes a URL of the server behind one of the relay; the server sends its own when a request
  /// names no host.
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
  /// How long that takes outside of World::now.
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
