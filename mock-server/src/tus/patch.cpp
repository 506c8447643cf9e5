// PATCH (protocol.md, Requests/PATCH; Creation for deferred lengths).
#include "protocol/http/date.hpp"
#include "protocol/tus/headers.hpp"
#include "tus/checksum.hpp"
#include "tus/fields.hpp"
#include "tus/ietf.hpp"
#include "tus/refusals.hpp"
#include "tus/writer.hpp"

namespace mock {

namespace {

namespace header = tus::header;

class Patch : public Writer {
 public:
  explicit Patch(const Context& context) : Writer(context) {}

  void start() override {
    if (context_.options.patch_fields_first) {
      if (auto fit = check_fields(); !fit) return end(std::move(fit.error()));
    }
    auto upload = find_upload(context_);
    if (!upload) return end(std::move(upload.error()));
    if (!upload->complete()) expires_ = upload->expires;
    auto& locks = context_.services.locks;
    const bool contested = locks.locked(upload->id);
    // Only a correct request may take the upload from its holder, unless this server takes it first
    // and checks the request then (lock_first).
    if (!contested || !context_.options.lock_first) {
      if (auto fit = check(*upload); !fit) return end(std::move(fit.error()));
    }
    if (contested && wait_for(locks.grace(upload->id))) return;
    if (!hold(upload->id)) return end(locked(context_.options));
    if (contested) {
      upload = find_upload(context_);
      if (!upload) return end(std::move(upload.error()));
      if (auto fit = check(*upload); !fit) return end(std::move(fit.error()));
    }
    const bool was_complete = upload->complete();
    const bool last =
        !upload->length && !declared_ && signals_end(context_.request.fields, context_.options);
    auto& receiver = receive(std::move(*upload), was_complete, declared_, std::move(check_));
    if (last) receiver.ends_upload();
    context_.exchange.read_body();
  }

 private:
  /// Faults of the request that show without looking at its upload.
  OrReply<void> check_fields() {
    const auto& request = context_.request;
    if (!is_offset_stream(request)) {
      return tl::unexpected(refusal(context_.options, refused::content_type));
    }
    auto offset = offset_of(request, context_.options);
    if (!offset) return tl::unexpected(std::move(offset.error()));
    if (!*offset) return tl::unexpected(refusal(context_.options, refused::offset_missing));
    offset_ = *offset;
    return {};
  }

  /// Every fault of the request that shows before its body is read.
  OrReply<void> check(const Upload& upload) {
    if (tus_of(upload).kind == tus::UploadKind::final) {
      return tl::unexpected(refusal(context_.options, refused::final_patched));
    }
    if (auto fit = check_fields(); !fit) return fit;
    const auto& request = context_.request;
    const bool differs = *offset_ != upload.offset;
    if (differs && context_.options.patch_fields_first) return offset_differs();
    auto length = length_of(request, context_.options);
    if (!length) return tl::unexpected(std::move(length.error()));
    if (differs) return offset_differs();
    if (*length) {
      if (auto fit = check_declared(upload, **length); !fit) return fit;
    }
    declared_ = *length;
    auto announced = announced_checksum(request, context_.options);
    if (!announced) return tl::unexpected(std::move(announced.error()));
    check_ = std::move(*announced);
    const auto limit = declared_.value_or(limit_of(upload, context_.options));
    if (request.content_length && *request.content_length > room(upload, limit)) {
      if (context_.options.keeps_refused_length) keep_declared(upload);
      return tl::unexpected(refusal(context_.options, refused::too_long));
    }
    return {};
  }

  [[nodiscard]] tl::unexpected<Reply> offset_differs() const {
    return tl::unexpected(refusal(context_.options, refused::offset_differs));
  }

  OrReply<void> check_declared(const Upload& upload, Bytes length) {
    if (upload.length) {
      return tl::unexpected(refusal(context_.options, refused::length_known));
    }
    if (length < upload.offset) {
      return tl::unexpected(refusal(context_.options, refused::length_too_small));
    }
    if (context_.options.max_size && length > *context_.options.max_size) {
      return tl::unexpected(refusal(context_.options, refused::length_over_max_size));
    }
    return {};
  }

  /// Keeps the length that came with a request which is going to be refused.
  void keep_declared(Upload upload) {
    if (!declared_ || context_.services.locks.locked(upload.id)) return;
    upload.length = declared_;
    // If the store cannot, the request is still refused for its other fault.
    std::ignore = context_.services.store.update(upload);
  }

  Reply acknowledgement() override {
    const auto& upload = receiver().upload();
    Reply reply;
    reply.status = 204;
    reply.fields.add(std::string(header::upload_offset), std::to_string(upload.offset.value));
    if (upload.complete()) expires_.reset();
    return reply;
  }

  Reply taken_over() override {
    return receiver().completed() ? acknowledgement() : locked(context_.options);
  }

  /// Every PATCH response has Upload-Expires, a refusal as well (protocol.md, Expiration).
  void respond(Reply&& reply) override {
    if (expires_) {
      reply.fields.set(header::upload_expires, ::http::format_imf_fixdate(*expires_));
    }
    send(context_, std::move(reply));
  }

  std::optional<TimePoint> expires_;
  std::optional<Bytes> offset_;
  std::optional<Bytes> declared_;
  std::optional<ChecksumCheck> check_;
};

}  // namespace

std::unique_ptr<Operation> make_patch(const Context& context) {
  return std::make_unique<Patch>(context);
}

}  // namespace mock
