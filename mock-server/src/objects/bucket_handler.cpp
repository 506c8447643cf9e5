// What a bucket holds: GET with list-type=2 or without, ?uploads, ?location; HEAD; POST ?delete;
// and PUT, which creates no bucket.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "objects/access.hpp"
#include "objects/handlers.hpp"
#include "objects/payload.hpp"
#include "objects/replies.hpp"
#include "protocol/base64.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/listings.hpp"
#include "protocol/s3/request.hpp"

namespace mock {
namespace {

/// AWS, ListObjectsV2.
constexpr std::size_t most_keys = 1000;

std::string text_of(const s3::Parameters& parameters, std::string_view name) {
  return std::string(s3::find(parameters, name).value_or(""));
}

s3::Expected<s3::ObjectListing> asked_listing(const s3::Parameters& parameters,
                                              const std::string& bucket) {
  const auto most = number_of(parameters, "max-keys", most_keys);
  if (!most) return tl::unexpected(most.error());
  const auto encoding = s3::find(parameters, "encoding-type");
  if (encoding && *encoding != "url") {
    return s3::refuse(
        s3::Code::invalid_argument, "Invalid Encoding Method specified in Request",
        {{"ArgumentName", "encoding-type"}, {"ArgumentValue", std::string(*encoding)}});
  }
  s3::ObjectListing listing;
  listing.bucket = bucket;
  listing.prefix = text_of(parameters, "prefix");
  listing.delimiter = text_of(parameters, "delimiter");
  listing.most = *most;
  listing.url_encoded = encoding.has_value();
  return listing;
}

/// Fills `listing` with what comes after `after`. Returns the last key told, if there is more.
s3::Expected<std::optional<std::string>> fill(s3::ObjectListing& listing, std::string_view after,
                                              const ObjectsContext& context) {
  auto found = context.objects.list(
      context.services.store,
      Selection{listing.bucket, listing.prefix, listing.delimiter, after, listing.most});
  if (!found) return tl::unexpected(refusal_of(found.error()));
  for (const auto& object : found->objects) {
    listing.objects.push_back(
        {object.key, object.modified, quoted_etag(object), object.size.value});
  }
  listing.prefixes = std::move(found->beginnings);
  listing.truncated = found->last.has_value();
  return std::move(found->last);
}

s3::Expected<Reply> list(const s3::Parameters& parameters, const std::string& bucket,
                         const ObjectsContext& context) {
  auto listing = asked_listing(parameters, bucket);
  if (!listing) return tl::unexpected(listing.error());
  const auto marker = text_of(parameters, "marker");
  const auto last = fill(*listing, marker, context);
  if (!last) return tl::unexpected(last.error());
  // NextMarker is told only with a delimiter; else the last key stands for it (AWS, ListObjects).
  const bool told = last->has_value() && !listing->delimiter.empty();
  return xml_reply(200, s3::list_bucket_result(
                            *listing, s3::ListingMarkers{marker, told ? **last : std::string()}));
}

/// The token is the last key that was told.
s3::Expected<Reply> list_v2(const s3::Parameters& parameters, const std::string& bucket,
                            const ObjectsContext& context) {
  auto listing = asked_listing(parameters, bucket);
  if (!listing) return tl::unexpected(listing.error());
  s3::ListingTokens tokens;
  if (const auto text = s3::find(parameters, "continuation-token")) tokens.token = *text;
  if (const auto text = s3::find(parameters, "start-after")) tokens.start_after = *text;
  const auto behind =
      tokens.token ? base64::decode(*tokens.token) : tokens.start_after.value_or("");
  if (!behind || (tokens.token && behind->empty())) {
    return s3::refuse(s3::Code::invalid_argument, "The continuation token provided is incorrect",
                      {{"ArgumentName", "continuation-token"}});
  }
  const auto last = fill(*listing, *behind, context);
  if (!last) return tl::unexpected(last.error());
  if (*last) tokens.next = base64::encode(**last);
  return xml_reply(200, s3::list_bucket_result(*listing, tokens));
}

s3::Expected<Reply> list_uploads(const s3::Parameters& parameters, const std::string& bucket,
                                 const ObjectsContext& context) {
  const auto open = context.objects.multiparts(context.services.store, bucket);
  if (!open) return tl::unexpected(refusal_of(open.error()));
  const auto prefix = text_of(parameters, "prefix");
  std::vector<s3::ListedUpload> uploads;
  for (const auto& one : *open) {
    if (one.key.starts_with(prefix)) uploads.push_back({one.key, one.id, one.begun});
  }
  return xml_reply(200, s3::list_multipart_uploads_result(bucket, prefix, uploads));
}

s3::Expected<Reply> answer(const Request& request, const ObjectsContext& context) {
  const auto addressee = addressee_of(request);
  if (!addressee) return tl::unexpected(addressee.error());
  const auto& bucket = addressee->bucket;
  const auto signature = check_access(request, context.options, context.services.loop.now());
  if (!signature) return tl::unexpected(signature.error());
  if (auto known = check_subresources(request, {"location", "uploads"}); !known) {
    return tl::unexpected(known.error());
  }
  const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
  if (request.method == "PUT") {
    // The bucket exists and is the caller's: S3 answers so in us-east-1 (AWS, CreateBucket).
    auto reply = object_reply(200);
    reply.fields.add("Location", "/" + bucket);
    return reply;
  }
  if (request.method == "HEAD") {
    auto reply = object_reply(200);
    reply.fields.add("x-amz-bucket-region", std::string(s3::default_region));
    return reply;
  }
  if (s3::find(parameters, "location")) return xml_reply(200, s3::location_constraint());
  if (s3::find(parameters, "uploads")) return list_uploads(parameters, bucket, context);
  if (s3::find(parameters, "list-type") == "2") return list_v2(parameters, bucket, context);
  return list(parameters, bucket, context);
}

// ---- POST ?delete

/// A thousand keys of 1,024 bytes, escaped.
constexpr Bytes longest_list{8UL << 20U};

s3::Expected<Reply> remove(const Request& request, const std::string& body,
                           const ObjectsContext& context) {
  const auto addressee = addressee_of(request);
  if (!addressee) return tl::unexpected(addressee.error());
  const auto& bucket = addressee->bucket;
  const auto signature = check_access(request, context.options, context.services.loop.now());
  if (!signature) return tl::unexpected(signature.error());
  const auto payload = payload_of(request.fields, *signature);
  if (!payload) return tl::unexpected(payload.error());
  auto check = PayloadCheck::announced(request.fields, *payload);
  if (!check) return tl::unexpected(check.error());
  if (auto right = check->verify(body); !right) return tl::unexpected(right.error());
  const auto wanted = s3::parse_removals(body);
  if (!wanted) return tl::unexpected(wanted.error());
  std::vector<std::string> removed;
  std::vector<s3::FailedRemoval> failed;
  for (const auto& key : wanted->keys) {
    const auto result = context.objects.remove(context.services.store, bucket, key);
    // What is not there need not be removed.
    if (result || result.error().kind == StoreError::Kind::not_found)
      removed.push_back(key);
    else
      failed.push_back({key, refusal_of(result.error())});
  }
  if (wanted->quiet) removed.clear();
  return xml_reply(200, s3::delete_result(removed, failed));
}

}  // namespace

std::unique_ptr<Handler> make_removal_handler(const ObjectsContext& context) {
  return buffered(longest_list, [context](const Request& request, const std::string& body) {
    auto reply = remove(request, body, context);
    return reply ? *std::move(reply)
                 : refusal_reply(request, reply.error(), context.options.early_error);
  });
}

s3::Expected<std::size_t> number_of(const s3::Parameters& parameters, std::string_view name,
                                    std::size_t most) {
  const auto text = s3::find(parameters, name);
  if (!text) return most;
  std::size_t number = 0;
  const auto* const end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && at == end && number <= std::numeric_limits<std::int32_t>::max())
    return std::min(number, most);
  return s3::refuse(s3::Code::invalid_argument,
                    "Provided " + std::string(name) + " not an integer or within integer range",
                    {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(*text)}});
}

std::unique_ptr<Handler> make_bucket_handler(const ObjectsContext& context) {
  return answering(context, answer);
}

}  // namespace mock
