// /_mock/lanes: whole servers of their own, opened and closed while this one runs.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "control/call.hpp"
#include "lane/lane_config_json.hpp"

namespace mock::control {
namespace {

std::string_view port_of(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
}

/// The URL before a lane's prefix. It has the authority that this request was sent to, if it came
/// to the main lane's listener: that is known to be reachable. Else it is the main lane's URL, with
/// the host of this request where that listener is bound to all addresses.
std::string origin_of(const Call& call) {
  const auto& request = call.request;
  const std::string_view host = request.fields.find("Host").value_or(request.local_authority);
  const std::string_view main = call.lanes.main().url();
  if (main.empty() || port_of(request.local_authority) == port_of(main)) {
    return (request.tls ? "https://" : "http://") + std::string(host);
  }
  const auto scheme = main.substr(0, main.find("://") + 3);
  const auto rest = main.substr(scheme.size());
  if (!rest.starts_with("0.0.0.0:") && !rest.starts_with("[::]:")) return std::string(main);
  const bool has_port = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
  const auto name = has_port ? host.substr(0, host.rfind(':')) : host;
  return std::string(scheme) + std::string(name) + std::string(port_of(main));
}

/// The lane with all three ways to reach it.
Json describe(Call& call, Lane& lane) {
  Json json{{"name", lane.name()}};
  const auto origin = origin_of(call);
  json["url"] = lane.name().empty() ? origin : origin + std::string(lane_prefix) + lane.name();
  json["listener"] = lane.url().empty() ? Json(nullptr) : Json(lane.url());
  if (!lane.name().empty()) json["header"] = std::string(lane_header) + ": " + lane.name();
  json["config"] = shown_json(lane.config());
  return json;
}

Lane* find(Call& call) {
  Lane* lane = call.lanes.find(call.argument);
  if (lane == nullptr) call.answer(reply_error(404, "there is no such lane"));
  return lane;
}

}  // namespace

void list_lanes(Call& call) {
  auto list = Json::array();
  list.push_back(describe(call, call.lanes.main()));
  for (const auto& name : call.lanes.names()) {
    Lane* lane = call.lanes.find(name);
    if (lane != nullptr && !name.empty()) list.push_back(describe(call, *lane));
  }
  call.answer(reply_json(200, {{"lanes", list}}));
}

void get_lane(Call& call) {
  if (Lane* lane = find(call)) call.answer(reply_json(200, describe(call, *lane)));
}

namespace {

void tell_opened(Call& call, const Result<Lane*>& opened) {
  // Another request may have been quicker.
  const bool taken = !opened && call.lanes.is_taken(call.argument);
  if (!opened) {
    const bool ours = opened.error().where.empty();
    return call.answer(reply_error(taken ? 409 : (ours ? 500 : 400), opened.error()));
  }
  auto reply = reply_json(201, describe(call, **opened));
  reply.fields.add("Location", call.request.mount + "/_mock/lanes/" + call.argument);
  call.answer(std::move(reply));
}

}  // namespace

void open_lane(Call& call) {
  if (!is_lane_name(call.argument)) {
    return call.answer(reply_error(400, quote(call.argument) + " is no name for a lane",
                                   "letters, digits, '-', '_' and '.', at most 64"));
  }
  if (call.lanes.is_taken(call.argument)) {
    return call.answer(reply_error(409, "there is such a lane already",
                                   "DELETE it first: a lane never changes its configuration"));
  }
  if (call.lanes.is_full()) {
    return call.answer(reply_error(409,
                                   "there are " + std::to_string(lane_limit) + " lanes already",
                                   "DELETE those that are not needed"));
  }
  const auto config = decode_body(call, [&call](const json::Cursor& root) {
    return read_lane_config(root, call.lanes.main().config(), ConfigWriter::client);
  });
  if (!config) return;
  // A client that has gone meanwhile finds the lane open when it asks again.
  call.lanes.open(call.argument, *config,
                  [&call, wanted = call.is_wanted()](const Result<Lane*>& opened) {
                    if (wanted()) tell_opened(call, opened);
                  });
}

void close_lane(Call& call) {
  Lane* lane = find(call);
  if (lane == nullptr) return;
  if (lane == &call.lane) {
    return call.answer(reply_error(409, "a lane cannot be closed from within",
                                   "ask without its prefix, header and listener"));
  }
  auto answer = call.if_wanted([&call](const Result<void>& closed) {
    if (!closed) return call.answer(reply_error(500, closed.error()));
    Reply reply;
    reply.status = 204;
    call.answer(std::move(reply));
  });
  // A handful at a time, so that thousands of uploads hold nobody up; also when the client has
  // gone.
  lane->remove_uploads(
      [&lanes = call.lanes, lane, name = call.argument, answer = std::move(answer)]() mutable {
        // Someone else may have closed it meanwhile.
        answer(lanes.find(name) == lane ? lanes.close(name) : Result<void>{});
      });
}

void reset_lane(Call& call) {
  const auto read = decode_body(call, [](const json::Cursor& root) {
    root.only({});
    return true;
  });
  if (!read) return;
  call.lane.reset(call.if_wanted([&call](const Result<void>& done) {
    if (!done) return call.answer(reply_error(500, done.error()));
    Reply reply;
    reply.status = 204;
    call.answer(std::move(reply));
  }));
}

}  // namespace mock::control
