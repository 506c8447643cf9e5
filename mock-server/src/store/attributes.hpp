// What a system knows of an upload beside its bytes: a record of the system's own, opaque to the
// store, and known to rules and /_mock/ by the names that the system gives its parts.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace mock {

class AttributeSchema;
struct Upload;

/// Copies of an upload share one: who changes something makes another record.
class Attributes {
 public:
  virtual ~Attributes() = default;
  [[nodiscard]] virtual const AttributeSchema& schema() const = 0;

  /// The attribute called so; nullopt: there is none. Valid as long as this. "kind", if there are
  /// kinds, is "normal", "partial" or "final": one that is made of others.
  [[nodiscard]] virtual std::optional<std::string_view> find(std::string_view) const {
    return std::nullopt;
  }
  /// A record that differs in that attribute only; nullptr: there is none.
  [[nodiscard]] virtual std::shared_ptr<Attributes> with(std::string_view /*name*/,
                                                         std::string_view /*value*/) const {
    return nullptr;
  }
  using Visit = std::function<void(std::string_view name, const std::string& value)>;
  /// All attributes but the kind.
  virtual void visit(const Visit&) const {}

  // What clients give an upload to be kept with it, by keys of their choice.

  [[nodiscard]] virtual std::optional<std::string_view> metadata_of(
      std::string_view /*key*/) const {
    return std::nullopt;
  }
  virtual void visit_metadata(const Visit&) const {}
  /// What the client chose, as one text: all of the metadata but the keys in `made`, whose values
  /// the server makes.
  [[nodiscard]] virtual std::string chosen(
      const std::set<std::string, std::less<>>& /*made*/) const {
    return {};
  }
};

/// How the records of one system are kept. There is one of each in the process.
class AttributeSchema {
 public:
  virtual ~AttributeSchema() = default;
  /// The system, as .info and /_mock/ name it; empty: uploads that name none, as tusd's do.
  [[nodiscard]] virtual std::string_view system() const = 0;
  /// Writes what `upload.attributes` hold into a .info. `document` is what tusd reads; its members
  /// "MetaData", "IsPartial" and "IsFinal" are there already, as for an upload without attributes.
  /// `own` is the mock's member of it; the store adds its own to that afterwards.
  virtual void write(const Upload& upload, nlohmann::ordered_json& document,
                     nlohmann::ordered_json& own) const = 0;
  /// The other way; all of `upload` but its attributes is read. `own` is nullptr in a document that
  /// another server wrote. An Error names the member.
  [[nodiscard]] virtual Result<std::shared_ptr<Attributes>> read(
      const Upload& upload, const nlohmann::ordered_json& document,
      const nlohmann::ordered_json* own) const = 0;
};

/// Not owning: they are never destroyed.
using AttributeSchemas = std::vector<const AttributeSchema*>;

/// What kind of upload it is; "normal" where there are none. `attributes` may be null.
[[nodiscard]] std::string_view kind_of(const Attributes* attributes);
/// The system that made it; empty: see AttributeSchema. `attributes` may be null.
[[nodiscard]] std::string_view system_of(const Attributes* attributes);

}  // namespace mock
