// /_mock/schemas: the JSON Schemas of what users write.
#include <nlohmann/json.hpp>
#include <string>

#include "control/call.hpp"
#include "schemas/schemas.hpp"

namespace mock::control {

void list_schemas(Call& call) {
  auto list = Json::array();
  for (const auto& schema : schemas::all()) {
    list.push_back({{"name", schema.name},
                    {"id", schema.id},
                    {"title", schema.title},
                    {"url", call.request.mount + "/_mock/schemas/" + schema.name}});
  }
  call.answer(reply_json(200, {{"schemas", std::move(list)}}));
}

void get_schema(Call& call) {
  const auto* const schema = schemas::find(call.argument);
  if (schema == nullptr) {
    return call.answer(
        reply_error(404, "there is no such schema", "GET /_mock/schemas lists them"));
  }
  auto reply = json_reply(200, std::string(schema->text));
  reply.fields.set("Content-Type", "application/schema+json");
  call.answer(std::move(reply));
}

}  // namespace mock::control
