// How an object store is set up.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "objects/objects.hpp"
#include "protocol/s3/signature_v2.hpp"

namespace mock {

struct ObjectsOptions {
  std::vector<std::string> buckets;
  /// Those of them into which a form or a PUT of an object needs no signature; anything else does.
  std::vector<std::string> public_buckets;
  std::vector<s3::Credentials> keys;  ///< who may do everything in every bucket
  /// Whether `keys` were given to this lane (AccessKey::names_lane).
  bool keys_name_lane = false;
  ETag etag = ETag::md5;
  UnreadBody early_error = UnreadBody::drain;
  /// Whether an object of that key may be stored, whoever signed; empty: any may.
  std::function<bool(std::string_view bucket, std::string_view key)> awaits = {};

  /// nullptr: nobody has such a key.
  [[nodiscard]] const std::string* secret_of(std::string_view access_key) const;
  [[nodiscard]] bool is_public(std::string_view bucket) const;
};

/// `text`, or an Error when no bucket can be called so here. A bucket begins a path, so it cannot
/// be what begins the path of another endpoint: files, info, metrics.
[[nodiscard]] Result<std::string> bucket_name(const std::string& text);

}  // namespace mock
