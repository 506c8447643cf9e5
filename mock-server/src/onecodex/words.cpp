#include "onecodex/words.hpp"

#include <utility>

namespace mock::onecodex_words {

Reply problem(int status, std::string message) {
  return json_reply(status, to_json(onecodex::Problem{status, std::move(message)}));
}

Reply breach(const onecodex::Breach& breach) { return json_reply(400, to_json(breach)); }

Reply unknown_item(std::string_view resource, std::string_view id) {
  return json_reply(404, onecodex::unknown_item_body(resource, id));
}

Reply trouble(const StoreError& error) {
  return error.kind == StoreError::Kind::no_space
             ? problem(503, "No space is left for this")
             : problem(500, "Internal Server Error: the store failed");
}

Reply method_not_allowed(const Request& request, std::string_view allowed) {
  auto reply = problem(405, request.method + " is not allowed here");
  reply.fields.set("Allow", std::string(allowed));
  return reply;
}

}  // namespace mock::onecodex_words
