// Bodies in the content coding "aws-chunked" (AWS, "Signature calculations for the Authorization
// header: transferring a payload in multiple chunks"): what boto3 sends over TLS.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/signature_v4.hpp"

namespace s3 {

/// What each chunk is signed with, when it is.
struct ChunkKey {
  std::string signing_key;             ///< raw bytes
  std::string date;                    ///< x-amz-date
  std::string scope;                   ///< to_string(Scope)
  std::string seed;                    ///< the signature of the request
  bool trailer = false;                ///< a signed trailer follows the last chunk
  std::string access_key = {};         ///< for refusals, as is what follows
  std::string canonical_request = {};  ///< of the request
};
/// `signature` is that of `request`, and proven.
[[nodiscard]] ChunkKey chunk_key(const SignatureV4& signature, const Request& request,
                                 std::string_view secret);
/// IncompleteBody: the chunks are no chunks, or end too early.
[[nodiscard]] Refusal incomplete_chunks();
/// MalformedTrailerError: what follows the last chunk is not what was announced.
[[nodiscard]] Refusal malformed_trailer();

/// Reads a body from front to back, in slices that are cut anywhere, and hands on what it carries
/// uncopied. It holds one line of at most 1,024 bytes and trailers of at most 4,096. Move-only, not
/// thread-safe.
///
/// It takes the same bodies for well-formed as S3 does (openstack/swift 504bcf4,
/// test/s3api/test_input_errors.py, which holds for Amazon S3 too): the empty line at the very end
/// may be missing, what follows it does not count, and of two trailers of one name the later
/// counts.
class ChunkReader {
 public:
  enum class Event {
    more,    ///< the slice is used up
    bytes,   ///< bytes() are content; a signed chunk is proven only once it has ended
    end,     ///< trailer() and decoded() are complete
    failed,  ///< refusal() says why; for good
  };
  /// Without a key, signatures of chunks are not checked.
  explicit ChunkReader(std::optional<ChunkKey> key = std::nullopt);

  /// Takes what it uses from the front of `slice`. To be called until it says `more`.
  [[nodiscard]] Event next(std::string_view& slice);
  /// The body is complete: `end` or `failed`.
  [[nodiscard]] Event finish();

  /// Valid until the next call; points into the slice.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// x-amz-checksum-crc32 and its like.
  [[nodiscard]] const http::Fields& trailer() const { return trailer_; }
  /// Bytes of content so far: at the end what x-amz-decoded-content-length promised.
  [[nodiscard]] std::uint64_t decoded() const { return decoded_; }
  /// The same plus what is still missing of the present chunk.
  [[nodiscard]] std::uint64_t promised() const { return decoded_ + left_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  enum class State { size, data, data_end, trailer, done, failed };

  std::optional<std::string_view> take_line(std::string_view& slice);
  std::optional<Event> take_data(std::string_view& slice);
  std::optional<Event> take_size(std::string_view line);
  std::optional<Event> take_signature(std::string_view extension);
  std::optional<Event> take_trailer(std::string_view line);
  std::optional<Event> end_chunk();
  std::optional<Event> end_trailer();
  std::optional<Event> prove(std::string_view kind, std::string_view signed_text,
                             std::string_view signature);
  Event fail(Refusal refusal);

  std::optional<ChunkKey> key_;
  State state_ = State::size;
  std::string line_;
  std::uint64_t left_ = 0;  ///< of the chunk
  std::uint64_t size_ = 0;  ///< of the chunk
  unsigned count_ = 0;      ///< of chunks
  bool last_ = false;       ///< the chunk is that of size 0
  std::string chunk_signature_;
  std::optional<Digest> digest_;
  http::Fields trailer_;
  std::string trailer_text_;  ///< what the trailer's signature covers
  std::string_view bytes_;
  std::uint64_t decoded_ = 0;
  Refusal refusal_{Code::incomplete_body, {}, {}};
};

}  // namespace s3
