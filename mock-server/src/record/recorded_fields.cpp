#include "record/recorded_fields.hpp"

#include <algorithm>
#include <array>

#include "redact/field_names.hpp"

namespace mock {
namespace {

// Of HTTP (RFC 9110) and of the CORS protocol (Fetch standard, section 3.2).
constexpr std::array<std::string_view, 29> of_http{
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Expect",
    "Range",
    "Trailer",
    "Location",
    "Connection",
    "Retry-After",
    "WWW-Authenticate",
    "Allow",
    "Date",
    "Server",
    "Vary",
    "ETag",
    "Last-Modified",
    "Host",
    "User-Agent",
    "Accept",
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Credentials",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "X-Content-Type-Options",
};

/// A known scheme is no secret. Without one, what is before the first space may be the key itself.
std::string without_key(std::string_view authorization) {
  const auto scheme =
      authorization.substr(0, std::min(authorization.find(' '), authorization.size()));
  std::string kept;
  for (const std::string_view known : {"Bearer", "Basic", "Digest", "AWS", "AWS4-HMAC-SHA256"}) {
    if (::http::same_name(scheme, known)) kept = std::string(scheme) + " ";
  }
  return kept.append(redacted_value);
}

/// "a=1" is "a=[redacted]" (RFC 6265 section 4.1.1); what names nothing is redacted.
std::string without_value(std::string_view cookie) {
  std::string kept;
  if (const auto equals = cookie.find('='); equals != std::string_view::npos) {
    kept = cookie.substr(0, equals + 1);
  }
  return kept.append(redacted_value);
}

std::string without_values(std::string_view cookies) {
  std::string kept;
  while (true) {
    const auto end = std::min(cookies.find(';'), cookies.size());
    if (!kept.empty()) kept += "; ";
    kept += without_value(::http::trim_ows(cookies.substr(0, end)));
    if (end == cookies.size()) return kept;
    cookies.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::string> without_credentials(std::string_view name, std::string_view value) {
  // Told apart by size first, as each field of each exchange comes here.
  switch (name.size()) {
    case std::string_view("Cookie").size():
      if (::http::same_name(name, "Cookie")) return without_values(value);
      break;
    case std::string_view("Set-Cookie").size():
      if (::http::same_name(name, "Set-Cookie")) {
        const auto end = std::min(value.find(';'), value.size());
        return without_value(value.substr(0, end)).append(value.substr(end));
      }
      break;
    case std::string_view("Authorization").size():
      if (::http::same_name(name, "Authorization")) return without_key(value);
      break;
    case std::string_view("Proxy-Authorization").size():
      if (::http::same_name(name, "Proxy-Authorization")) return without_key(value);
      break;
    default:
      break;
  }
  return std::nullopt;
}

void RecordedFields::add(std::span<const std::string_view> names) {
  for (const auto& name : names) {
    // Two systems may have it.
    if (!find(name).empty()) continue;
    by_size_.resize(std::max(by_size_.size(), name.size() + 1));
    by_size_[name.size()].push_back(name);
  }
}

RecordedFields::RecordedFields(std::span<const RegisteredSystem> systems) {
  add(of_http);
  for (const auto& system : systems) {
    for (const auto& names :
         {system.journal.request, system.journal.trailers, system.journal.reply}) {
      add(names);
    }
    if (system.journal.offset.read != nullptr) offsets_.push_back(system.journal.offset);
    auto* const metadata = system.journal.metadata;
    if (metadata != nullptr && std::ranges::count(metadata_, metadata) == 0) {
      metadata_.push_back(metadata);
    }
  }
}

const RecordedFields& RecordedFields::of_all_systems() {
  static const RecordedFields all(registered_systems());
  return all;
}

std::string_view RecordedFields::find(std::string_view name) const {
  if (name.size() >= by_size_.size()) return {};
  for (const auto& known : by_size_[name.size()]) {
    if (::http::same_letters(known, name)) return known;
  }
  return {};
}

std::string_view RecordedFields::spelled(std::string_view name) const {
  const auto usual = find(name);
  return usual.empty() ? name : usual;
}

std::string RecordedFields::told(std::string_view name, std::string_view value) const {
  if (::http::same_name(name, "Referer")) {
    const auto query = value.find('?');
    if (query == std::string_view::npos) return std::string(value);
    return std::string(value.substr(0, query + 1)).append(redacted_value);
  }
  const bool masked = without_credentials(name, {}).has_value();
  if (masked || !find(name).empty() || redact::is_harmless_field(name)) return std::string(value);
  return std::string(redacted_value);
}

JournalFields::Metadata RecordedFields::metadata_in(const FieldText& fields) const {
  JournalFields::Metadata all;
  for (const auto& [name, value] : fields.all()) {
    for (auto* const read : metadata_) read(name, value, all);
  }
  return all;
}

std::optional<Bytes> RecordedFields::offset_in(const ::http::Fields& fields) const {
  for (const auto& offset : offsets_) {
    const auto text = fields.find(offset.name);
    if (!text) continue;
    const auto read = offset.read(*text);
    return read ? std::optional(*read) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace mock
