// The requests that an object store answers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/handler.hpp"
#include "objects/objects.hpp"
#include "objects/objects_options.hpp"
#include "protocol/s3/refusal.hpp"
#include "protocol/s3/request.hpp"
#include "services.hpp"

namespace mock {

/// Not owning: all of it outlives the handlers.
struct ObjectsContext {
  Objects& objects;
  const ObjectsOptions& options;
  Services& services;  ///< of the request
  Store& lane;         ///< below `services.store`
};

/// Replies with what `answer` returns; a body is of no interest.
[[nodiscard]] std::unique_ptr<Handler> answering(
    const ObjectsContext& context,
    std::function<s3::Expected<Reply>(const Request&, const ObjectsContext&)> answer);

/// The number that a listing is asked for by parameter `name`: at most `most`, and `most` when it
/// is missing. InvalidArgument for what is no number.
[[nodiscard]] s3::Expected<std::size_t> number_of(const s3::Parameters& parameters,
                                                  std::string_view name, std::size_t most);

/// GET, HEAD and PUT of a bucket.
[[nodiscard]] std::unique_ptr<Handler> make_bucket_handler(const ObjectsContext& context);
/// POST ?delete: several objects at once.
[[nodiscard]] std::unique_ptr<Handler> make_removal_handler(const ObjectsContext& context);
/// GET, HEAD, PUT and DELETE of an object, signed in the header or pre-signed.
[[nodiscard]] std::unique_ptr<Handler> make_object_handler(const Request& request,
                                                           const ObjectsContext& context);
/// For a request about a multipart upload: its query has "uploads" or "uploadId". Null for others.
[[nodiscard]] std::unique_ptr<Handler> make_multipart_handler(const Request& request,
                                                              const ObjectsContext& context);
/// POST to a bucket: a form with a file and, mostly, a policy.
[[nodiscard]] std::unique_ptr<Handler> make_post_handler(const ObjectsContext& context);
/// 405 in XML, with what is `allowed` instead.
[[nodiscard]] std::unique_ptr<Handler> make_method_refusal(const ObjectsContext& context,
                                                           std::string allowed);

}  // namespace mock
