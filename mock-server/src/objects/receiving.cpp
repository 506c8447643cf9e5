#include "objects/receiving.hpp"

#include <utility>

#include "objects/replies.hpp"

namespace mock {
namespace {

constexpr Bytes largest_body{5UL << 30U};

}  // namespace

s3::Refusal refusal_of(BodyEnd end) {
  if (end == BodyEnd::timed_out) {
    return {s3::Code::request_timeout,
            "Your socket connection to the server was not read from or written to within the "
            "timeout period. Idle connections will be closed.",
            {}};
  }
  return {s3::Code::incomplete_body,
          "You did not provide the number of bytes specified by the Content-Length HTTP header",
          {}};
}

void Receiving::on_header(const Request& request, Exchange& exchange) {
  request_ = &request;
  exchange_ = &exchange;
  if (auto started = start(); !started) return refuse(started.error());
  exchange.read_body();
}

void Receiving::on_end(BodyEnd end) {
  if (end != BodyEnd::complete) return refuse(refusal_of(end));
  auto reply = finish();
  if (!reply) return refuse(reply.error());
  exchange_->reply(*std::move(reply));
}

s3::Expected<void> Receiving::receive(NewObject object, PayloadCheck check) {
  object.needs_md5 = check.needs_md5();
  return receive(context_.objects.begin(context_.services.store, std::move(object)),
                 std::move(check));
}

s3::Expected<void> Receiving::receive(StoreResult<std::unique_ptr<ObjectWriter>> writer,
                                      PayloadCheck check) {
  if (!writer) return tl::unexpected(mock::refusal_of(writer.error()));
  writer_ = *std::move(writer);
  check_ = std::move(check);
  return {};
}

s3::Expected<void> Receiving::take(std::span<const std::byte> bytes) {
  if (auto taken = writer_->append(bytes); !taken) {
    return tl::unexpected(mock::refusal_of(taken.error()));
  }
  check_->update(bytes);
  return {};
}

s3::Expected<Object> Receiving::publish() {
  if (auto right = check_->verify(*writer_); !right) return tl::unexpected(right.error());
  auto object = writer_->publish();
  if (!object) return tl::unexpected(mock::refusal_of(object.error()));
  return *std::move(object);
}

void Receiving::refuse(const s3::Refusal& refusal) {
  writer_.reset();
  exchange_->reply(refusal_reply(*request_, refusal, context_.options.early_error));
}

s3::Expected<Bytes> length_of_body(const Request& request) {
  if (request.chunked) {
    return s3::refuse(s3::Code::not_implemented,
                      "A header you provided implies functionality that is not implemented",
                      {{"Header", "Transfer-Encoding"}});
  }
  if (!request.content_length) {
    return s3::refuse(s3::Code::missing_content_length,
                      "You must provide the Content-Length HTTP header.");
  }
  if (*request.content_length > largest_body) {
    return s3::refuse(s3::Code::entity_too_large,
                      "Your proposed upload exceeds the maximum allowed size",
                      {{"ProposedSize", std::to_string(request.content_length->value)},
                       {"MaxSizeAllowed", std::to_string(largest_body.value)}});
  }
  return *request.content_length;
}

}  // namespace mock
