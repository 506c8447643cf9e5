#include "record/server_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "http/intercept.hpp"
#include "http/route.hpp"

namespace mock {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

/// Clients choose methods and rules choose statuses freely; series must stay few.
constexpr std::array<std::string_view, 9> methods{"GET",    "HEAD",    "POST",    "PUT",  "PATCH",
                                                  "DELETE", "OPTIONS", "CONNECT", "TRACE"};
constexpr std::size_t other_method = methods.size();
/// Rules can be added while the server runs.
constexpr std::size_t most_rules = 1000;

std::size_t method_index(std::string_view method) {
  return static_cast<std::size_t>(std::find(methods.begin(), methods.end(), method) -
                                  methods.begin());
}

std::string method_label(std::size_t index) {
  return index == other_method ? "other" : std::string(methods[index]);
}

std::string status_label(int status) {
  if (status == 0) return "none";
  return status >= 100 && status < 600 ? std::to_string(status) : "other";
}

Histogram::BucketBoundaries duration_buckets() {
  return {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
}

template <class Builder>
auto& family(Builder builder, prometheus::Registry& registry, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

}  // namespace

struct ServerMetrics::Families {
  prometheus::Registry registry;
  Family<Counter>& requests =
      family(prometheus::BuildCounter(), registry, "dex_mock_requests_total",
             "Requests, by route, method and status of the reply");
  Family<Histogram>& durations =
      family(prometheus::BuildHistogram(), registry, "dex_mock_request_duration_seconds",
             "From the head of a request to the end of its reply, by route");
  Family<Counter>& faults = family(prometheus::BuildCounter(), registry, "dex_mock_faults_total",
                                   "Requests in which a misbehaviour rule fired, by rule");
  Counter& received = family(prometheus::BuildCounter(), registry, "dex_mock_received_bytes_total",
                             "Bytes of request bodies, without framing")
                          .Add({});
  Counter& sent = family(prometheus::BuildCounter(), registry, "dex_mock_sent_bytes_total",
                         "Bytes of replies, heads included")
                      .Add({});
  Counter& aborted = family(prometheus::BuildCounter(), registry, "dex_mock_aborted_requests_total",
                            "Requests that ended before their reply was sent")
                         .Add({});
  Gauge& connections = family(prometheus::BuildGauge(), registry, "dex_mock_connections_open",
                              "Open connections of the server")
                           .Add({});
  Family<Gauge>& uploads =
      family(prometheus::BuildGauge(), registry, "dex_mock_uploads", "Stored uploads, by state");
  Gauge& created = uploads.Add({{"state", "created"}});
  Gauge& receiving = uploads.Add({{"state", "receiving"}});
  Gauge& complete = uploads.Add({{"state", "complete"}});
  Gauge& expired = uploads.Add({{"state", "expired"}});

  // A look-up by labels costs a microsecond.
  struct OfRoute {
    Route route;
    Histogram* durations = nullptr;
    std::unordered_map<std::uint32_t, Counter*> requests = {};
  };
  std::vector<OfRoute> by_route;  // a dozen
  std::unordered_map<std::string, Counter*> by_rule;

  OfRoute& of(Route route) {
    for (auto& known : by_route) {
      if (known.route == route) return known;
    }
    auto& added = durations.Add({{"route", std::string(route.name())}}, duration_buckets());
    return by_route.emplace_back(OfRoute{route, &added});
  }
  Counter& request(OfRoute& of, std::size_t method, int status) {
    const auto bounded = status >= 100 && status < 600 ? status : status == 0 ? 0 : 999;
    const auto key = static_cast<std::uint32_t>(method * 1000 + static_cast<std::size_t>(bounded));
    auto& known = of.requests[key];
    if (known == nullptr) {
      known = &requests.Add({{"route", std::string(of.route.name())},
                             {"method", method_label(method)},
                             {"status", status_label(status)}});
    }
    return *known;
  }
  Counter& fault(const std::string& rule) {
    const auto known = by_rule.find(rule);
    if (known != by_rule.end()) return *known->second;
    if (by_rule.size() >= most_rules) return faults.Add({{"rule", "other"}});
    return *by_rule.emplace(rule, &faults.Add({{"rule", rule}})).first->second;
  }
};

ServerMetrics::ServerMetrics() : families_(std::make_unique<Families>()) {}
ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::on_exchange(const ExchangeRecord& record) {
  const Route route = record.request.addressed.route;
  if (route.is_control()) return;
  Families& f = *families_;
  auto& of_route = f.of(route);
  f.request(of_route, method_index(record.request.method), record.status).Increment();
  of_route.durations->Observe(static_cast<double>(record.duration.count()) / 1e6);
  f.received.Increment(static_cast<double>(record.body_received.value));
  f.sent.Increment(static_cast<double>(record.sent.value));
  if (record.aborted) f.aborted.Increment();
  if (record.intercept != nullptr) {
    for (const auto& rule : record.intercept->fired()) f.fault(rule).Increment();
  }
}

void ServerMetrics::on_connections(std::size_t open) {
  families_->connections.Set(static_cast<double>(open));
}

void ServerMetrics::reset() {
  auto anew = std::make_unique<Families>();
  anew->connections.Set(families_->connections.Value());
  families_ = std::move(anew);
}

void ServerMetrics::set_uploads(const Uploads& uploads) {
  families_->created.Set(static_cast<double>(uploads.created));
  families_->receiving.Set(static_cast<double>(uploads.receiving));
  families_->complete.Set(static_cast<double>(uploads.complete));
  families_->expired.Set(static_cast<double>(uploads.expired));
}

std::string ServerMetrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace mock
