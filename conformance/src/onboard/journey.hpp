// What a partner of one kind of service does, in order: a system gives it
// (conformance/systems/*/onboarding.cpp), and walk_through takes it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "onboard/visit.hpp"
#include "onboard/walk.hpp"
#include "target/target.hpp"

namespace conformance::onboard {

/// One step before it is taken.
struct Stage {
  std::string name;
  std::string tried;
  std::function<Told()> go;
  bool needed = true;   ///< after trouble in it nothing else is tried
  bool access = false;  ///< see Step
};

/// A text that was given as a file.
struct Document {
  std::string name;  ///< of the file, for errors
  std::string text;
  [[nodiscard]] bool given() const { return !name.empty(); }
};

/// What a partner brings, besides their credentials.
struct Baggage {
  std::string file;       ///< the bytes; never shown, nor any part of them
  std::string file_name;  ///< without folders; not shown
  Document manifest;      ///< what is said of the file, as the system has it
  Document upload_config;
  Milliseconds patience{0};  ///< for what the service does after the last byte
};

/// Lives as long as its stages. One thread.
class Journey {
 public:
  Journey() = default;
  Journey(const Journey&) = delete;
  Journey& operator=(const Journey&) = delete;
  virtual ~Journey() = default;

  [[nodiscard]] virtual About about() const = 0;
  /// The stages that follow the certificate, in their order.
  [[nodiscard]] virtual std::vector<Stage> stages() = 0;
  /// What is known after the stages, also when not all of them were taken.
  [[nodiscard]] virtual std::vector<Fact> facts() const = 0;
  /// See Walk::left.
  [[nodiscard]] virtual std::string left() const = 0;
};

/// What a system makes a journey of. All of it outlives the journey.
struct Party {
  const Baggage* baggage = nullptr;
  Target* target = nullptr;  ///< without discovery: what a walk sends shows enough
  Visit* visit = nullptr;
};

/// Takes `stages` in their order and tells `each` step when it is over.
[[nodiscard]] std::vector<Step> walk_through(const std::vector<Stage>& stages,
                                             const std::function<void(const Step&)>& each);

}  // namespace conformance::onboard
