#include <utility>

#include "objects/access.hpp"
#include "objects/handlers.hpp"
#include "objects/receiving.hpp"
#include "objects/replies.hpp"
#include "protocol/http/date.hpp"
#include "system/stored_bytes.hpp"

namespace mock {
namespace {

class Put final : public ReceivingBytes {
 public:
  explicit Put(const ObjectsContext& context) : ReceivingBytes(context) {}

 private:
  s3::Expected<void> start() override {
    auto addressee = addressee_of(request());
    if (!addressee) return tl::unexpected(addressee.error());
    const auto signature =
        check_access(request(), addressee->bucket, context_.options, context_.services.loop.now());
    if (!signature) return tl::unexpected(signature.error());
    if (auto read = read_head(*signature); !read) return read;
    auto check = announced_digests();
    if (!check) return tl::unexpected(check.error());
    auto fields = kept_fields(request().fields);
    if (!fields) return tl::unexpected(fields.error());
    if (chunked()) drop_chunking(*fields);
    return receive(
        {std::move(addressee->bucket), std::move(addressee->key), *std::move(fields), length()},
        *std::move(check));
  }

  s3::Expected<Reply> answer(const s3::Expected<Object>& object) override {
    if (!object) return tl::unexpected(object.error());
    auto reply = object_reply(200);
    reply.fields.add("ETag", quoted_etag(*object));
    add_encryption(*object, reply);
    return reply;
  }
};

/// GET and HEAD.
s3::Expected<Reply> fetch(const Addressee& addressee, const ObjectsContext& context) {
  auto& store = context.services.store;
  const auto object = context.objects.find(store, addressee.bucket, addressee.key);
  if (!object) return tl::unexpected(refusal_of(object.error()));
  auto reply = object_reply(200);
  for (const auto& [name, value] : object->fields) reply.fields.add(name, value);
  reply.fields.add("ETag", quoted_etag(*object));
  reply.fields.add("Last-Modified", ::http::format_imf_fixdate(object->modified));
  if (object->size == Bytes{0}) return reply;
  auto reader = store.open(object->id);
  if (!reader) return tl::unexpected(refusal_of(reader.error()));
  const auto size = (*reader)->size();
  reply.source = std::make_shared<StoredBytes>(*std::move(reader), Bytes{0}, size);
  return reply;
}

s3::Expected<Reply> remove(const Addressee& addressee, const ObjectsContext& context) {
  const auto removed =
      context.objects.remove(context.services.store, addressee.bucket, addressee.key);
  // What is not there need not be removed (AWS, DeleteObject).
  if (!removed && removed.error().kind != StoreError::Kind::not_found) {
    return tl::unexpected(refusal_of(removed.error()));
  }
  return object_reply(204);
}

s3::Expected<Reply> answer(const Request& request, const ObjectsContext& context) {
  const auto addressee = addressee_of(request);
  if (!addressee) return tl::unexpected(addressee.error());
  const auto signature =
      check_access(request, addressee->bucket, context.options, context.services.loop.now());
  if (!signature) return tl::unexpected(signature.error());
  return request.method == "DELETE" ? remove(*addressee, context) : fetch(*addressee, context);
}

}  // namespace

std::unique_ptr<Handler> make_method_refusal(const ObjectsContext& context, std::string allowed) {
  return bodiless([&options = context.options, allowed](const Request& request) {
    auto reply = refusal_reply(request,
                               {s3::Code::method_not_allowed,
                                "The specified method is not allowed against this resource.",
                                {{"Method", request.method}, {"ResourceType", "OBJECT"}}},
                               options.early_error);
    reply.fields.add("Allow", allowed);
    return reply;
  });
}

std::unique_ptr<Handler> make_object_handler(const Request& request,
                                             const ObjectsContext& context) {
  const auto& method = request.method;
  if (method == "PUT") return std::make_unique<Put>(context);
  if (method != "GET" && method != "HEAD" && method != "DELETE") {
    return make_method_refusal(context, "GET, HEAD, PUT, DELETE");
  }
  return bodiless([context](const Request& asked) {
    auto reply = answer(asked, context);
    return reply ? *std::move(reply)
                 : refusal_reply(asked, reply.error(), context.options.early_error);
  });
}

}  // namespace mock
