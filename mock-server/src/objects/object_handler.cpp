#include <fmt/format.h>

#include <array>
#include <utility>

#include "http/range.hpp"

#include "objects/access.hpp"
#include "objects/conditions.hpp"
#include "objects/handlers.hpp"
#include "objects/receiving.hpp"
#include "objects/replies.hpp"
#include "protocol/http/date.hpp"
#include "protocol/s3/request.hpp"
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
    const auto signature = check_put_access(request(), addressee->bucket, context_.options,
                                            context_.services.loop.now());
    if (!signature) return tl::unexpected(signature.error());
    if (auto known = check_subresources(request()); !known) return known;
    if (auto copy = check_no_copy(request()); !copy) return copy;
    auto condition = write_condition_of(request().fields);
    if (!condition) return tl::unexpected(condition.error());
    condition_ = *std::move(condition);
    addressee_ = *addressee;
    if (auto read = read_head(*signature); !read) return read;
    auto check = announced_digests();
    if (!check) return tl::unexpected(check.error());
    auto fields = kept_fields(request().fields);
    if (!fields) return tl::unexpected(fields.error());
    if (chunked()) drop_chunking(*fields);
    if (auto may = may_publish(); !may) return may;
    return receive(
        {std::move(addressee->bucket), std::move(addressee->key), *std::move(fields), length()},
        *std::move(check));
  }

  [[nodiscard]] s3::Expected<void> may_publish() override {
    if (!condition_) return {};
    return check(*condition_, addressee_, context_.objects, context_.services.store);
  }

  s3::Expected<Reply> answer(const s3::Expected<Object>& object) override {
    if (!object) return tl::unexpected(object.error());
    auto reply = object_reply(200);
    reply.fields.add("ETag", quoted_etag(*object));
    add_encryption(*object, reply);
    return reply;
  }

  Addressee addressee_;
  std::optional<WriteCondition> condition_;
};

/// What a signed URL may say of the reply (AWS, GetObject).
void override_fields(const Request& request, ::http::Fields& fields) {
  constexpr std::string_view prefix = "response-";
  constexpr std::array<std::string_view, 6> names{
      "Content-Type",  "Content-Language",    "Expires",
      "Cache-Control", "Content-Disposition", "Content-Encoding"};
  const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
  for (const auto name : names) {
    const auto value = s3::find(parameters, std::string(prefix) + ::http::lower_case(name));
    if (value && ::http::is_field_value(*value)) fields.set(name, std::string(*value));
  }
}

tl::unexpected<s3::Refusal> invalid_range(const Request& request, Bytes size) {
  return s3::refuse(s3::Code::invalid_range, "The requested range is not satisfiable",
                    {{"RangeRequested", std::string(request.fields.find("Range").value_or(""))},
                     {"ActualObjectSize", std::to_string(size.value)}});
}

/// What is told of an object besides its bytes.
::http::Fields description_of(const Request& request, const Object& object) {
  auto fields = object.fields;
  override_fields(request, fields);
  fields.add("ETag", quoted_etag(object));
  fields.add("Last-Modified", ::http::format_imf_fixdate(object.modified));
  return fields;
}

/// With the fields that RFC 9110 section 15.4.5 asks for.
Reply not_modified(const ::http::Fields& description) {
  auto reply = object_reply(304);
  for (const auto* name : {"Cache-Control", "Expires", "ETag", "Last-Modified"}) {
    if (const auto value = description.find(name)) reply.fields.add(name, std::string(*value));
  }
  return reply;
}

/// GET and HEAD.
s3::Expected<Reply> fetch(const Request& request, const Addressee& addressee,
                          const ObjectsContext& context) {
  auto& store = context.services.store;
  const auto object = context.objects.find(store, addressee.bucket, addressee.key);
  if (!object) return tl::unexpected(refusal_of(object.error()));
  const auto wanted = is_wanted(request.fields, *object);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto description = description_of(request, *object);
  if (!*wanted) return not_modified(description);
  const auto [answer, part] = choose_range(request, object->size);
  if (answer == RangeAnswer::unsatisfiable) return invalid_range(request, object->size);
  auto reply = object_reply(answer == RangeAnswer::part ? 206 : 200);
  for (const auto& [name, value] : description) reply.fields.add(name, value);
  reply.fields.add("Accept-Ranges", "bytes");
  auto range = ByteRange{Bytes{0}, object->size};
  if (answer == RangeAnswer::part) {
    range = part;
    reply.fields.add("Content-Range",
                     fmt::format("bytes {}-{}/{}", range.first.value,
                                 (range.first + range.length).value - 1, object->size.value));
  }
  if (object->size == Bytes{0}) return reply;
  auto reader = store.open(object->id);
  if (!reader) return tl::unexpected(refusal_of(reader.error()));
  reply.source = std::make_shared<StoredBytes>(*std::move(reader), range.first, range.length);
  return reply;
}

s3::Expected<Reply> remove(const Request& request, const Addressee& addressee,
                           const ObjectsContext& context) {
  if (auto may = check_removal(request.fields, addressee, context.objects, context.services.store);
      !may) {
    return tl::unexpected(may.error());
  }
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
  const auto signature = check_access(request, context.options, context.services.loop.now());
  if (!signature) return tl::unexpected(signature.error());
  if (auto known = check_subresources(request); !known) return tl::unexpected(known.error());
  if (request.method == "DELETE") return remove(request, *addressee, context);
  return fetch(request, *addressee, context);
}

}  // namespace

std::unique_ptr<Handler> answering(
    const ObjectsContext& context,
    std::function<s3::Expected<Reply>(const Request&, const ObjectsContext&)> answer) {
  return bodiless([context, answer = std::move(answer)](const Request& request) {
    auto reply = answer(request, context);
    return reply ? *std::move(reply)
                 : refusal_reply(request, reply.error(), context.options.early_error);
  });
}

std::unique_ptr<Handler> make_method_refusal(const ObjectsContext& context, std::string allowed) {
  return bodiless(
      [&options = context.options, allowed = std::move(allowed)](const Request& request) {
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
  return answering(context, answer);
}

}  // namespace mock
