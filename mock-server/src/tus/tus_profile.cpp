#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/http/fields.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/nearest.hpp"
#include "protocol/tus/draft.hpp"
#include "system/profile_reading.hpp"
#include "tus/refusals.hpp"
#include "tus/tus_handler.hpp"
#include "tus/tus_settings.hpp"

namespace mock {
namespace {

using json::Cursor;
using profiles::names_of;
using profiles::one_of;
using profiles::size_of;

constexpr std::array<std::string_view, 9> known_extensions{"creation",
                                                           "creation-with-upload",
                                                           "creation-defer-length",
                                                           "termination",
                                                           "concatenation",
                                                           "concatenation-unfinished",
                                                           "expiration",
                                                           "checksum",
                                                           "checksum-trailer"};

constexpr std::array<std::pair<std::string_view, bool TusOptions::*>, 12> manners{
    {{"empty_is_absent", &TusOptions::empty_is_absent},
     {"patch_fields_first", &TusOptions::patch_fields_first},
     {"version_before_method", &TusOptions::version_before_method},
     {"ignores_other_bodies", &TusOptions::ignores_other_bodies},
     {"lenient_parts", &TusOptions::lenient_parts},
     {"lock_first", &TusOptions::lock_first},
     {"own_part_urls", &TusOptions::own_part_urls},
     {"keeps_what_fits", &TusOptions::keeps_what_fits},
     {"keeps_refused_length", &TusOptions::keeps_refused_length},
     {"metadata_as_text", &TusOptions::metadata_as_text},
     {"downloads_as_file", &TusOptions::downloads_as_file},
     {"hex_ids", &TusOptions::hex_ids}}};

/// The body is sent as it is given: nothing is added to it, not even a line feed.
RefusalWords words_of(const Cursor& at) {
  at.only({"status", "body"});
  RefusalWords words;
  if (auto status = at.find("status")) {
    const auto value = status->unsigned_integer();
    if (value < 400 || value > 599) status->fail("must be from 400 to 599");
    words.status = static_cast<int>(value);
  }
  words.body = at.at("body").string();
  return words;
}

/// Names of methods or fields, as a header field lists them.
std::string header_list_of(const Cursor& at) {
  std::string list;
  for (const auto& item : at.items()) {
    if (!::http::is_token(item.string())) item.fail("must be the name of a method or field");
    if (!list.empty()) list += ", ";
    list += item.string();
  }
  return list;
}

CorsOptions cors_of(const Cursor& at) {
  at.only({"methods", "headers", "exposed", "preflight"});
  CorsOptions cors;
  if (auto list = at.find("methods")) cors.methods = header_list_of(*list);
  if (auto list = at.find("headers")) cors.headers = header_list_of(*list);
  if (auto list = at.find("exposed")) cors.exposed = header_list_of(*list);
  if (auto value = at.find("preflight")) {
    constexpr std::array<std::string_view, 2> known{"asked", "any_options"};
    cors.any_options = one_of(*value, known, "kind of preflight") == "any_options";
  }
  return cors;
}

/// true: every version whose text was read. A number that is in no table has the form of the newest
/// text, for servers that are ahead of what could be read.
std::vector<int> interop_versions_of(const Cursor& at) {
  std::vector<int> numbers;
  if (!at.is_array()) {
    if (!at.boolean()) return numbers;
    for (const auto& version : ::tus::draft::versions()) numbers.push_back(version.number);
    return numbers;
  }
  for (const auto& item : at.items()) {
    const auto number = ::tus::draft::parse_interop(item.string());
    if (!number) item.fail("must be an interop version, as \"8\"");
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

void read_tus_profile(const Cursor& at, TypedValues& into) {
  at.only({"extensions",
           "max_size",
           "expire_after",
           "downloads",
           "trust_forwarded",
           "cors_credentials",
           "cors",
           "options_allow",
           "metadata",
           "ietf_draft",
           "draft_limits",
           "draft_end_signal",
           "refusals",
           "empty_is_absent",
           "patch_fields_first",
           "version_before_method",
           "ignores_other_bodies",
           "lenient_parts",
           "lock_first",
           "own_part_urls",
           "keeps_what_fits",
           "keeps_refused_length",
           "metadata_as_text",
           "downloads_as_file",
           "hex_ids"});
  auto& tus = into.get<TusOptions>();
  if (auto extensions = at.find("extensions")) {
    const auto names = names_of(*extensions, known_extensions, "extension");
    tus.extensions = {names.begin(), names.end()};
  }
  if (auto size = at.find("max_size")) {
    tus.max_size = size_of(*size);
  }
  if (auto time = at.find("expire_after")) {
    tus.expire_after = time->unwrap(parse_duration(time->string()));
    // Upload-Expires counts in seconds.
    if (*tus.expire_after < std::chrono::seconds{1}) time->fail("must be at least 1s");
  }
  // An extension that can never be seen would be a lie in OPTIONS.
  if (tus.expire_after.has_value() != tus.extensions.contains("expiration")) {
    at.fail("'expiration' among the extensions and expire_after belong together");
  }
  if (auto value = at.find("downloads")) tus.downloads = value->boolean();
  if (auto value = at.find("trust_forwarded")) tus.trust_forwarded = value->boolean();
  if (auto value = at.find("cors_credentials")) tus.cors_credentials = value->boolean();
  if (auto cors = at.find("cors")) tus.cors = cors_of(*cors);
  if (auto value = at.find("options_allow")) tus.options_allow = value->boolean();
  if (auto value = at.find("ietf_draft")) tus.ietf_draft = interop_versions_of(*value);
  if (auto limits = at.find("draft_limits")) {
    limits->only({"min_append_size", "max_append_size"});
    if (auto size = limits->find("min_append_size")) tus.draft_min_append = size_of(*size);
    if (auto size = limits->find("max_append_size")) tus.draft_max_append = size_of(*size);
    if (tus.draft_max_append < tus.draft_min_append && tus.draft_max_append) {
      limits->fail("max_append_size is below min_append_size");
    }
  }
  if (auto versions = at.find("draft_end_signal")) {
    constexpr std::array<std::string_view, 4> known{"3", "4", "5", "6"};
    tus.draft_end_signal = names_of(*versions, known, "interop version with such a signal");
  }
  for (const auto& [name, manner] : manners) {
    if (auto value = at.find(name)) tus.*manner = value->boolean();
  }
  if (auto refusals = at.find("refusals")) {
    for (const auto& [name, words] : refusals->members()) {
      if (std::ranges::count(refusal_names(), name) == 0) {
        refusals->fail("there is no refusal '" + name + "'; the nearest are " +
                       nearest_names(name, refusal_names()));
      }
      tus.refusals.emplace(name, words_of(words));
    }
  }
  if (auto value = at.find("metadata")) {
    constexpr std::array<std::string_view, 2> known{"strict", "lenient"};
    tus.metadata = one_of(*value, known, "strictness") == "lenient"
                       ? tus::MetadataStrictness::lenient
                       : tus::MetadataStrictness::strict;
  }
}

}  // namespace mock
