// fixtures/openapi/control.json against the real program: everything that it documents is so, and
// everything that is served is documented.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "control_client.hpp"

namespace {

using nlohmann::json;
using programs::Answer;
using programs::ControlClient;
using programs::Mock;

const json& document() {
  static const json parsed = [] {
    std::ifstream in(std::string(DEX_FIXTURES) + "/openapi/control.json");
    return json::parse(in);
  }();
  return parsed;
}

const json& resolve(const json& node) {
  if (!node.contains("$ref")) return node;
  const auto pointer = node.at("$ref").get<std::string>().substr(1);
  return resolve(document().at(json::json_pointer(pointer)));
}

bool is_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "null") return value.is_null();
  throw std::runtime_error("the schema has the type " + type);
}

/// What is wrong with `value`; empty: nothing. Knows only the keywords that the document uses; any
/// other is an error, so that no part of the contract goes unchecked.
std::string mismatch(const json& value, const json& unresolved, const std::string& at = "body") {
  const json& schema = resolve(unresolved);
  for (const auto& [keyword, rule] : schema.items()) {
    if (keyword == "description" || keyword == "default" || keyword == "format") continue;
    if (keyword == "type") {
      const auto types = rule.is_array() ? rule.get<std::vector<std::string>>()
                                         : std::vector<std::string>{rule.get<std::string>()};
      bool fits = false;
      for (const auto& type : types) fits = fits || is_type(value, type);
      if (!fits) return at + " is no " + rule.dump() + ": " + value.dump();
    } else if (keyword == "enum" || keyword == "examples") {
      // "examples" lists every value that these tests can meet, so treat it like "enum".
      if (std::find(rule.begin(), rule.end(), value) == rule.end()) {
        return at + " is none of " + rule.dump() + ": " + value.dump();
      }
    } else if (keyword == "minimum") {
      if (value.is_number() && value.get<double>() < rule.get<double>())
        return at + " is too small";
    } else if (keyword == "maximum") {
      if (value.is_number() && value.get<double>() > rule.get<double>())
        return at + " is too large";
    } else if (keyword == "minItems" || keyword == "minProperties") {
      if (value.is_structured() && value.size() < rule.get<std::size_t>())
        return at + " has too few";
    } else if (keyword == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
        const auto wrong = mismatch(value[i], rule, at + "[" + std::to_string(i) + "]");
        if (!wrong.empty()) return wrong;
      }
    } else if (keyword == "required") {
      for (const auto& name : rule) {
        if (!value.contains(name.get<std::string>())) return at + " has no " + name.dump();
      }
    } else if (keyword == "properties" || keyword == "additionalProperties") {
      if (!value.is_object()) continue;
      const auto known = schema.value("properties", json::object());
      const auto others = schema.value("additionalProperties", json(true));
      for (const auto& [name, member] : value.items()) {
        if (!known.contains(name) && others == json(false)) return at + " has an unknown " + name;
        if (!known.contains(name) && others.is_boolean()) continue;
        const auto wrong =
            mismatch(member, known.contains(name) ? known.at(name) : others, at + "." + name);
        if (!wrong.empty()) return wrong;
      }
    } else if (keyword == "oneOf") {
      std::string wrong;
      for (const auto& one : rule) {
        wrong = mismatch(value, one, at);
        if (wrong.empty()) break;
      }
      if (!wrong.empty()) return wrong;
    } else {
      return "the schema has the keyword " + keyword;
    }
  }
  return {};
}

struct Operation {
  std::string method;  ///< "GET"
  std::string path;
  json description;
};

std::map<std::string, Operation> operations() {
  std::map<std::string, Operation> all;
  for (const auto& [path, item] : document().at("paths").items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      const bool fresh = all.emplace(operation.at("operationId").get<std::string>(),
                                     Operation{upper, path, operation})
                             .second;
      EXPECT_TRUE(fresh) << operation.at("operationId");
    }
  }
  return all;
}

/// Calls every operation so that it gives each documented status, and notes the statuses seen.
class Contract : public ::testing::Test {
 protected:
  Mock mock{{"--profile", "tus", "--store", "memory"}};
  ControlClient client{mock.url()};
  std::map<std::string, Operation> all = operations();
  std::map<std::string, std::set<std::string>> seen;  ///< operation -> statuses

