// /_mock/metrics and /metrics: Prometheus text.
#include <memory>
#include <utility>

#include "control/call.hpp"
#include "record/server_metrics.hpp"

namespace mock::control {
namespace {

Reply text_of(Lane& lane) {
  auto reply = text_reply(200, {});
  reply.fields.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  reply.body = lane.system_metrics() + lane.metrics().text();
  return reply;
}

}  // namespace

void get_metrics(Call& call) {
  call.lane.metrics().set_uploads(call.lane.upload_counts());
  call.answer(text_of(call.lane));
}

std::unique_ptr<Handler> make_metrics_handler(const Request& request, Lanes& lanes, Lane& lane) {
  class MetricsHandler : public Handler, private Call {
   public:
    MetricsHandler(const Request& r, Lanes& all, Lane& one) : Call(r, all, one, {}) {}
    void on_header(const Request&, Exchange& exchange) override {
      exchange_ = &exchange;
      get_metrics(*this);
    }
    void on_bytes(std::span<const std::byte>) override {}
    void on_end(BodyEnd) override {}
    void answer(Reply reply) override { exchange_->reply(std::move(reply)); }

   private:
    Exchange* exchange_ = nullptr;
  };
  return std::make_unique<MetricsHandler>(request, lanes, lane);
}

}  // namespace mock::control
