// A server without a listener, for lanes that are made without one.
#pragma once

#include <string>

#include "net/server.hpp"

namespace mock {

class NoServer final : public Server {
 public:
  explicit NoServer(Loop& loop) : loop_(loop) {}
  Loop& loop() override { return loop_; }
  void on_trouble(Notify) override {}
  Result<std::string> listen(const ListenOptions&, Application&, Interceptor*, Observer*) override {
    return failure("listen", "not here");
  }
  bool unlisten(const std::string&, OpenConnections) override { return false; }
  std::size_t outage(const Outage&) override { return 0; }
  void answer_again(const std::string&) override {}
  [[nodiscard]] std::string url() const override { return "http://127.0.0.1:8080"; }
  std::size_t run(bool) override { return 0; }
  void stop() override {}

 private:
  Loop& loop_;
};

}  // namespace mock
