#include "openhumans/file_record.hpp"

#include <nlohmann/json.hpp>

namespace mock {
namespace {

using Json = nlohmann::ordered_json;

class FileSchema final : public AttributeSchema {
 public:
  [[nodiscard]] std::string_view system() const override { return "openhumans"; }

  void write(const Upload& upload, Json& /*document*/, Json& own) const override {
    const auto file = file_of(upload);
    own["File"] = Json{{"Id", file->number},         {"Member", file->member},
                       {"Key", file->key},           {"Basename", file->basename},
                       {"Metadata", file->metadata}, {"Complete", file->complete}};
  }

  [[nodiscard]] Result<std::shared_ptr<Attributes>> read(const Upload& /*upload*/,
                                                         const Json& /*document*/,
                                                         const Json* own) const override {
    try {
      auto file = std::make_shared<FileRecord>();
      const auto& kept = own->at("File");
      kept.at("Id").get_to(file->number);
      kept.at("Member").get_to(file->member);
      kept.at("Key").get_to(file->key);
      kept.at("Basename").get_to(file->basename);
      kept.at("Metadata").get_to(file->metadata);
      kept.at("Complete").get_to(file->complete);
      return file;
    } catch (const Json::exception& e) {
      return failure("File", e.what());
    }
  }
};

}  // namespace

const AttributeSchema& file_schema() {
  static const FileSchema schema;
  return schema;
}

const AttributeSchema& FileRecord::schema() const { return file_schema(); }

std::optional<std::string_view> FileRecord::find(std::string_view name) const {
  if (name == "member") return member;
  if (name == "basename") return basename;
  if (name == "complete") return complete ? "yes" : "no";
  return std::nullopt;
}

void FileRecord::visit(const Visit& visit) const {
  visit("file_id", std::to_string(number));
  visit("member", member);
  visit("basename", basename);
  visit("complete", complete ? "yes" : "no");
}

std::shared_ptr<const FileRecord> file_of(const Upload& upload) {
  return std::dynamic_pointer_cast<const FileRecord>(upload.attributes);
}

}  // namespace mock
