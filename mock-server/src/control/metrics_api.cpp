// /_mock/metrics and /metrics: Prometheus text.
#include <memory>
#include <utility>

#include "control/call.hpp"
#include "control/scan.hpp"
#include "control/server_metrics.hpp"
#include "dex/dex.hpp"
#include "loop/loop.hpp"
#include "services.hpp"

namespace mock::control {
namespace {

Reply text_of(Lane& lane) {
  auto reply = text_reply(200, {});
  reply.fields.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  if (lane.dex() != nullptr) reply.body = lane.dex()->metrics().body;
  reply.body += lane.metrics().text();
  return reply;
}

}  // namespace

void get_metrics(Call& call) {
  auto counts = std::make_shared<ServerMetrics::Uploads>();
  scan_uploads(
      call, call.lane.services().store.ids(),
      [&call, counts](const Upload& upload) {
        const auto state = state_of(upload, call.lane.clock().now());
        if (state == "created") ++counts->created;
        if (state == "receiving") ++counts->receiving;
        if (state == "complete") ++counts->complete;
        if (state == "expired") ++counts->expired;
        return true;
      },
      [&call, counts] {
        call.lane.metrics().set_uploads(*counts);
        call.answer(text_of(call.lane));
      });
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
