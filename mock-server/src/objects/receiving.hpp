// What the requests that bring an object have in common.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "http/handler.hpp"
#include "objects/access.hpp"
#include "objects/handlers.hpp"
#include "objects/objects.hpp"
#include "objects/payload.hpp"
#include "protocol/s3/aws_chunked.hpp"
#include "protocol/s3/refusal.hpp"

namespace mock {

/// A request whose body holds the bytes of an object. Unless it ends well, nothing of them stays.
/// Loop thread only.
class Receiving : public Handler {
 public:
  void on_header(const Request& request, Exchange& exchange) final;
  void on_end(BodyEnd end) final;

 protected:
  explicit Receiving(const ObjectsContext& context) : context_(context) {}

  // ---- hooks
  /// Judges the head; then the body is read.
  virtual s3::Expected<void> start() = 0;
  /// All of the body came: the reply.
  virtual s3::Expected<Reply> finish() = 0;
  /// The bytes are verified. Whether they may still be published.
  [[nodiscard]] virtual s3::Expected<void> may_publish() { return {}; }

  // ---- for the hooks
  /// From here on bytes are taken; `check` holds the digests that were announced for them.
  s3::Expected<void> receive(NewObject object, PayloadCheck check);
  s3::Expected<void> receive(StoreResult<std::unique_ptr<ObjectWriter>> writer, PayloadCheck check);
  [[nodiscard]] bool receiving() const { return writer_ != nullptr; }
  [[nodiscard]] Bytes received() const { return writer_->size(); }
  s3::Expected<void> take(std::span<const std::byte> bytes);
  /// Behind all bytes of an aws-chunked body.
  s3::Expected<void> take_trailer(const ::http::Fields& trailer) {
    return check_->take_trailer(trailer);
  }
  /// Verifies the bytes and makes the object appear.
  s3::Expected<Object> publish();
  /// Answers, and forgets what came.
  void refuse(const s3::Refusal& refusal, bool close = false);

  [[nodiscard]] const Request& request() const { return *request_; }
  const ObjectsContext context_;

 private:
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::unique_ptr<ObjectWriter> writer_;
  std::optional<PayloadCheck> check_;
  std::optional<StoredRange> stored_;
  Addressee awaited_;  ///< no key: any is
};

/// A request whose body is the bytes of an object, plain or aws-chunked.
class ReceivingBytes : public Receiving {
 public:
  void on_bytes(std::span<const std::byte> bytes) final;

 protected:
  using Receiving::Receiving;

  // ---- hook
  /// The reply, when the object is there now or was refused.
  virtual s3::Expected<Reply> answer(const s3::Expected<Object>& object) = 0;

  // ---- for `start`
  /// Reads how the body comes, and how long the object will be (length_of_body). `signature` is the
  /// one by which the request was let in.
  s3::Expected<void> read_head(const std::optional<s3::Signature>& signature);
  /// After `read_head`.
  [[nodiscard]] Bytes length() const { return length_; }
  [[nodiscard]] bool chunked() const { return chunks_.has_value(); }
  [[nodiscard]] s3::Expected<PayloadCheck> announced_digests() const {
    return PayloadCheck::announced(request().fields, payload_);
  }

 private:
  s3::Expected<Reply> finish() final;
  s3::Expected<void> take_chunks(std::span<const std::byte> bytes);
  s3::Expected<void> end_chunks();

  s3::Payload payload_;
  Bytes length_;
  std::optional<s3::ChunkReader> chunks_;
};

/// Of a body that did not come as a whole: RequestTimeout, IncompleteBody.
[[nodiscard]] s3::Refusal refusal_of(BodyEnd end);
/// NotImplemented for a chunked body, MissingContentLength, and EntityTooLarge above 5 GiB, the
/// most for one request (AWS, "Amazon S3 quotas").
[[nodiscard]] s3::Expected<Bytes> length_of_body(const Request& request);
/// The same for what an aws-chunked body holds; HTTP may chunk that as well.
[[nodiscard]] s3::Expected<Bytes> decoded_length(const Request& request);

}  // namespace mock
