#include "dex/json_errors.hpp"

#include <utility>

#include "protocol/dex/guide.hpp"

namespace mock {
namespace {

class JsonErrors final : public Handler, private Exchange {
 public:
  explicit JsonErrors(std::unique_ptr<Handler> handler) : handler_(std::move(handler)) {}

  void on_header(const Request& request, Exchange& exchange) override {
    exchange_ = &exchange;
    handler_->on_header(request, *this);
  }
  void on_bytes(std::span<const std::byte> bytes) override { handler_->on_bytes(bytes); }
  void on_end(BodyEnd end) override { handler_->on_end(end); }
  [[nodiscard]] bool looks_at_bytes() const override { return handler_->looks_at_bytes(); }

 private:
  void read_body() override { exchange_->read_body(); }
  void interim(Reply reply) override { exchange_->interim(std::move(reply)); }
  void reply(Reply reply) override {
    const bool text = reply.fields.find("Content-Type").value_or("").starts_with("text/plain");
    if (reply.status >= 400 && text && !reply.body.empty()) {
      reply.body = dex::guide::error_json(reply.body);
      reply.fields.set("Content-Type", "application/json");
    }
    exchange_->reply(std::move(reply));
  }

  std::unique_ptr<Handler> handler_;
  Exchange* exchange_ = nullptr;
};

}  // namespace

std::unique_ptr<Handler> json_errors(std::unique_ptr<Handler> handler) {
  return std::make_unique<JsonErrors>(std::move(handler));
}

}  // namespace mock
