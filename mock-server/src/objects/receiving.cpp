#include "objects/receiving.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "objects/access.hpp"
#include "objects/replies.hpp"

namespace mock {
namespace {

constexpr Bytes largest_body{5UL << 30U};

s3::Expected<Bytes> at_most_5_gib(std::optional<Bytes> length) {
  if (!length) {
    return s3::refuse(s3::Code::missing_content_length,
                      "You must provide the Content-Length HTTP header.");
  }
  if (*length > largest_body) {
    return s3::refuse(s3::Code::entity_too_large,
                      "Your proposed upload exceeds the maximum allowed size",
                      {{"ProposedSize", std::to_string(length->value)},
                       {"MaxSizeAllowed", std::to_string(largest_body.value)}});
  }
  return *length;
}

s3::Refusal not_the_length(std::uint64_t expected, std::uint64_t provided) {
  return {s3::Code::incomplete_body,
          "You did not provide the number of bytes specified by the Content-Length HTTP header",
          {{"NumberBytesExpected", std::to_string(expected)},
           {"NumberBytesProvided", std::to_string(provided)}}};
}

bool expects_continue(const Request& request) {
  return request.fields.has_token("Expect", "100-continue");
}

Reply go_on() {
  Reply interim;
  interim.status = 100;
  return interim;
}

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
  if (auto started = start(); !started) {
    // Nobody knows whether the body comes all the same, so the connection closes, as S3's does.
    return refuse(started.error(), expects_continue(request));
  }
  // S3 sends 100 Continue even where no body is to come, and the AWS CLI counts on it.
  if (!request.has_body() && expects_continue(request)) exchange.interim(go_on());
  exchange.read_body();
}

void Receiving::on_end(BodyEnd end) {
  if (end != BodyEnd::complete) return refuse(refusal_of(end));
  auto reply = finish();
  if (!reply) return refuse(reply.error());
  reply->stored = std::move(stored_);
  exchange_->reply(*std::move(reply));
}

s3::Expected<void> Receiving::receive(NewObject object, PayloadCheck check) {
  if (auto awaited = check_awaited(context_.options, object.bucket, object.key); !awaited) {
    return awaited;
  }
  object.needs_md5 = check.needs_md5();
  if (context_.options.awaits) awaited_ = {object.bucket, object.key};
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
  // It may be no longer awaited.
  if (!awaited_.key.empty()) {
    const auto awaited = check_awaited(context_.options, awaited_.bucket, awaited_.key);
    if (!awaited) return tl::unexpected(awaited.error());
  }
  if (auto may = may_publish(); !may) return tl::unexpected(may.error());
  auto object = writer_->publish();
  if (!object) return tl::unexpected(mock::refusal_of(object.error()));
  stored_ = StoredRange{object->id, Bytes{0}, object->size};
  return *std::move(object);
}

void Receiving::refuse(const s3::Refusal& refusal, bool close) {
  writer_.reset();
  auto reply = refusal_reply(*request_, refusal, context_.options.early_error);
  reply.close = close;
  exchange_->reply(std::move(reply));
}

// ---- ReceivingBytes

s3::Expected<void> ReceivingBytes::read_head(const std::optional<s3::Signature>& signature) {
  auto payload = payload_of(request().fields, signature);
  if (!payload) return tl::unexpected(payload.error());
  const auto length = is_chunked(*payload) ? decoded_length(request()) : length_of_body(request());
  if (!length) return tl::unexpected(length.error());
  payload_ = *std::move(payload);
  length_ = *length;
  if (!is_chunked(payload_)) return {};
  const auto* const v4 = signature ? std::get_if<s3::SignatureV4>(&*signature) : nullptr;
  if (v4 == nullptr || payload_.kind == s3::PayloadKind::chunked_unsigned) {
    chunks_.emplace();
    return {};
  }
  const auto* const secret = context_.options.secret_of(v4->credential.access_key);
  chunks_.emplace(
      s3::chunk_key(*v4, {request().method, request().target, request().fields}, *secret));
  return {};
}

void ReceivingBytes::on_bytes(std::span<const std::byte> bytes) {
  if (auto taken = chunks_ ? take_chunks(bytes) : take(bytes); !taken) refuse(taken.error());
}

s3::Expected<void> ReceivingBytes::take_chunks(std::span<const std::byte> bytes) {
  using Event = s3::ChunkReader::Event;
  std::string_view slice(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (auto event = chunks_->next(slice); event != Event::more; event = chunks_->next(slice)) {
    if (event == Event::failed) return tl::unexpected(chunks_->refusal());
    if (chunks_->promised() > length_.value) {
      return tl::unexpected(not_the_length(length_.value, chunks_->promised()));
    }
    if (auto taken = take(std::as_bytes(std::span(chunks_->bytes()))); !taken) return taken;
  }
  return {};
}

s3::Expected<void> ReceivingBytes::end_chunks() {
  if (chunks_->finish() == s3::ChunkReader::Event::failed) {
    return tl::unexpected(chunks_->refusal());
  }
  if (chunks_->decoded() != length_.value) {
    return tl::unexpected(not_the_length(length_.value, chunks_->decoded()));
  }
  return take_trailer(chunks_->trailer());
}

s3::Expected<Reply> ReceivingBytes::finish() {
  if (chunks_) {
    if (auto whole = end_chunks(); !whole) return tl::unexpected(whole.error());
  }
  return answer(publish());
}

// ---- lengths

s3::Expected<Bytes> length_of_body(const Request& request) {
  if (request.chunked) {
    return tl::unexpected(s3::header_not_implemented({{"Header", "Transfer-Encoding"}}));
  }
  return at_most_5_gib(request.content_length);
}

s3::Expected<Bytes> decoded_length(const Request& request) {
  const auto text = request.fields.find("x-amz-decoded-content-length").value_or("");
  std::uint64_t length = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, length);
  // A length that no number can hold counts as none, as at S3.
  const bool good = error == std::errc{} && at == end && !text.empty() &&
                    (request.chunked || request.content_length);
  return at_most_5_gib(good ? std::optional(Bytes{length}) : std::nullopt);
}

}  // namespace mock
