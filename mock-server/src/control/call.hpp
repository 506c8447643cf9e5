// What the endpoints under /_mock/ share. Private to this room.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "control/control.hpp"
#include "embedded/embedded.hpp"
#include "http/handler.hpp"
#include "lane/lane.hpp"
#include "protocol/error.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "store/store.hpp"

namespace mock::control {

using Json = nlohmann::ordered_json;

/// One request whose endpoint is found, and whose body is whole.
class Call {
 public:
  Call(const Request& r, Lanes& all, Lane& one, const ControlOptions& o)
      : request(r), lanes(all), lane(one), options(o) {}
  virtual ~Call() = default;
  /// Once; nothing of the call may be used afterwards.
  virtual void answer(Reply reply) = 0;

  /// Tells whether the client is still there. When it is not, the call does not exist any more.
  [[nodiscard]] std::function<bool()> is_wanted() const {
    return [alive = std::weak_ptr<bool>(alive_)] { return !alive.expired(); };
  }
  /// Wraps `task`, which is not run once the client has gone: the call does not exist then. What it
  /// throws becomes the call's answer.
  template <class Task>
  [[nodiscard]] auto if_wanted(Task task) {
    return [this, alive = std::weak_ptr<bool>(alive_), task = std::move(task)](auto&&... given) {
      if (alive.expired()) return;
      try {
        task(std::forward<decltype(given)>(given)...);
      } catch (...) {
        answer(failed(std::current_exception()));
      }
    };
  }

  const Request& request;
  Lanes& lanes;
  Lane& lane;
  const ControlOptions options;
  std::string argument;        ///< what stands for {id} or {name} in the path, decoded
  std::string body;            ///< "{}" when there was none
  std::shared_ptr<void> held;  ///< lives as long as the call

 private:
  /// 507 when memory or a disk ran out, else 500; told as trouble.
  [[nodiscard]] Reply failed(const std::exception_ptr& thrown) const;

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// One method of one path.
struct Endpoint {
  std::string_view method;  ///< GET stands for HEAD too
  std::string_view path;    ///< below /_mock/: "uploads/{id}"; "" is /_mock/ itself
  void (*serve)(Call& call);
};
/// Every endpoint there is. The OpenAPI document describes these and no others.
[[nodiscard]] std::span<const Endpoint> endpoints();

[[nodiscard]] Reply reply_json(int status, const Json& json);
/// {"error": ..., "hint": ...}: one line each; "hint" only when there is one.
[[nodiscard]] Reply reply_error(int status, std::string_view error, std::string_view hint = {});
[[nodiscard]] Reply reply_error(int status, const Error& error);
/// For a store that failed: 507 when memory or a disk ran out, else 500.
[[nodiscard]] Reply reply_error(const StoreError& error);

/// Reads the body as JSON with `read`; what is wrong with it is answered 400. The result tells
/// whether the endpoint may go on.
template <class Read>
auto decode_body(Call& call, Read&& read)
    -> std::optional<std::invoke_result_t<Read, json::Cursor>> {
  auto result = json::decode(call.body, "body", std::forward<Read>(read));
  if (result) return *std::move(result);
  call.answer(reply_error(400, result.error()));
  return std::nullopt;
}

// rules.cpp
void list_rules(Call& call);
void add_rules(Call& call);
void clear_rules(Call& call);
void get_rule(Call& call);
void remove_rule(Call& call);
// uploads.cpp
void list_uploads(Call& call);
void get_upload(Call& call);
void remove_upload(Call& call);
// journal_api.cpp
void list_journal(Call& call);
void clear_journal(Call& call);
void verify_journal(Call& call);
// identity.cpp
void mint_token(Call& call);
void revoke_token(Call& call);
void rotate_keys(Call& call);
// lanes_api.cpp
void list_lanes(Call& call);
void get_lane(Call& call);
void open_lane(Call& call);
void close_lane(Call& call);
void reset_lane(Call& call);
// clock_api.cpp
void get_clock(Call& call);
void set_clock(Call& call);
// schemas_api.cpp
void list_schemas(Call& call);
void get_schema(Call& call);
// metrics_api.cpp
void get_metrics(Call& call);
[[nodiscard]] std::unique_ptr<Handler> make_metrics_handler(const Request& request, Lanes& lanes,
                                                            Lane& lane);
/// fixtures/openapi/control.json, as it was when the program was built.
[[nodiscard]] std::span<const EmbeddedFile> openapi_files();

}  // namespace mock::control
