// For tests: a context without a target.
#pragma once

#include <stdexcept>

#include "run/context.hpp"

namespace conformance {

class FakeTarget : public Target {
 public:
  [[nodiscard]] Result<Discovered> discover(Credentials&) override { return Discovered{}; }
  [[nodiscard]] Result<TokenEndpoint> token_endpoint() const override { return TokenEndpoint{}; }
  [[nodiscard]] TargetFacts facts() const override { return {}; }
  [[nodiscard]] bool offers(std::string_view) const override { return false; }
};

class FakeContext : public Context {
 public:
  [[nodiscard]] const Target& target() const override { return target_; }
  [[nodiscard]] std::mt19937_64& random() override { return random_; }
  transport::Exchange exchange(transport::Request) override { throw std::logic_error("no target"); }
  transport::Exchange exchange_presenting(transport::Request,
                                          const client::Presentation&) override {
    throw std::logic_error("no target");
  }
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
  FakeTarget target_;
  std::mt19937_64 random_;
};

}  // namespace conformance
