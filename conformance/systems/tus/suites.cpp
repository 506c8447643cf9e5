#include "tus/suites.hpp"

namespace conformance::suites {

std::vector<Check> tus_checks() {
  return joined({
      core_version,
      core_options,
      core_headers,
      core_head,
      core_patch,
      core_method_override,
      creation,
      creation_metadata,
      creation_defer_length,
      creation_with_upload,
      expiration,
      checksum,
      checksum_trailer,
      termination,
      concatenation,
      concatenation_unfinished,
      sizes,
      over_time,
      repetition,
      combinations,
      neighbours,
      cors,
      http_hygiene,
      ietf_draft,
  });
}

}  // namespace conformance::suites
