#include "openhumans/paging.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "openhumans/words.hpp"

namespace mock {
namespace {

std::size_t number_of(std::string_view text, std::size_t otherwise) {
  std::size_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end ? number : otherwise;
}

/// The same list from `offset` on.
std::string page_url(const Request& request, std::size_t limit, std::size_t offset) {
  auto parameters = ::http::parse_form(request.query).value_or(::http::Form{});
  std::erase_if(parameters,
                [](const auto& one) { return one.first == "limit" || one.first == "offset"; });
  parameters.emplace_back("limit", std::to_string(limit));
  if (offset > 0) parameters.emplace_back("offset", std::to_string(offset));
  return words::origin_of(request) + request.mount + request.path + "?" +
         ::http::format_form(parameters);
}

}  // namespace

std::string_view Query::find(std::string_view name) const& {
  const auto found = std::find_if(parameters_.rbegin(), parameters_.rend(),
                                  [&](const auto& one) { return one.first == name; });
  return found == parameters_.rend() ? std::string_view{} : std::string_view(found->second);
}

Query query_of(const Request& request) {
  return Query(::http::parse_form(request.query).value_or(::http::Form{}));
}

Page::Page(const Query& query, std::size_t count)
    : count_(count),
      limit_(std::clamp<std::size_t>(number_of(query.find("limit"), usual), 1, longest)),
      first_(std::min(number_of(query.find("offset"), 0), count)),
      length_(std::min(limit_, count - first_)) {}

std::optional<std::string> Page::next(const Request& request) const {
  if (first_ + length_ >= count_) return std::nullopt;
  return page_url(request, limit_, first_ + length_);
}

std::optional<std::string> Page::previous(const Request& request) const {
  if (first_ == 0) return std::nullopt;
  return page_url(request, limit_, first_ - std::min(first_, limit_));
}

std::string member_url(const Request& request, std::string_view member) {
  ::http::Form parameters{{"project_member_id", std::string(member)}};
  const auto query = query_of(request);
  const auto token = query.find("access_token");
  if (!token.empty()) parameters.emplace_back("access_token", std::string(token));
  return words::origin_of(request) + request.mount +
         "/api/direct-sharing/project/exchange-member/?" + ::http::format_form(parameters);
}

}  // namespace mock
