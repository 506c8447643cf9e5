// DEX as a system: its own endpoints, and tus below them.
#pragma once

#include <memory>
#include <utility>

#include "dex/dex.hpp"
#include "system/system.hpp"
#include "tus/tus_system.hpp"

namespace mock {

class DexSystem final : public System {
 public:
  /// Everything by reference outlives it.
  DexSystem(std::unique_ptr<Dex> dex, TusOptions tus, const Services& services)
      : dex_(std::move(dex)), tus_(std::move(tus), {services, dex_->hooks()}) {}

  [[nodiscard]] std::vector<std::span<const RoutePattern>> routes() const override;
  void read_method(const Request& request, Addressed& addressed) const override {
    tus_.read_method(request, addressed);
  }
  [[nodiscard]] std::unique_ptr<Handler> handler_for(const Request& request,
                                                     Services& services) override;
  void complete_refusal(const Request& request, Reply& refusal) const override;
  void add_cors(const Request& request, Reply& reply) const override;
  /// With --contract guide an error is JSON, at all endpoints that the guide lists.
  [[nodiscard]] std::unique_ptr<Handler> in_its_words(Route route,
                                                      std::unique_ptr<Handler> handler) override;
  void removed(const Upload& upload) override { tus_.removed(upload); }
  void use(Effects& effects) override { dex_->use(effects); }
  void on_exchange(const ExchangeRecord& record) override;
  void on_connections(std::size_t open) override;
  [[nodiscard]] std::string metrics() const override { return dex_->metrics().body; }
  [[nodiscard]] std::set<std::string, std::less<>> server_metadata() const override {
    return {"upload_id", "dex_ingest_datetime"};
  }
  [[nodiscard]] AskedFor asked_for(const Request& request,
                                   const ::http::Fields& fields) const override {
    return tus_.asked_for(request, fields);
  }
  [[nodiscard]] std::optional<std::string> metadata_asked_for(const Request& request,
                                                              const ::http::Fields& fields,
                                                              std::string_view key) const override {
    return tus_.metadata_asked_for(request, fields, key);
  }
  [[nodiscard]] bool signals_end(const ::http::Fields& fields) const override {
    return tus_.signals_end(fields);
  }
  void start() override;
  void catch_up() override { tus_.catch_up(); }
  void forget_clients() override { dex_->forget_clients(); }
  void stop() override { tus_.stop(); }

 private:
  std::unique_ptr<Dex> dex_;
  TusSystem tus_;
};

}  // namespace mock
