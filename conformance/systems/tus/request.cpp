#include "tus/request.hpp"

#include <utility>

#include "protocol/tus/headers.hpp"

namespace conformance {

transport::Request tus_request(std::string method, std::string url, http::Fields headers,
                               std::optional<std::string> body) {
  transport::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.headers.add(std::string(tus::header::tus_resumable), std::string(tus::version));
  request.body = std::move(body);
  return request;
}

}  // namespace conformance
