#include "client/presentation.hpp"

#include <algorithm>

#include "protocol/base64.hpp"
#include "protocol/http/form.hpp"

namespace client {
namespace {

/// Parts of a query without those that `wanted` drops.
template <class Wanted>
std::string filtered(std::string_view query, Wanted&& wanted) {
  std::string kept;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty() || !wanted(part)) continue;
    if (!kept.empty()) kept += '&';
    kept += part;
  }
  return kept;
}

struct Parts {
  std::string_view before;  ///< what precedes the query
  std::string_view query;   ///< without the '?'
  std::string_view fragment;
};

Parts parts_of(std::string_view url) {
  const std::size_t end = std::min(url.find('#'), url.size());
  const std::size_t mark = std::min(url.substr(0, end).find('?'), end);
  const std::size_t begin = std::min(mark + 1, end);
  return {url.substr(0, mark), url.substr(begin, end - begin), url.substr(end)};
}

bool is_named(std::string_view part, std::string_view name) {
  return http::percent_decode(part.substr(0, part.find('='))) == name;
}

/// The URL without the parameter `name`, and with `more` after the others.
std::string with_query(std::string_view url, std::string_view name, std::string_view more) {
  const Parts parts = parts_of(url);
  std::string query =
      filtered(parts.query, [name](std::string_view part) { return !is_named(part, name); });
  if (!query.empty() && !more.empty()) query += '&';
  query += more;
  std::string whole(parts.before);
  if (!query.empty()) whole += '?' + query;
  return whole.append(parts.fragment);
}

}  // namespace

bool Presentation::is_on(const http::Fields& headers, std::string_view url) const {
  if (way == Way::field) return headers.has(name);
  if (way != Way::query) return headers.has("Authorization");
  bool found = false;
  filtered(parts_of(url).query, [&](std::string_view part) {
    found = found || is_named(part, name);
    return false;
  });
  return found;
}

void Presentation::put(std::string_view credential, http::Fields& headers, std::string& url) const {
  if (credential.empty()) return;
  switch (way) {
    case Way::bearer:
      headers.set("Authorization", "Bearer " + std::string(credential));
      break;
    case Way::basic_user:
      headers.set("Authorization", "Basic " + base64::encode(std::string(credential) + ":"));
      break;
    case Way::field:
      headers.set(name, std::string(credential));
      break;
    case Way::query:
      url = with_query(url, name,
                       http::percent_encode(name) + "=" + http::percent_encode(credential));
      break;
  }
}

void Presentation::take_off(http::Fields& headers, std::string& url) const {
  if (way == Way::query) {
    url = with_query(url, name, {});
  } else {
    headers.remove(way == Way::field ? std::string_view(name) : "Authorization");
  }
}

void Presentation::hide(std::string_view credential, redact::Secrets& secrets) const {
  secrets.add(credential);
  if (way == Way::field) secrets.add_field(name, credential);
  if (way == Way::query) secrets.add_parameter(name, credential);
}

}  // namespace client
