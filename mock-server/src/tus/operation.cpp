#include "tus/operation.hpp"
#include "protocol/http/date.hpp"
#include "protocol/tus/headers.hpp"
#include "tus/refusals.hpp"

namespace mock {

void send(const Context& context, Reply reply) {
  reply.fields.set(tus::header::tus_resumable, std::string(tus::version));
  reply.fields.set("X-Content-Type-Options", "nosniff");
  if (context.method == "HEAD") {
    // protocol.md, HEAD; an error is not to be kept either, as the upload may come to exist.
    reply.fields.set("Cache-Control", "no-store");
  }
  send_as_it_is(context, std::move(reply));
}

void send_as_it_is(const Context& context, Reply&& reply) {
  if (context.method == "HEAD") {
    reply.body.clear();
    reply.source.reset();
  }
  if (reply.status >= 400) reply.unread_body = context.options.early_error;
  if (reply.close) reply.unread_body = UnreadBody::close;
  add_cors(context.request, context.method, context.options, reply);
  context.exchange.reply(std::move(reply));
}

Reply refusal(int status, std::string_view why) {
  Reply reply;
  reply.status = status;
  reply.fields.add("Content-Type", "text/plain; charset=utf-8");
  reply.body.append(why).append("\n");
  return reply;
}

Reply refusal(const TusOptions& options, const StoreError& error) {
  switch (error.kind) {
    case StoreError::Kind::not_found:
    case StoreError::Kind::damaged:
      return refusal(options, refused::unknown_upload);
    case StoreError::Kind::wrong_offset:
      return refusal(409, "the upload changed meanwhile");
    case StoreError::Kind::no_space:
      return refusal(507, "no space is left to store the upload");
    case StoreError::Kind::not_kept:
      return refusal(501, "this server keeps no bytes");
    case StoreError::Kind::exists:
      return refusal(500, "the upload's id is taken");
    case StoreError::Kind::io:
      break;
  }
  // The detail names a call and a reason, never a file.
  return refusal(500,
                 error.detail.empty() ? "the store failed" : "the store failed: " + error.detail);
}

Reply cut_off(const TusOptions& options, BodyEnd end) {
  auto reply =
      refusal(options, end == BodyEnd::timed_out ? refused::timed_out : refused::cut_short);
  reply.close = true;
  return reply;
}

Reply locked(const TusOptions& options) {
  auto reply = refusal(options, refused::locked);
  reply.close = true;
  return reply;
}

tl::expected<Upload, Reply> find_upload(const Context& context) {
  if (!is_upload_id(context.match.id)) {
    return tl::unexpected(refusal(context.options, refused::unknown_upload));
  }
  auto upload = context.services.store.find(context.match.id);
  if (!upload) return tl::unexpected(refusal(context.options, upload.error()));
  if (!is_tus(*upload)) return tl::unexpected(refusal(context.options, refused::unknown_upload));
  // A client may always say that it needs the upload no more.
  if (has_expired(*upload, context.services.loop.now()) && context.method != "DELETE") {
    return tl::unexpected(refusal(context.options, refused::expired));
  }
  return std::move(*upload);
}

tl::expected<void, Reply> finish(Hooks& hooks, const Upload& upload) {
  auto finished = hooks.before_finish(upload);
  if (finished) hooks.after_finish(upload);
  return finished;
}

bool has_expired(const Upload& upload, TimePoint now) {
  return upload.expires && !upload.complete() && *upload.expires <= now;
}

void add_expiry(const Upload& upload, Reply& reply) {
  if (!upload.expires || upload.complete()) return;
  reply.fields.set(tus::header::upload_expires, ::http::format_imf_fixdate(*upload.expires));
}

}  // namespace mock
