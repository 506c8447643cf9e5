// Pages of a list, as Django REST framework cuts them: "?limit=100&offset=200".
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "protocol/http/form.hpp"

namespace mock {

/// The parameters of a request that can be read.
class Query {
 public:
  explicit Query(::http::Form parameters) : parameters_(std::move(parameters)) {}
  /// The last parameter of that name, valid as long as this; empty: there is none.
  [[nodiscard]] std::string_view find(std::string_view name) const&;
  std::string_view find(std::string_view name) const&& = delete;

 private:
  ::http::Form parameters_;
};
[[nodiscard]] Query query_of(const Request& request);

/// Where a page begins and ends. A value type.
class Page {
 public:
  static constexpr std::size_t usual = 100;
  static constexpr std::size_t longest = 1'000;

  /// Of a list with `count` entries. A parameter that is no number is ignored.
  Page(const Query& query, std::size_t count);

  template <class T>
  [[nodiscard]] std::span<const T> of(const std::vector<T>& list) const {
    return std::span(list).subspan(first_, length_);
  }
  /// The URLs of the pages beside it, for whoever asked for this one.
  [[nodiscard]] std::optional<std::string> next(const Request& request) const;
  [[nodiscard]] std::optional<std::string> previous(const Request& request) const;

 private:
  std::size_t count_;
  std::size_t limit_;
  std::size_t first_;
  std::size_t length_;
};

/// Where the files of that member are listed; with the token if the query of `request` has it.
[[nodiscard]] std::string member_url(const Request& request, std::string_view member);

}  // namespace mock
