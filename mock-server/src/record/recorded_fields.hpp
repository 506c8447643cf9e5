// What the journal tells of the header fields of an exchange: all of them by name, and the values
// of those that can hold no secret.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/fields.hpp"
#include "protocol/units.hpp"
#include "record/field_text.hpp"
#include "system/registered.hpp"

namespace mock {

/// What stands in place of a secret.
inline constexpr std::string_view redacted_value = "[redacted]";

/// A field whose value is a credential, as the journal keeps it: of Authorization the scheme, of
/// cookies the names. nullopt: it is none of those, and is kept as it is.
[[nodiscard]] std::optional<std::string> without_credentials(std::string_view name,
                                                             std::string_view value);

/// HTTP's own and those of some systems. From any thread.
class RecordedFields {
 public:
  explicit RecordedFields(std::span<const RegisteredSystem> systems);
  /// Of every system that is registered.
  [[nodiscard]] static const RecordedFields& of_all_systems();

  /// The name in its usual spelling, or as it is if it is not known.
  [[nodiscard]] std::string_view spelled(std::string_view name) const;
  /// The value as it may be told: redacted, unless the field is known or harmless. A Referer is
  /// told without its query.
  [[nodiscard]] std::string told(std::string_view name, std::string_view value) const;
  /// The offset that one of the systems reads there; nullopt: none does.
  [[nodiscard]] std::optional<Bytes> offset_in(const ::http::Fields& fields) const;

  /// What the fields of a request say of an upload, as its system writes it; decoded.
  [[nodiscard]] JournalFields::Metadata metadata_in(const FieldText& fields) const;

 private:
  void add(std::span<const std::string_view> names);
  [[nodiscard]] std::string_view find(std::string_view name) const;

  std::vector<std::vector<std::string_view>> by_size_;
  std::vector<JournalFields::Offset> offsets_;
  std::vector<decltype(JournalFields::metadata)> metadata_;
};

}  // namespace mock
