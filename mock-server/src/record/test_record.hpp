// For tests: an exchange as a connection would tell of it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/handler.hpp"
#include "http/intercept.hpp"
#include "tus/test_address.hpp"

namespace mock::test {

/// The intercept of an exchange in which the named rules fired.
class Fired : public Intercept {
 public:
  /// `sent`: what they edited; null: nothing.
  explicit Fired(std::vector<std::string> rules, const Request* sent = nullptr)
      : rules_(std::move(rules)), sent_(sent) {}
  RequestPlan on_request(Request&) override { return {}; }
  [[nodiscard]] std::optional<Bytes> next_stop() const override { return std::nullopt; }
  BodyPlan on_body(Bytes) override { return {}; }
  ReplyPlan on_reply(Reply&) override { return {}; }
  void on_abort() override {}
  [[nodiscard]] const Request* as_sent() const override { return sent_; }
  [[nodiscard]] std::vector<std::string> fired() const override { return rules_; }
  Services& services(Services& correct) override { return correct; }

 private:
  std::vector<std::string> rules_;
  const Request* sent_;
};

struct Exchanged {
  std::string method = "PATCH";
  std::string path = "/files/u1";
  ::http::Fields fields = {};
  int status = 204;
  ::http::Fields reply = {};
  std::vector<std::string> fired = {};
  std::uint64_t received = 0;
  bool aborted = false;
  std::string query = {};

  void tell(Observer& observer) const {
    Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.fields = fields;
    if (received > 0) request.content_length = Bytes{received};
    request.addressed = addressed(request);
    const Fired intercept(fired);
    observer.on_exchange({request, status, status == 0 ? nullptr : &reply, &intercept,
                          Bytes{received}, std::chrono::microseconds{1500}, aborted, Bytes{100}});
  }
};

}  // namespace mock::test
