// No text is too strange for the loader of rules, and what it takes can be put in front of any
// request without a crash.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "misbehave/test_rules.hpp"

namespace {

using namespace mock;
using namespace mock::misbehave;

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

void play(RuleInterceptor& rules, World& world, Request asked) {
  auto intercept = rules.begin(asked);
  if (!intercept) return;
  intercept->on_request(asked);
  if (intercept->edits_body()) {
    std::string body = R"({"a": [1, 2]})";
    intercept->on_small_body(asked, body);
  }
  auto& store = intercept->services(world.services).store;
  Bytes position;
  for (int i = 0; i < 4; ++i) {
    const auto stop = intercept->next_stop();
    if (!stop) break;
    require(*stop > Bytes{0}, "a stop is a position in the body");
    position = std::max(position, *stop);
    intercept->on_body(position);
    require(!intercept->next_stop() || *intercept->next_stop() > position,
            "a stop that was reached does not come again");
  }
  for (int i = 0; i < 4; ++i) {
    const auto alarm = intercept->next_alarm();
    if (!alarm) break;
    intercept->on_alarm(*alarm);
    require(!intercept->next_alarm() || *intercept->next_alarm() > *alarm,
            "an alarm that sounded does not come again");
  }
  append_all(store, "u1", {"ef"});
  Reply interim;
  interim.status = 104;
  intercept->on_interim(interim);
  if (asked.method == "PUT") {
    intercept->on_stall();
    intercept->on_abort();
    return;
  }
  auto answer = reply(200, {{"Location", "/files/u1"}, {"Upload-Offset", "6"}}, R"({"a": 1})");
  const auto plan = intercept->on_reply(answer);
  const auto whole = [](const ::http::Fields& fields) {
    for (const auto& [name, value] : fields)
      require(value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos,
              "no header is broken apart");
  };
  whole(answer.fields);
  whole(interim.fields);
  for (const auto& ahead : plan.ahead) whole(ahead.reply.fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto loaded = load_text(text, "fuzz.json");
  if (!loaded) {
    require(!loaded.error().line().empty(), "a refusal says why");
    require(loaded.error().line().find('\n') == std::string::npos, "a refusal is one line");
    return 0;
  }
  World world;
  Upload upload;
  upload.id = "u1";
  upload.length = Bytes{6};
  require(world.store->create(upload).has_value(), "the store takes an upload");
  require(world.store->append("u1", Bytes{0}, bytes_of("abcd")).has_value(), "and its bytes");
  RuleInterceptor rules{on_tus(), world.services};
  if (!rules.add(std::move(*loaded))) return 0;
  for (const auto* method : {"POST", "PATCH", "HEAD", "PUT"})
    for (const auto* path : {"/files", "/files/u1", "/info/u1", "/oauth", "/"}) {
      auto asked = request(method, path, {{"Host", "h"}, {"Upload-Offset", "4"}});
      asked.chunked = std::string_view{method} != "HEAD";
      play(rules, world, std::move(asked));
    }
  rules.on_connection("", 1);
  rules.before({Effect::Kind::delivery, "edav", 1}, upload);
  rules.delivered("edav", upload);
  world.loop.advance(Milliseconds{10});
  require(!rules.report().empty(), "every rule is accounted for");
  rules.reset_counts();
  return 0;
}
