#include "tus/attributes.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace mock {
namespace {

using json = nlohmann::ordered_json;

constexpr std::string_view kind_name = "kind";

std::string_view name_of(tus::UploadKind kind) {
  switch (kind) {
    case tus::UploadKind::partial:
      return "partial";
    case tus::UploadKind::final:
      return "final";
    case tus::UploadKind::normal:
      break;
  }
  return "normal";
}

std::optional<tus::UploadKind> kind_called(std::string_view name) {
  for (const auto kind :
       {tus::UploadKind::normal, tus::UploadKind::partial, tus::UploadKind::final}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

/// A JSON string whose every character stands for one byte, so that no byte is lost ("isomorphic
/// encode" of the Infra standard). Header values are nearly always ASCII, which stays readable.
std::string isomorphic_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80U) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | (byte >> 6U));
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

std::string isomorphic_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead >= 0x80U && i + 1 < text.size()) {
      const auto trail = static_cast<unsigned char>(text[++i]);
      bytes += static_cast<char>(((lead & 0x03U) << 6U) | (trail & 0x3FU));
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

/// A header in the mock's member of a document. An Error: it is no text.
Result<std::optional<std::string>> header_in(const json& own, const char* key) {
  const auto found = own.find(key);
  if (found == own.end()) return std::nullopt;
  if (!found->is_string()) return failure(key, "not a string");
  return isomorphic_decode(found->get<std::string>());
}

class TusSchema final : public AttributeSchema {
 public:
  [[nodiscard]] std::string_view system() const override { return {}; }

  void write(const Upload& upload, json& document, json& own) const override {
    const auto& attributes = tus_of(upload);
    // Keys are unique, and operator[] would compare each with all before it.
    auto& members = document["MetaData"].get_ref<json::object_t&>();
    for (const auto& pair : attributes.metadata.pairs()) members.emplace_back(pair.key, pair.value);
    document["IsPartial"] = attributes.kind == tus::UploadKind::partial;
    document["IsFinal"] = attributes.kind == tus::UploadKind::final;
    // JSON has no place for bytes that are not UTF-8: they are replaced in MetaData, and kept here.
    if (attributes.metadata_header)
      own["UploadMetadata"] = isomorphic_encode(*attributes.metadata_header);
    if (attributes.concat_header)
      own["UploadConcat"] = isomorphic_encode(*attributes.concat_header);
  }

  [[nodiscard]] Result<std::shared_ptr<Attributes>> read(const Upload& upload, const json& document,
                                                         const json* own) const override {
    auto made = std::make_shared<TusAttributes>();
    for (const auto& [key, value] : document.at("MetaData").items()) {
      made->metadata.set(key, value.get<std::string>());
    }
    if (document.value("IsPartial", false)) {
      made->kind = tus::UploadKind::partial;
      made->concat_header = name_of(made->kind);
    }
    if (document.value("IsFinal", false)) {
      made->kind = tus::UploadKind::final;
      // How the client spelled the URLs is not known. The ids are right, as relative URLs beside
      // the final's own.
      made->concat_header = tus::format_concat({made->kind, upload.parts});
    }
    if (own == nullptr) {
      if (!made->metadata.empty()) made->metadata_header = tus::format_metadata(made->metadata);
      return made;
    }
    auto metadata = header_in(*own, "UploadMetadata");
    if (!metadata) return tl::unexpected(metadata.error());
    if (*metadata) {
      auto parsed = tus::parse_metadata(**metadata, tus::MetadataStrictness::lenient);
      if (!parsed) return failure("UploadMetadata", parsed.error().what);
      made->metadata = *std::move(parsed);
      made->metadata_header = *std::move(metadata);
    }
    auto concat = header_in(*own, "UploadConcat");
    if (!concat) return tl::unexpected(concat.error());
    if (*concat) made->concat_header = *std::move(concat);
    return made;
  }
};

}  // namespace

const AttributeSchema& tus_schema() {
  static const TusSchema schema;
  return schema;
}

const AttributeSchema& TusAttributes::schema() const { return tus_schema(); }

std::optional<std::string_view> TusAttributes::find(std::string_view name) const {
  return name == kind_name ? std::optional(name_of(kind)) : std::nullopt;
}

std::shared_ptr<Attributes> TusAttributes::with(std::string_view name,
                                                std::string_view value) const {
  const auto named = name == kind_name ? kind_called(value) : std::nullopt;
  if (!named) return nullptr;
  auto other = std::make_shared<TusAttributes>(*this);
  other->kind = *named;
  return other;
}

void TusAttributes::visit_metadata(const Visit& visit) const {
  for (const auto& pair : metadata.pairs()) visit(pair.key, pair.value);
}

std::string TusAttributes::chosen(const std::set<std::string, std::less<>>& made) const {
  tus::Metadata rest;
  for (const auto& pair : metadata.pairs())
    if (!made.contains(pair.key)) rest.set(pair.key, pair.value);
  return tus::format_metadata(rest);
}

bool is_tus(const Upload& upload) {
  return !upload.attributes || &upload.attributes->schema() == &tus_schema();
}

const TusAttributes& tus_of(const Upload& upload) {
  static const TusAttributes plain;
  if (!upload.attributes || !is_tus(upload)) return plain;
  return static_cast<const TusAttributes&>(*upload.attributes);
}

bool awaits_parts(const Upload& upload) {
  return tus_of(upload).kind == tus::UploadKind::final && !upload.complete();
}

TusAttributes& edit_tus(Upload& upload) {
  if (!upload.attributes || !is_tus(upload) || upload.attributes.use_count() > 1) {
    upload.attributes = std::make_shared<TusAttributes>(tus_of(upload));
  }
  return static_cast<TusAttributes&>(*upload.attributes);
}

void complete_attributes(Upload& upload) {
  static const auto plain = std::make_shared<TusAttributes>();
  if (!upload.attributes) upload.attributes = plain;
}

}  // namespace mock
