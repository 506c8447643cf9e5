// The requests that an object store answers.
#pragma once

#include <memory>
#include <string>

#include "http/handler.hpp"
#include "objects/objects.hpp"
#include "objects/objects_options.hpp"
#include "services.hpp"

namespace mock {

/// Not owning: all of it outlives the handlers.
struct ObjectsContext {
  Objects& objects;
  const ObjectsOptions& options;
  Services& services;  ///< of the request
  Store& lane;         ///< below `services.store`
};

/// GET, HEAD, PUT and DELETE of an object, signed in the header or pre-signed.
[[nodiscard]] std::unique_ptr<Handler> make_object_handler(const Request& request,
                                                           const ObjectsContext& context);
/// What concerns a multipart upload; null: `request` does not. In its query is "uploads" or
/// "uploadId".
[[nodiscard]] std::unique_ptr<Handler> make_multipart_handler(const Request& request,
                                                              const ObjectsContext& context);
/// POST to a bucket: a form with a file and, mostly, a policy.
[[nodiscard]] std::unique_ptr<Handler> make_post_handler(const ObjectsContext& context);
/// 405 in XML, with what is `allowed` instead.
[[nodiscard]] std::unique_ptr<Handler> make_method_refusal(const ObjectsContext& context,
                                                           std::string allowed);

}  // namespace mock
