#include "objects/record.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocol/http/form.hpp"

namespace mock {
namespace {

using json = nlohmann::ordered_json;

using State = ObjectRecord::State;
constexpr std::array<std::pair<std::string_view, State>, 4> states{{{"writing", State::writing},
                                                                    {"object", State::object},
                                                                    {"multipart", State::multipart},
                                                                    {"part", State::part}}};

std::string text_of(const json& own, const char* key) {
  const auto found = own.find(key);
  return found != own.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number_of(const json& own, const char* key) {
  const auto found = own.find(key);
  if (found == own.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

/// Keys and fields may hold any bytes, which JSON cannot: they are percent-encoded.
class ObjectsSchema final : public AttributeSchema {
 public:
  [[nodiscard]] std::string_view system() const override { return "objects"; }

  void write(const Upload& upload, json& /*document*/, json& own) const override {
    const auto& record = static_cast<const ObjectRecord&>(*upload.attributes);
    ::http::Form fields;
    for (const auto& field : record.fields) fields.emplace_back(field.name, field.value);
    own["State"] = states.at(static_cast<std::size_t>(record.state)).first;
    own["Bucket"] = record.bucket;
    own["Key"] = ::http::percent_encode(record.key);
    own["ETag"] = record.etag;
    own["Fields"] = ::http::format_form(fields);
    own["Sequence"] = record.sequence;
    if (!record.multipart.empty()) own["Multipart"] = record.multipart;
    if (record.number > 0) own["Number"] = record.number;
    if (!record.former.empty()) own["Former"] = record.former;
  }

  [[nodiscard]] Result<std::shared_ptr<Attributes>> read(const Upload& /*upload*/,
                                                         const json& /*document*/,
                                                         const json* own) const override {
    auto record = std::make_shared<ObjectRecord>();
    const auto state = std::ranges::find(states, text_of(*own, "State"),
                                         [](const auto& one) { return one.first; });
    if (state == states.end()) return failure("State", "none that there is");
    record->state = state->second;
    record->bucket = text_of(*own, "Bucket");
    auto key = ::http::percent_decode(text_of(*own, "Key"));
    if (!key) return failure("Key", "not validly encoded");
    record->key = *std::move(key);
    record->etag = text_of(*own, "ETag");
    const auto fields = ::http::parse_form(text_of(*own, "Fields"));
    if (!fields) return failure("Fields", "not validly encoded");
    for (const auto& [name, value] : *fields) record->fields.add(name, value);
    const auto sequence = number_of(*own, "Sequence");
    if (!sequence) return failure("Sequence", "not a number");
    record->sequence = *sequence;
    record->multipart = text_of(*own, "Multipart");
    record->number = static_cast<unsigned>(number_of(*own, "Number").value_or(0));
    record->former = text_of(*own, "Former");
    return record;
  }
};

bool is_metadata(std::string_view name) {
  return ::http::lower_case(name).starts_with("x-amz-meta-");
}

}  // namespace

const AttributeSchema& objects_schema() {
  static const ObjectsSchema schema;
  return schema;
}

const AttributeSchema& ObjectRecord::schema() const { return objects_schema(); }

std::optional<std::string_view> ObjectRecord::find(std::string_view name) const {
  if (name == "bucket") return bucket;
  // A form names the key in its body.
  if (name == "key") return key.empty() ? std::nullopt : std::optional<std::string_view>(key);
  return name == "content_type" ? fields.find("Content-Type") : std::nullopt;
}

void ObjectRecord::visit(const Visit& visit) const {
  for (const auto& name : object_attribute_names) {
    if (const auto value = find(name.name)) visit(name.name, std::string(*value));
  }
}

std::optional<std::string_view> ObjectRecord::metadata_of(std::string_view name) const {
  return is_metadata(name) ? fields.find(name) : std::nullopt;
}

void ObjectRecord::visit_metadata(const Visit& visit) const {
  for (const auto& field : fields)
    if (is_metadata(field.name)) visit(field.name, field.value);
}

const ObjectRecord* record_of(const Upload& upload) {
  const auto* const all = upload.attributes.get();
  const bool mine = all != nullptr && &all->schema() == &objects_schema();
  return mine ? static_cast<const ObjectRecord*>(all) : nullptr;
}

}  // namespace mock
