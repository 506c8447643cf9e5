// The requests of a multipart upload: POST ?uploads, PUT ?partNumber&uploadId, GET, POST and DELETE
// ?uploadId.
#include <charconv>
#include <exception>
#include <functional>
#include <utility>

#include "objects/access.hpp"
#include "objects/conditions.hpp"
#include "objects/handlers.hpp"
#include "objects/receiving.hpp"
#include "objects/replies.hpp"
#include "protocol/digest.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/listings.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/request.hpp"

namespace mock {
namespace {

// AWS, "Amazon S3 multipart upload limits"; for every part but the last.
constexpr Bytes smallest_part{5UL << 20U};
// A list of 10,000 parts has some 150 bytes for each.
constexpr std::size_t longest_list = 4UL << 20U;

tl::unexpected<s3::Refusal> no_such_upload(std::string_view id) {
  return s3::refuse(s3::Code::no_such_upload,
                    "The specified upload does not exist. The upload ID may be invalid, or the "
                    "upload may have been aborted or completed.",
                    {{"UploadId", std::string(id)}});
}

/// A request that was let in.
struct Admitted {
  Addressee addressee;
  s3::Signature signature;
};
s3::Expected<Admitted> admit(const Request& request, const ObjectsContext& context,
                             std::string_view denial = "Access Denied") {
  auto addressee = addressee_of(request);
  if (!addressee) return tl::unexpected(addressee.error());
  auto signature = check_access(request, context.options, context.services.loop.now(), denial);
  if (!signature) return tl::unexpected(signature.error());
  return Admitted{*std::move(addressee), *std::move(signature)};
}

std::optional<std::string> parameter(const Request& request, std::string_view name) {
  const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
  const auto value = s3::find(parameters, name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

s3::Expected<const Objects::Parts*> parts_of(const std::string& id, const Addressee& addressee,
                                             const ObjectsContext& context) {
  const auto parts =
      context.objects.parts(context.services.store, id, addressee.bucket, addressee.key);
  if (!parts) return tl::unexpected(refusal_of(parts.error()));
  if (*parts == nullptr) return no_such_upload(id);
  return *parts;
}

// ---- POST ?uploads

s3::Expected<Reply> initiate(const Request& request, const ObjectsContext& context) {
  // As S3 says it, with two blanks.
  auto admitted = admit(request, context,
                        "Anonymous users cannot initiate multipart uploads.  Please authenticate.");
  if (!admitted) return tl::unexpected(admitted.error());
  auto fields = kept_fields(request.fields);
  if (!fields) return tl::unexpected(fields.error());
  const auto& [bucket, key] = admitted->addressee;
  if (auto awaited = check_awaited(context.options, bucket, key); !awaited) {
    return tl::unexpected(awaited.error());
  }
  const auto id =
      context.objects.begin_multipart(context.services.store, {bucket, key, *std::move(fields)});
  if (!id) return tl::unexpected(refusal_of(id.error()));
  return xml_reply(200, s3::initiate_multipart_upload_result({bucket, key, *id}));
}

// ---- DELETE ?uploadId

s3::Expected<Reply> abort(const Request& request, const std::string& id,
                          const ObjectsContext& context) {
  const auto admitted = admit(request, context);
  if (!admitted) return tl::unexpected(admitted.error());
  const auto parts = parts_of(id, admitted->addressee, context);
  if (!parts) return tl::unexpected(parts.error());
  context.objects.abort(context.services.store, id);
  return object_reply(204);
}

// ---- GET ?uploadId

s3::Expected<Reply> list_parts(const Request& request, const std::string& id,
                               const ObjectsContext& context) {
  const auto admitted = admit(request, context);
  if (!admitted) return tl::unexpected(admitted.error());
  const auto parts = parts_of(id, admitted->addressee, context);
  if (!parts) return tl::unexpected(parts.error());
  const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
  const auto most = number_of(parameters, "max-parts", 1000);
  if (!most) return tl::unexpected(most.error());
  const auto after = s3::find(parameters, "part-number-marker").value_or("").empty()
                         ? s3::Expected<std::size_t>(0)
                         : number_of(parameters, "part-number-marker", s3::most_parts);
  if (!after) return tl::unexpected(after.error());
  const auto& [bucket, key] = admitted->addressee;
  s3::PartListing listing{bucket, key, id, static_cast<unsigned>(*after), *most, {}, false};
  for (auto at = (*parts)->upper_bound(listing.after); at != (*parts)->end(); ++at) {
    listing.truncated = listing.parts.size() == listing.most;
    if (listing.truncated) break;
    const auto& [number, part] = *at;
    listing.parts.push_back({number, part.modified, '"' + part.etag + '"', part.size.value});
  }
  return xml_reply(200, s3::list_parts_result(listing));
}

// ---- PUT ?partNumber&uploadId

class PutPart final : public ReceivingBytes {
 public:
  PutPart(const ObjectsContext& context, std::string id, std::string number)
      : ReceivingBytes(context), id_(std::move(id)), number_(std::move(number)) {}

 private:
  s3::Expected<void> start() override {
    const auto admitted = admit(request(), context_);
    if (!admitted) return tl::unexpected(admitted.error());
    if (auto copy = check_no_copy(request()); !copy) return copy;
    if (auto read = read_head(admitted->signature); !read) return read;
    const auto number = part_number();
    if (!number) return tl::unexpected(number.error());
    const auto parts = parts_of(id_, admitted->addressee, context_);
    if (!parts) return tl::unexpected(parts.error());
    auto check = announced_digests();
    if (!check) return tl::unexpected(check.error());
    auto part = context_.objects.begin_part(context_.services.store, id_, *number, length(),
                                            check->needs_md5());
    return receive(std::move(part), *std::move(check));
  }

  [[nodiscard]] s3::Expected<unsigned> part_number() const {
    unsigned number = 0;
    const auto* const end = number_.data() + number_.size();
    const auto [at, error] = std::from_chars(number_.data(), end, number);
    if (error == std::errc{} && at == end && number >= 1 && number <= s3::most_parts) return number;
    return s3::refuse(s3::Code::invalid_argument,
                      "Part number must be an integer between 1 and 10000, inclusive",
                      {{"ArgumentName", "partNumber"}, {"ArgumentValue", number_}});
  }

  s3::Expected<Reply> answer(const s3::Expected<Object>& part) override {
    if (!part && part.error().code == s3::Code::no_such_key) return no_such_upload(id_);
    if (!part) return tl::unexpected(part.error());
    auto reply = object_reply(200);
    reply.fields.add("ETag", quoted_etag(*part));
    return reply;
  }

  std::string id_;
  std::string number_;
};

// ---- POST ?uploadId

class Complete final : public Handler {
 public:
  Complete(const ObjectsContext& context, std::string id) : context_(context), id_(std::move(id)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    request_ = &request;
    exchange_ = &exchange;
    if (auto started = start(); !started) return refuse(started.error());
    exchange.read_body();
  }

  void on_bytes(std::span<const std::byte> bytes) override {
    if (list_.size() + bytes.size() > longest_list) {
      return refuse({s3::Code::malformed_xml, "The list of parts is too long.", {}});
    }
    list_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void on_end(BodyEnd end) override {
    if (end != BodyEnd::complete) return refuse(refusal_of(end));
    auto numbers = read_list();
    if (!numbers) return refuse(numbers.error());
    context_.objects.complete(
        context_.services.store, context_.lane, id_, *numbers,
        [held = condition_, &lane = context_.lane] { return held(lane).has_value(); },
        [this, alive = std::weak_ptr(alive_)](const StoreResult<Object>& object) {
          if (!alive.expired()) carry_on([&] { answer(object); });
        });
  }

 private:
  s3::Expected<void> start() {
    auto admitted = admit(*request_, context_);
    if (!admitted) return tl::unexpected(admitted.error());
    const auto& [bucket, key] = admitted->addressee;
    if (auto awaited = check_awaited(context_.options, bucket, key); !awaited) return awaited;
    const auto parts = parts_of(id_, admitted->addressee, context_);
    if (!parts) return tl::unexpected(parts.error());
    const auto payload = payload_of(request_->fields, admitted->signature);
    if (!payload) return tl::unexpected(payload.error());
    if (is_chunked(*payload)) {
      return tl::unexpected(s3::chunked_refusal(
          request_->fields.find("x-amz-content-sha256").value_or(std::string_view{})));
    }
    auto condition = write_condition_of(request_->fields);
    if (!condition) return tl::unexpected(condition.error());
    condition_ = [condition = *std::move(condition), addressee = admitted->addressee,
                  former = context_.objects.former_of(id_), &objects = context_.objects,
                  &options = context_.options](Store& store) -> s3::Expected<void> {
      if (auto awaited = check_awaited(options, addressee.bucket, addressee.key); !awaited) {
        return awaited;
      }
      if (!condition) return {};
      return check(*condition, addressee, former, objects, store);
    };
    payload_ = *payload;
    admitted_ = *std::move(admitted);
    return {};
  }

  /// Numbers of parts that are there, with the ETags that they have.
  s3::Expected<std::vector<unsigned>> read_list() {
    auto check = PayloadCheck::of_document(request_->fields, payload_);
    if (!check) return tl::unexpected(check.error());
    if (auto right = check->verify(list_); !right) return tl::unexpected(right.error());
    const auto named = s3::parse_complete_multipart_upload(list_);
    if (!named) return tl::unexpected(named.error());
    const auto parts = parts_of(id_, admitted_.addressee, context_);
    if (!parts) return tl::unexpected(parts.error());
    if (auto held = condition_(context_.services.store); !held) {
      return tl::unexpected(held.error());
    }
    std::vector<unsigned> numbers;
    for (const auto& [number, etag] : *named) {
      const auto part = (*parts)->find(number);
      if (part == (*parts)->end() || part->second.etag != etag) return invalid_part(number, etag);
      numbers.push_back(number);
    }
    for (const auto number : numbers) {
      const auto& part = (*parts)->at(number);
      if (number != numbers.back() && part.size < smallest_part) return too_small(number, part);
    }
    return numbers;
  }

  [[nodiscard]] tl::unexpected<s3::Refusal> invalid_part(unsigned number,
                                                         const std::string& etag) const {
    return s3::refuse(s3::Code::invalid_part,
                      "One or more of the specified parts could not be found.  The part may not "
                      "have been uploaded, or the specified entity tag may not match the part's "
                      "entity tag.",
                      {{"UploadId", id_}, {"PartNumber", std::to_string(number)}, {"ETag", etag}});
  }

  static tl::unexpected<s3::Refusal> too_small(unsigned number, const ObjectPart& part) {
    return s3::refuse(s3::Code::entity_too_small,
                      "Your proposed upload is smaller than the minimum allowed size",
                      {{"ProposedSize", std::to_string(part.size.value)},
                       {"MinSizeAllowed", std::to_string(smallest_part.value)},
                       {"PartNumber", std::to_string(number)},
                       {"ETag", part.etag}});
  }

  /// What `go_on` throws becomes the answer: 500, 507.
  template <class GoOn>
  void carry_on(const GoOn& go_on) {
    try {
      go_on();
    } catch (...) {
      exchange_->reply(failed(context_.services.loop, *request_, std::current_exception()));
    }
  }

  void answer(const StoreResult<Object>& object) {
    if (!object && object.error().kind == StoreError::Kind::not_found) {
      const auto held = condition_(context_.services.store);
      return refuse(held ? no_such_upload(id_).value() : held.error());
    }
    if (!object) return refuse(refusal_of(object.error()));
    const auto url = bucket_url(*request_, object->bucket);
    auto reply = xml_reply(200, s3::complete_multipart_upload_result(
                                    {s3::post_location(url, object->key), object->bucket,
                                     object->key, quoted_etag(*object)}));
    add_encryption(*object, reply);
    exchange_->reply(std::move(reply));
  }

  void refuse(const s3::Refusal& refusal) {
    exchange_->reply(refusal_reply(*request_, refusal, context_.options.early_error));
  }

  const ObjectsContext context_;
  std::string id_;
  const Request* request_ = nullptr;
  Exchange* exchange_ = nullptr;
  Admitted admitted_;
  s3::Payload payload_;
  /// Whether the object may appear now, by what the given store has. Uses nothing of the request.
  std::function<s3::Expected<void>(Store&)> condition_;
  std::string list_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Handler> make_multipart_handler(const Request& request,
                                                const ObjectsContext& context) {
  const auto id = parameter(request, "uploadId");
  if (!id) {
    if (request.method == "POST" && parameter(request, "uploads")) {
      return answering(context, initiate);
    }
    return nullptr;
  }
  if (request.method == "PUT") {
    return std::make_unique<PutPart>(context, *id, parameter(request, "partNumber").value_or(""));
  }
  if (request.method == "POST") return std::make_unique<Complete>(context, *id);
  if (request.method == "DELETE") {
    return answering(context, [id = *id](const Request& asked, const ObjectsContext& in) {
      return abort(asked, id, in);
    });
  }
  if (request.method == "GET") {
    return answering(context, [id = *id](const Request& asked, const ObjectsContext& in) {
      return list_parts(asked, id, in);
    });
  }
  return make_method_refusal(context, "GET, PUT, POST, DELETE");
}

}  // namespace mock
