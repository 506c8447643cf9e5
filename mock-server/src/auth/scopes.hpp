// OAuth scopes: space-separated lists (RFC 6749 section 3.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mock {

/// RFC 6749 section 3.3, scope-token: visible ASCII without space, '"' and '\'.
[[nodiscard]] bool is_scope(std::string_view scope);
[[nodiscard]] std::vector<std::string> split_scopes(std::string_view text);
[[nodiscard]] std::string join_scopes(const std::vector<std::string>& scopes);
/// Whether every one of `wanted` is among `granted`.
[[nodiscard]] bool includes_scopes(const std::vector<std::string>& granted,
                                   const std::vector<std::string>& wanted);

}  // namespace mock
