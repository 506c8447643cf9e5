// For tests: a context without a target.
#pragma once

#include <stdexcept>

#include "context.hpp"

namespace conformance {

class FakeContext : public Context {
 public:
  [[nodiscard]] const Target& target() const override { return target_; }
  [[nodiscard]] std::mt19937_64& random() override { return random_; }
  transport::Exchange exchange(transport::Request) override { throw std::logic_error("no target"); }
  transport::Exchange exchange_anonymously(transport::Request) override {
    throw std::logic_error("no target");
  }
  std::optional<transport::Exchange> exchange_as_user(const WithPassword&) override {
    return std::nullopt;
  }
  void created(const std::string&) override {}
  transport::RawConnection raw() override { throw std::logic_error("no target"); }
  [[nodiscard]] http::Fields raw_headers() override { return {}; }
  void record_raw(std::string_view, const std::string&,
                  const transport::RawConnection::Read&) override {}
  bool eventually(Milliseconds, const std::function<bool()>& done) override { return done(); }
  [[nodiscard]] Milliseconds patience() const override { return Milliseconds{0}; }
  [[nodiscard]] Milliseconds time_left() const override { return Milliseconds{0}; }

 private:
  Target target_;
  std::mt19937_64 random_;
};

}  // namespace conformance
