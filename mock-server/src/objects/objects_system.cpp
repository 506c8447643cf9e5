#include "objects/objects_system.hpp"

#include <algorithm>
#include <utility>

#include "objects/access.hpp"
#include "objects/cors.hpp"
#include "objects/payload.hpp"
#include "objects/receiving.hpp"
#include "objects/routes.hpp"
#include "protocol/s3/request.hpp"

namespace mock {

Result<std::unique_ptr<ObjectsSystem>> ObjectsSystem::make(ObjectsOptions options,
                                                           const Services& services) {
  for (const auto& bucket : options.buckets) {
    if (auto sound = bucket_name(bucket); !sound) return tl::unexpected(sound.error());
  }
  return std::unique_ptr<ObjectsSystem>(new ObjectsSystem(std::move(options), services));
}

ObjectsSystem::ObjectsSystem(ObjectsOptions options, const Services& services)
    : options_(std::move(options)),
      services_(services),
      objects_(services.loop, options_.etag, options_.buckets) {
  for (const auto& bucket : options_.buckets) {
    paths_.push_back("/" + bucket);
    paths_.push_back("/" + bucket + "/*");
  }
  for (std::size_t i = 0; i < paths_.size(); i += 2) {
    patterns_.push_back({paths_[i], routes::bucket, paths_[i]});
    patterns_.push_back({paths_[i + 1], routes::object, paths_[i]});
  }
}

std::vector<std::span<const RoutePattern>> ObjectsSystem::routes() const { return {patterns_}; }

std::unique_ptr<Handler> ObjectsSystem::handler_for(const Request& request, Services& services) {
  if (is_objects_preflight(request)) return make_preflight_handler();
  auto handler = own_handler_for(request, services);
  return request.fields.has("Origin") ? readable_by_pages(std::move(handler)) : std::move(handler);
}

void ObjectsSystem::add_cors(const Request& request, Reply& reply) const {
  let_pages_read(request, reply);
}

std::unique_ptr<Handler> ObjectsSystem::own_handler_for(const Request& request,
                                                        Services& services) {
  const ObjectsContext context{objects_, options_, services, services_.store};
  // "/bucket/" is the bucket.
  const bool of_bucket = std::ranges::count(request.path, '/') == 1 ||
                         request.path.find('/', 1) + 1 == request.path.size();
  if (!of_bucket) {
    if (auto multipart = make_multipart_handler(request, context)) return multipart;
    return make_object_handler(request, context);
  }
  if (request.method == "POST") {
    const auto parameters = s3::parse_query(request.query).value_or(s3::Parameters{});
    return s3::find(parameters, "delete") ? make_removal_handler(context)
                                          : make_post_handler(context);
  }
  const auto& method = request.method;
  if (method == "GET" || method == "HEAD" || method == "PUT") return make_bucket_handler(context);
  return make_method_refusal(context, "GET, HEAD, POST, PUT");
}

AskedFor ObjectsSystem::asked_for(const Request& request, const ::http::Fields& fields) const {
  AskedFor asked;
  auto addressee = addressee_of(request);
  if (!addressee) return asked;
  auto record = std::make_shared<ObjectRecord>();
  record->bucket = std::move(addressee->bucket);
  record->key = std::move(addressee->key);
  if (request.method == "PUT" && !record->key.empty()) {
    record->fields = kept_fields(fields).value_or(::http::Fields{});
    const auto decoded = decoded_length(request);
    asked.length = decoded ? std::optional(*decoded) : request.content_length;
  }
  asked.attributes = std::move(record);
  return asked;
}

std::vector<AccessKey> ObjectsSystem::access_keys() const {
  std::vector<AccessKey> all;
  for (const auto& key : options_.keys) all.push_back({key.access_key, options_.keys_name_lane});
  return all;
}

void ObjectsSystem::start() {
  // What cannot be read now is tried again by the first request, and told of by the store.
  std::ignore = objects_.load(services_.store);
}

}  // namespace mock