  /// Compares an answer with what the document says of that operation and status.
  void note(const std::string& id, const Answer& answer) {
    const auto& responses = all.at(id).description.at("responses");
    const auto status = std::to_string(answer.status);
    SCOPED_TRACE(id + " " + status + " " + answer.body);
    seen[id].insert(status);
    ASSERT_TRUE(responses.contains(status)) << "not documented";
    const json& response = resolve(responses.at(status));
    if (const auto headers = response.value("headers", json::object()); true) {
      for (const auto& [name, header] : headers.items()) {
        EXPECT_TRUE(answer.headers.has(name)) << name;
      }
    }
    EXPECT_EQ(answer.header("Cache-Control"), answer.status == 401 || answer.status == 403
                                                  ? answer.header("Cache-Control")
                                                  : "no-store");
    if (!response.contains("content")) {
      EXPECT_TRUE(answer.body.empty());
      return;
    }
    const auto type = answer.header("Content-Type");
    const auto media = type.substr(0, type.find(';'));
    ASSERT_TRUE(response.at("content").contains(media)) << type;
    const json& schema = response.at("content").at(media).at("schema");
    const json value = media == "application/json" ? answer.json : json(answer.body);
    EXPECT_EQ(mismatch(value, schema), "");
  }

  /// The operation's path, with `argument` in place of the parameter in braces.
  [[nodiscard]] std::string path_of(const std::string& id, const std::string& argument) const {
    auto path = all.at(id).path;
    if (const auto brace = path.find('{'); brace != std::string::npos) {
      path.replace(brace, path.find('}') - brace + 1, argument);
    }
    return path;
  }

  Answer ask(const std::string& id, const std::string& body = "", const std::string& argument = "",
             const std::string& query = "") {
    const auto& operation = all.at(id);
    Answer answer;
    if (operation.method == "POST" || operation.method == "PUT") {
      answer = client.send(operation.method, path_of(id, argument) + query,
                           {{"Content-Type", "application/json"}}, body);
    } else {
      answer = client.send(operation.method, path_of(id, argument) + query);
    }
    note(id, answer);
    return answer;
  }
};

TEST_F(Contract, IsServedAsItIsWritten) {
  const auto answer = client.get("/_mock/openapi.json");
  EXPECT_EQ(answer.json, document());
}

TEST_F(Contract, NamesEveryEndpointAndNoOther) {
  std::set<std::string> described;
  for (const auto& [id, operation] : all) described.insert(operation.method + " " + operation.path);
  std::set<std::string> served;
  const auto index = client.get("/_mock/").json;
  for (const auto& one : index.at("endpoints")) served.insert(one);
  EXPECT_EQ(described, served);
}

TEST_F(Contract, MethodsThatItDoesNotNameAreRefusedWithThoseThatItDoes) {
  std::map<std::string, std::set<std::string>> by_path;
  for (const auto& [id, operation] : all) by_path[path_of(id, "x")].insert(operation.method);
  for (auto& [path, methods] : by_path) {
    if (methods.contains("GET")) methods.insert("HEAD");
    for (const std::string method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
      if (methods.contains(method)) continue;
      SCOPED_TRACE(method + " " + path);
      const auto answer = client.send(method, path, {{"Content-Type", "application/json"}});
      EXPECT_EQ(answer.status, 405);
      std::set<std::string> allowed;
      const auto list = answer.header("Allow");
      for (const auto one : http::split_list(list)) allowed.emplace(one);
      EXPECT_EQ(allowed, methods);
    }
  }
  EXPECT_EQ(client.get("/_mock/nothing").status, 404);
  EXPECT_EQ(client.get("/_mock/uploads/a/b").status, 404);
  EXPECT_EQ(client.get("/_mock").body, client.get("/_mock/").body);
}

