// What the requests share that bring an object.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "http/handler.hpp"
#include "objects/handlers.hpp"
#include "objects/objects.hpp"
#include "objects/payload.hpp"
#include "protocol/s3/refusal.hpp"

namespace mock {

/// A request whose body holds the bytes of an object. However it ends but well, nothing of them
/// stays. Loop thread only.
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

  // ---- for those
  /// From here on bytes are taken; there may be digests of them to `check`.
  s3::Expected<void> receive(NewObject object, PayloadCheck check);
  s3::Expected<void> receive(StoreResult<std::unique_ptr<ObjectWriter>> writer, PayloadCheck check);
  [[nodiscard]] bool receiving() const { return writer_ != nullptr; }
  [[nodiscard]] Bytes received() const { return writer_->size(); }
  s3::Expected<void> take(std::span<const std::byte> bytes);
  /// There it is.
  s3::Expected<Object> publish();
  /// Answers, and forgets what came.
  void refuse(const s3::Refusal& refusal);

  [[nodiscard]] const Request& request() const { return *request_; }
  const ObjectsContext context_;

 private:
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  std::unique_ptr<ObjectWriter> writer_;
  std::optional<PayloadCheck> check_;
};

/// Of a body that did not come as a whole: RequestTimeout, IncompleteBody.
[[nodiscard]] s3::Refusal refusal_of(BodyEnd end);
/// NotImplemented for a chunked body, MissingContentLength, and EntityTooLarge above 5 GiB: of one
/// request (AWS, "Amazon S3 quotas").
[[nodiscard]] s3::Expected<Bytes> length_of_body(const Request& request);

}  // namespace mock
