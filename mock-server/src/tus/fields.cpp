#include "tus/fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "protocol/json/encode.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "tus/refusals.hpp"

namespace mock {

namespace {

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The pairs of a header as they are spelled.
std::vector<std::string_view> raw_pairs(std::string_view header) {
  std::vector<std::string_view> pairs;
  while (true) {
    const auto comma = header.find(',');
    auto pair = header.substr(0, comma);
    // Blanks after a comma belong to the list, one before it to a pair without a value.
    pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
    pairs.push_back(pair);
    if (comma == std::string_view::npos) return pairs;
    header.remove_prefix(comma + 1);
  }
}

}  // namespace

OrReply<std::optional<std::string_view>> single(const Request& request, std::string_view name,
                                                const TusOptions& options) {
  std::optional<std::string_view> first;
  for (const auto& field : request.fields) {
    if (!::http::same_name(field.name, name)) continue;
    if (first && *first != field.value) {
      return tl::unexpected(refusal(options, refused::field_twice,
                                    std::string(name) + " was sent twice with different values"));
    }
    first = field.value;
  }
  if (!first) return std::nullopt;
  const auto value = ::http::trim_ows(*first);
  if (value.empty() && options.empty_is_absent) return std::nullopt;
  return value;
}

namespace {

/// `wrong` refuses what is no number, `unkeepable` a number that is too large.
OrReply<std::optional<Bytes>> number(const Request& request, std::string_view name,
                                     const TusOptions& options, const NamedRefusal& wrong,
                                     const NamedRefusal& unkeepable) {
  auto text = single(request, name, options);
  if (!text) return tl::unexpected(std::move(text.error()));
  if (!*text) return std::nullopt;
  auto value = tus::parse_length(**text);
  if (value) return *value;
  const bool overflow = all_digits(**text) && (**text).front() != '0';
  return tl::unexpected(refusal(options, overflow ? unkeepable : wrong));
}

}  // namespace

OrReply<std::optional<Bytes>> length_of(const Request& request, const TusOptions& options) {
  return number(request, tus::header::upload_length, options, refused::length,
                refused::length_unkeepable);
}

OrReply<std::optional<Bytes>> offset_of(const Request& request, const TusOptions& options) {
  return number(request, tus::header::upload_offset, options, refused::offset,
                refused::offset_unkeepable);
}

std::string media_type(const Request& request) {
  const auto joined = request.fields.joined("Content-Type");
  if (!joined) return {};
  const auto essence = ::http::trim_ows(std::string_view(*joined).substr(0, joined->find(';')));
  std::string type(essence);
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

bool is_offset_stream(const Request& request) {
  return media_type(request) == tus::offset_media_type;
}

std::optional<std::string> metadata_header(const Request& request, const TusOptions& options) {
  auto values = request.fields.all(tus::header::upload_metadata);
  if (options.empty_is_absent) {
    std::erase_if(values, [](auto value) { return ::http::trim_ows(value).empty(); });
  }
  if (values.empty()) return std::nullopt;
  std::string joined(values.front());
  for (std::size_t i = 1; i < values.size(); ++i) joined.append(",").append(values[i]);
  return joined;
}

void keep_as_text(tus::Metadata& metadata) {
  for (std::size_t i = 0; i < metadata.pairs().size(); ++i) {
    const auto pair = metadata.pairs()[i];
    if (json::is_utf8(pair.value)) continue;
    metadata.set(pair.key, nlohmann::json::parse(json::dump_string(pair.value)).get<std::string>());
  }
}

std::optional<std::string> echoed_metadata(const std::optional<std::string>& sent,
                                           const tus::Metadata& metadata) {
  if (metadata.empty()) return std::nullopt;
  // As most clients spell it.
  if (auto usual = tus::format_metadata(metadata); !sent || usual == *sent) return usual;
  if (auto strict = tus::parse_metadata(*sent, tus::MetadataStrictness::strict);
      strict && *strict == metadata) {
    return sent;
  }
  // By key and value, for there may be thousands of them. No key holds a space.
  std::unordered_map<std::string, std::string_view> spelled;
  for (const auto candidate : raw_pairs(*sent)) {
    const auto parsed = tus::parse_metadata(candidate, tus::MetadataStrictness::strict);
    if (!parsed || parsed->empty()) continue;
    const auto& pair = parsed->pairs().front();
    spelled.emplace(pair.key + " " + pair.value, candidate);
  }
  std::string echoed;
  for (const auto& pair : metadata.pairs()) {
    if (!echoed.empty()) echoed += ',';
    if (const auto as_sent = spelled.find(pair.key + " " + pair.value); as_sent != spelled.end()) {
      echoed += as_sent->second;
    } else {
      tus::Metadata alone;
      alone.set(pair.key, pair.value);
      echoed += tus::format_metadata(alone);
    }
  }
  return echoed;
}

}  // namespace mock
