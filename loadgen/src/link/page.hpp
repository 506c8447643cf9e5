// The pages of a proxy or a portal that answers in place of the service.
#pragma once

#include <string>
#include <string_view>

#include "link/link.hpp"

namespace loadgen {

/// An answer as proxies and portals write it for people: a page, and the end of the connection.
[[nodiscard]] inline transport::LoadOutcome page(int status, std::string_view title) {
  transport::LoadResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/html");
  response.headers.add("Connection", "close");
  response.body = "<html><head><title>" + std::string(title) + "</title></head><body><h1>" +
                  std::string(title) + "</h1></body></html>\r\n";
  transport::LoadOutcome outcome;
  outcome.response = std::move(response);
  return outcome;
}

}  // namespace loadgen
