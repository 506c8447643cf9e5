#include "onecodex/upload_record.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace mock {
namespace {

using Json = nlohmann::ordered_json;
using Kind = onecodex::Kind;
using State = FileUpload::State;

std::string_view name_of(State state) {
  return file_upload_states[static_cast<std::size_t>(state)];
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
template <class T>
void get(const Json& value, std::optional<T>& into) {
  into = value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

class FileUploadSchema final : public AttributeSchema {
 public:
  [[nodiscard]] std::string_view system() const override { return "onecodex"; }

  void write(const Upload& upload, Json& /*document*/, Json& own) const override {
    const auto file = file_upload_of(upload);
    own["File"] = Json{{"Resource", resource_of(file->kind)},
                       {"State", name_of(file->state)},
                       {"Id", file->id},
                       {"Owner", file->owner},
                       {"FileId", file->file_id},
                       {"PairedFileId", file->paired_file_id},
                       {"Multipart", file->multipart},
                       {"WasPreuploaded", file->was_preuploaded},
                       {"Filename", or_null(file->filename)},
                       {"Announced", or_null(file->announced)},
                       {"Metadata", file->metadata},
                       {"Tags", file->tags},
                       {"Project", or_null(file->project)},
                       {"Confirmed", file->confirmed.time_since_epoch().count()},
                       {"Size", file->size}};
  }

  [[nodiscard]] Result<std::shared_ptr<Attributes>> read(const Upload& /*upload*/,
                                                         const Json& /*document*/,
                                                         const Json* own) const override {
    try {
      auto file = std::make_shared<FileUpload>();
      const auto& kept = own->at("File");
      file->kind = kept.at("Resource") == "samples" ? Kind::sample : Kind::document;
      const auto state =
          std::ranges::find(file_upload_states, kept.at("State").get_ref<const std::string&>());
      if (state == std::end(file_upload_states)) return failure("File.State", "none that there is");
      file->state = static_cast<State>(state - std::begin(file_upload_states));
      kept.at("Id").get_to(file->id);
      kept.at("Owner").get_to(file->owner);
      kept.at("FileId").get_to(file->file_id);
      kept.at("PairedFileId").get_to(file->paired_file_id);
      kept.at("Multipart").get_to(file->multipart);
      kept.at("WasPreuploaded").get_to(file->was_preuploaded);
      get(kept.at("Filename"), file->filename);
      get(kept.at("Announced"), file->announced);
      kept.at("Metadata").get_to(file->metadata);
      kept.at("Tags").get_to(file->tags);
      get(kept.at("Project"), file->project);
      file->confirmed = TimePoint{TimePoint::duration{kept.at("Confirmed").get<std::int64_t>()}};
      kept.at("Size").get_to(file->size);
      return file;
    } catch (const Json::exception& e) {
      return failure("File", e.what());
    }
  }
};

}  // namespace

const AttributeSchema& file_upload_schema() {
  static const FileUploadSchema schema;
  return schema;
}

const AttributeSchema& FileUpload::schema() const { return file_upload_schema(); }

std::optional<std::string_view> FileUpload::find(std::string_view name) const {
  if (name == "resource") return resource_of(kind);
  if (name == "state") return name_of(state);
  if (name == "filename") return filename;
  return std::nullopt;
}

void FileUpload::visit(const Visit& visit) const {
  visit("resource", std::string(resource_of(kind)));
  visit("id", id);
  visit("state", std::string(name_of(state)));
  if (filename) visit("filename", *filename);
}

std::shared_ptr<const FileUpload> file_upload_of(const Upload& upload) {
  return std::dynamic_pointer_cast<const FileUpload>(upload.attributes);
}

}  // namespace mock
