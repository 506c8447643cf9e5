#include "tus/refusals.hpp"

#include "tus/operation.hpp"

namespace mock {

const std::vector<std::string_view>& refusal_names() {
  using namespace refused;
  static const std::vector<std::string_view> names{
      method.name,
      version_missing.name,
      version.name,
      field_twice.name,
      not_offered.name,
      unknown_upload.name,
      expired.name,
      refused::locked.name,
      length.name,
      length_missing.name,
      length_unkeepable.name,
      length_and_defer.name,
      defer_length.name,
      max_size.name,
      metadata.name,
      creation_content_type.name,
      creation_too_long.name,
      content_type.name,
      offset.name,
      offset_missing.name,
      offset_unkeepable.name,
      offset_differs.name,
      length_known.name,
      length_too_small.name,
      length_over_max_size.name,
      too_long.name,
      cut_short.name,
      timed_out.name,
      checksum.name,
      checksum_algorithm.name,
      checksum_trailer.name,
      checksum_mismatch.name,
      concat.name,
      final_length.name,
      final_body.name,
      final_patched.name,
      part_elsewhere.name,
      part_unknown.name,
      part_whole.name,
      part_expired.name,
      part_unfinished.name,
      sum_unkeepable.name,
      part_gone.name,
      sum_over_max_size.name,
      range_faulty.name,
      range.name,
  };
  return names;
}

Reply refusal(const TusOptions& options, const NamedRefusal& what, std::string_view text) {
  const auto own = options.refusals.find(what.name);
  if (own == options.refusals.end()) {
    return refusal(what.status, text.empty() ? what.text : text);
  }
  auto reply = refusal(own->second.status.value_or(what.status), "");
  reply.body = own->second.body;
  return reply;
}

}  // namespace mock
