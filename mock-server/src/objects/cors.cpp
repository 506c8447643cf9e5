#include "objects/cors.hpp"

#include <utility>

#include "objects/replies.hpp"

namespace mock {
namespace {

void allow(Reply& reply) {
  auto& fields = reply.fields;
  fields.set("Access-Control-Allow-Origin", "*");
  fields.set("Access-Control-Allow-Methods", "GET, PUT, POST, DELETE, HEAD");
  fields.set("Access-Control-Expose-Headers",
             "ETag, Location, Content-Range, x-amz-request-id, x-amz-id-2, "
             "x-amz-server-side-encryption");
  fields.add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

/// Stands between a handler and its exchange.
class Readable final : public Handler, private Exchange {
 public:
  explicit Readable(std::unique_ptr<Handler> inner) : inner_(std::move(inner)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    outer_ = &exchange;
    inner_->on_header(request, *this);
  }
  void on_bytes(std::span<const std::byte> bytes) override { inner_->on_bytes(bytes); }
  void on_end(BodyEnd end) override { inner_->on_end(end); }

 private:
  void read_body() override { outer_->read_body(); }
  void interim(Reply reply) override { outer_->interim(std::move(reply)); }
  void reply(Reply reply) override {
    allow(reply);
    outer_->reply(std::move(reply));
  }

  std::unique_ptr<Handler> inner_;
  Exchange* outer_ = nullptr;
};

}  // namespace

bool is_objects_preflight(const Request& request) {
  return request.method == "OPTIONS" && request.fields.has("Origin") &&
         request.fields.has("Access-Control-Request-Method");
}

std::unique_ptr<Handler> make_preflight_handler() {
  return bodiless([](const Request& request) {
    auto reply = object_reply(200);
    allow(reply);
    // By name, since "*" does not stand for Authorization.
    if (const auto asked = request.fields.joined("Access-Control-Request-Headers"))
      reply.fields.set("Access-Control-Allow-Headers", *asked);
    reply.fields.set("Access-Control-Max-Age", "3000");
    return reply;
  });
}

void let_pages_read(const Request& request, Reply& reply) {
  if (request.fields.has("Origin")) allow(reply);
}

std::unique_ptr<Handler> readable_by_pages(std::unique_ptr<Handler> handler) {
  return std::make_unique<Readable>(std::move(handler));
}

}  // namespace mock
