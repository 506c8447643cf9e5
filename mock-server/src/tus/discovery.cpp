#include "tus/discovery.hpp"

#include <array>
#include <vector>

#include "protocol/tus/headers.hpp"
#include "tus/checksum.hpp"
#include "tus/ietf.hpp"

namespace mock {

namespace {

namespace ext = tus::extension;

constexpr std::array implemented{ext::creation,
                                 ext::creation_with_upload,
                                 ext::termination,
                                 ext::concatenation,
                                 ext::concatenation_unfinished,
                                 ext::creation_defer_length,
                                 ext::expiration,
                                 ext::checksum,
                                 ext::checksum_trailer};

std::vector<std::string_view> methods(const TusOptions& options, Route route) {
  if (route.creates()) {
    if (offers(options, ext::creation)) return {"POST", "OPTIONS"};
    return {"OPTIONS"};
  }
  std::vector<std::string_view> all{"HEAD", "PATCH"};
  if (offers(options, ext::termination)) all.push_back("DELETE");
  if (options.downloads) all.push_back("GET");
  all.push_back("OPTIONS");
  return all;
}

}  // namespace

bool offers(const TusOptions& options, std::string_view extension) {
  if (!options.extensions.contains(extension)) return false;
  if (extension == ext::creation_with_upload || extension == ext::creation_defer_length ||
      extension == ext::concatenation) {
    return offers(options, ext::creation);
  }
  if (extension == ext::concatenation_unfinished) return offers(options, ext::concatenation);
  if (extension == ext::checksum_trailer) return offers(options, ext::checksum);
  // Without a period nothing ever expires.
  if (extension == ext::expiration) return options.expire_after.has_value();
  return true;
}

std::string allow(const TusOptions& options, Route route) {
  std::string list;
  for (const auto method : methods(options, route)) {
    if (!list.empty()) list += ", ";
    list += method;
  }
  return list;
}

bool allows(const TusOptions& options, Route route, std::string_view method) {
  if (method == "OPTIONS") return true;
  if (route.creates()) return method == "POST" && offers(options, ext::creation);
  if (method == "DELETE") return offers(options, ext::termination);
  if (method == "GET") return options.downloads;
  return method == "HEAD" || method == "PATCH";
}

Reply discovery(const TusOptions& options, Route route) {
  Reply reply;
  reply.status = 204;
  if (options.options_allow) reply.fields.add("Allow", allow(options, route));
  reply.fields.add(std::string(tus::header::tus_version), std::string(tus::version));
  std::string extensions;
  for (const auto extension : implemented) {
    if (!offers(options, extension)) continue;
    if (!extensions.empty()) extensions += ',';
    extensions += extension;
  }
  if (!extensions.empty()) {
    reply.fields.add(std::string(tus::header::tus_extension), extensions);
  }
  if (offers(options, ext::checksum)) {
    reply.fields.add(std::string(tus::header::tus_checksum_algorithm), checksum_algorithms);
  }
  if (!options.ietf_draft.empty()) reply.fields.add("Upload-Limit", ietf_limits(options));
  if (options.max_size) {
    reply.fields.add(std::string(tus::header::tus_max_size),
                     std::to_string(options.max_size->value));
  }
  return reply;
}

}  // namespace mock