TEST_F(Contract, EveryStatusIsServedWithWhatIsDocumented) {
  const auto upload = ControlClient::id_of(client.create(5));
  client.patch(mock.url() + "/files/" + upload, 0, "hello");

  for (const char* id : {"index", "health", "openapi", "metrics", "listRules", "listLanes",
                         "getClock", "listJournal", "listUploads", "listSchemas"}) {
    ask(id);
  }
  ask("getSchema", "", "rule");
  ask("getSchema", "", "ruel");
  ask("listJournal", "", "", "?digests=true&method=PATCH&status=2xx&faults=false");
  ask("listJournal", "", "", "?methd=PATCH");
  ask("listUploads", "", "", "?limit=0");
  ask("getUpload", "", upload);
  ask("getUpload", "", upload, "?digest=xxh128");
  ask("getUpload", "", upload, "?digest=md4");
  ask("getUpload", "", "none");
  ask("removeUpload", "", upload);
  ask("removeUpload", "", upload);
  ask("verifyJournal", R"({"match": {"method": "PATCH"}, "count": {"exactly": 1}})");
  ask("verifyJournal", R"({"match": {"method": "HEAD"}, "count": {"exactly": 1}})");
  ask("verifyJournal", R"({"match": {"verb": "HEAD"}})");
  ask("clearJournal");
  ask("addRules", R"({"fault": "lost-ack"})");
  ask("addRules", R"({"fault": "lost-ack"})");
  ask("addRules", R"({"fault": "none of these"})");
  ask("getRule", "", "lost-ack");
  ask("getRule", "", "none");
  ask("removeRule", "", "lost-ack");
  ask("removeRule", "", "lost-ack");
  ask("clearRules");
  ask("setClock", R"({"freeze": true, "advance": "1s"})");
  ask("setClock", R"({"advance": 1})");
  ask("mintToken", R"({"username": "demo", "kind": "jwt"})");
  const auto token = ask("mintToken", "{}").json;
  ask("mintToken", R"({"user": "demo"})");
  ask("revokeToken", json{{"token", token.at("access_token")}}.dump());
  ask("revokeToken", "{}");
  ask("rotateKeys", "{}");
  ask("rotateKeys", R"({"retire_earlier": 1})");
  ask("openLane", R"({"profile": "dex"})", "blue");
  ask("openLane", R"({"profile": "dex"})", "blue");
  ask("openLane", R"({"profile": "none"})", "red");
  ask("listLanes");
  ask("getLane", "", "blue");
  ask("getLane", "", "none");
  note("closeLane", client.remove("/_lane/blue/_mock/lanes/blue"));
  ask("closeLane", "", "blue");
  ask("closeLane", "", "blue");
  ask("resetLane", "{}");
  ask("resetLane", R"({"all": true})");

  testkit::ChildProcess::Options secret;
  secret.environment = {{"DEX_TEST_CONTROL_TOKEN", "s3cret"}};
  testkit::ChildProcess guarded({DEX_MOCK_SERVER, "--listen", "127.0.0.1:0", "--store", "memory",
                                 "--control-token-env", "DEX_TEST_CONTROL_TOKEN"},
                                secret);
  const auto guarded_url = guarded.wait_ready();
  for (const auto& [id, operation] : all) {
    const http::Fields as_json{{"Content-Type", "application/json"}};
    note(id, client.send(operation.method, guarded_url + path_of(id, "x"), as_json));
    note(id, client.send(operation.method, path_of(id, "x"),
                         {{"Host", "evil.example"}, {"Content-Type", "application/json"}}));
    if (operation.method != "POST" && operation.method != "PUT") continue;
    note(id, client.send(operation.method, path_of(id, "x"), as_json,
                         std::string((1U << 20U) + 1, ' ')));
    note(id,
         client.send(operation.method, path_of(id, "x"), {{"Content-Type", "text/plain"}}, "{}"));
  }

  for (const auto& [id, operation] : all) {
    std::set<std::string> documented;
    for (const auto& [status, response] : operation.description.at("responses").items()) {
      documented.insert(status);
    }
    EXPECT_EQ(seen[id], documented) << id;
  }
}

TEST_F(Contract, ItsExamplesAreTaken) {
  for (const auto& [id, operation] : all) {
    if (!operation.description.contains("requestBody")) continue;
    const auto& content =
        operation.description.at("requestBody").at("content").at("application/json");
    const auto examples = content.value("examples", json::object());
    for (const auto& [name, example] : examples.items()) {
      SCOPED_TRACE(id + " " + name);
      EXPECT_EQ(mismatch(example.at("value"), content.at("schema")), "");
      EXPECT_LT(ask(id, example.at("value").dump(), "example").status, 300);
    }
  }
}

}  // namespace
