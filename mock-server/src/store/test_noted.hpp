// For tests: a system whose uploads have a note.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/store.hpp"

namespace mock::test {

inline const AttributeSchema& noted_schema();

struct Noted final : Attributes {
  explicit Noted(std::string text) : note(std::move(text)) {}
  [[nodiscard]] const AttributeSchema& schema() const override { return noted_schema(); }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override {
    return name == "note" ? std::optional<std::string_view>(note) : std::nullopt;
  }
  std::string note;
};

inline const AttributeSchema& noted_schema() {
  class Schema final : public AttributeSchema {
   public:
    [[nodiscard]] std::string_view system() const override { return "noted"; }
    void write(const Upload& upload, nlohmann::ordered_json& /*document*/,
               nlohmann::ordered_json& own) const override {
      own["Note"] = static_cast<const Noted&>(*upload.attributes).note;
    }
    [[nodiscard]] Result<std::shared_ptr<Attributes>> read(
        const Upload& /*upload*/, const nlohmann::ordered_json& /*document*/,
        const nlohmann::ordered_json* own) const override {
      const auto note = own->find("Note");
      if (note == own->end() || !note->is_string()) return failure("Note", "missing");
      return std::make_shared<Noted>(note->get<std::string>());
    }
  };
  static const Schema schema;
  return schema;
}

}  // namespace mock::test
