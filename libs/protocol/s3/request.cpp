#include "protocol/s3/request.hpp"

#include "protocol/http/form.hpp"

namespace s3 {

std::string_view path_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  constexpr std::string_view mark = "://";
  const std::size_t scheme = path.find(mark);
  if (path.starts_with('/') || scheme == std::string_view::npos) return path;
  const std::size_t slash = path.find('/', scheme + mark.size());
  return slash == std::string_view::npos ? std::string_view("/") : path.substr(slash);
}

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

std::optional<Parameters> parse_query(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view member = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    auto name = http::percent_decode(member.substr(0, equals));
    if (!name) return std::nullopt;
    Parameter parameter{std::move(*name), std::nullopt};
    if (equals != std::string_view::npos) {
      parameter.value = http::percent_decode(member.substr(equals + 1));
      if (!parameter.value) return std::nullopt;
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::optional<std::string_view> find(const Parameters& parameters, std::string_view name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name != name) continue;
    return parameter.value ? std::string_view(*parameter.value) : std::string_view{};
  }
  return std::nullopt;
}

std::string encode_path(std::string_view path) {
  std::string out;
  while (true) {
    const std::size_t slash = path.find('/');
    out += http::percent_encode(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace s3
