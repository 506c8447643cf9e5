#include "app/control.hpp"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "loop/loop.hpp"
#include "store/store.hpp"

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view prefix = "/_mock/";
constexpr std::string_view uploads_prefix = "uploads/";

Reply error_reply(int status, std::string_view what) {
  return json_reply(status, Json{{"error", what}}.dump() + "\n");
}

std::string_view kind_name(tus::UploadKind kind) {
  switch (kind) {
    case tus::UploadKind::partial:
      return "partial";
    case tus::UploadKind::final:
      return "final";
    case tus::UploadKind::normal:
      break;
  }
  return "normal";
}

std::string upload_json(const Upload& upload, const std::optional<std::string>& sha256) {
  Json json{{"id", upload.id}, {"kind", kind_name(upload.kind)}, {"offset", upload.offset.value}};
  json["length"] = upload.length ? Json(upload.length->value) : Json(nullptr);
  json["complete"] = upload.complete();
  json["sha256"] = sha256 ? Json(*sha256) : Json(nullptr);
  return json.dump() + "\n";
}

class ControlHandler : public Handler {
 public:
  ControlHandler(Services& services, std::function<std::string()> rules)
      : services_(services), rules_(std::move(rules)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    if (request.method != "GET" && request.method != "HEAD") {
      auto reply = error_reply(405, "only GET");
      reply.fields.add("Allow", "GET, HEAD");
      return exchange.reply(std::move(reply));
    }
    std::string_view path = request.path;
    path.remove_prefix(std::min(prefix.size(), path.size()));
    if (path == "health") return exchange.reply(json_reply(200, "{\"status\":\"ok\"}\n"));
    if (path == "rules") return exchange.reply(json_reply(200, rules_()));
    if (path == "uploads") {
      return exchange.reply(
          json_reply(200, Json{{"uploads", services_.store.ids()}}.dump() + "\n"));
    }
    if (path.starts_with(uploads_prefix)) {
      return describe(std::string(path.substr(uploads_prefix.size())), exchange);
    }
    exchange.reply(error_reply(404, "no such control endpoint"));
  }
  void on_bytes(std::span<const std::byte>) override {}
  void on_end(BodyEnd) override {}

 private:
  // The digest of a large upload takes seconds, so it is made off the loop; the connection may be
  // gone when it is done.
  void describe(const std::string& id, Exchange& exchange) {
    if (!is_upload_id(id)) return exchange.reply(error_reply(404, "no such upload"));
    auto upload = services_.store.find(id);
    if (!upload) return exchange.reply(error_reply(404, "no such upload"));
    auto reader = services_.store.open(id);
    if (!reader) {
      if (reader.error().kind != StoreError::Kind::not_kept) {
        return exchange.reply(error_reply(500, reader.error().detail));
      }
      return exchange.reply(json_reply(200, upload_json(*upload, std::nullopt)));
    }
    struct Work {
      std::unique_ptr<Reader> reader;
      StoreResult<std::string> sha256;
    };
    auto work = std::make_shared<Work>(Work{std::move(*reader), std::string()});
    services_.loop.background(
        [work] { work->sha256 = sha256_of(*work->reader); },
        [work, upload = *std::move(upload), alive = std::weak_ptr<bool>(alive_), &exchange] {
          if (alive.expired()) return;
          if (!work->sha256) return exchange.reply(error_reply(500, work->sha256.error().detail));
          exchange.reply(json_reply(200, upload_json(upload, *work->sha256)));
        });
  }

  Services& services_;
  std::function<std::string()> rules_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Handler> make_control_handler(Services& services,
                                              std::function<std::string()> rules) {
  return std::make_unique<ControlHandler>(services, std::move(rules));
}

}  // namespace mock
