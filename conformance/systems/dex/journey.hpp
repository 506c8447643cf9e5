// The journey of a partner of DEX, as a class; see onboarding.hpp.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dex/target.hpp"
#include "onboard/journey.hpp"
#include "onboard/login.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"

namespace conformance::onboard {

/// In bytes; a file of at most four such pieces is sent in four.
inline constexpr std::size_t largest_piece = std::size_t{4} << 20U;

class DexJourney final : public Journey {
 public:
  DexJourney(Party party, DexTarget& target, dex::Manifest manifest,
             std::optional<dex::UploadConfig> config)
      : baggage_(*party.baggage),
        visit_(*party.visit),
        target_(target),
        manifest_(std::move(manifest)),
        config_(std::move(config)),
        piece_(std::clamp<std::size_t>((baggage_.file.size() + 3) / 4, 1, largest_piece)) {}

  [[nodiscard]] About about() const override {
    return {
        "the DEX Upload API of CDC", "your contact in CDC's DEX Upload API team",
        "Send this page to your contact in CDC's DEX Upload API team, and say that you are ready "
        "to test in their staging environment (STG)."};
  }
  [[nodiscard]] std::vector<Stage> stages() override;
  [[nodiscard]] std::vector<Fact> facts() const override;
  [[nodiscard]] std::string left() const override {
    if (id_.empty()) return {};
    return fmt::format("One upload stays at the service: {}. It is {}.", id_,
                       sent_ == baggage_.file.size() ? "your file" : "the first part of your file");
  }

 private:
  Told find_service();
  Told log_in();
  Told be_refused();
  Told compare_with_config();
  Told create();
  Told send_first();
  Told lose_and_resume();
  Told see_complete();
  Told see_delivered();
  Told compare_bytes();

  [[nodiscard]] std::string people() const { return about().people; }
  [[nodiscard]] Key key() const;
  [[nodiscard]] transport::Request harmless() const;
  [[nodiscard]] transport::Request piece(std::size_t size) const;
  /// Sends pieces until `end` bytes are stored; nullopt: they are.
  std::optional<Told> send_until(std::size_t end);
  /// Takes the offset that HEAD tells, if it lies between the bytes confirmed and `at_most`.
  std::optional<Told> ask_offset(std::size_t at_most);
  [[nodiscard]] Told lost_bytes(std::uint64_t stored) const;
  [[nodiscard]] Told refusal(const transport::Exchange& seen, std::string_view of) const;
  [[nodiscard]] Told at_service(std::string what) const {
    return trouble({Whose::service, std::move(what),
                    fmt::format("Send this page to {}: this is theirs to mend.", people())});
  }
  [[nodiscard]] std::string renewed_since(int before) const;

  const Baggage& baggage_;
  Visit& visit_;
  DexTarget& target_;
  dex::Manifest manifest_;
  std::optional<dex::UploadConfig> config_;
  std::size_t piece_;
  std::vector<Finding> by_config_;
  bool anybody_ = false;  ///< the service lets in whoever comes
  std::string upload_;
  std::string id_;
  std::size_t sent_ = 0;  ///< bytes that the service confirmed
  int breaks_ = 0;
};

}  // namespace conformance::onboard
