#include "dex/reports.hpp"

#include <nlohmann/json.hpp>

#include "files/files.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/http/date.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "tus/attributes.hpp"

namespace mock {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view schema_version = "1.0.0";
constexpr std::string_view stage_transform = "metadata-transform";
constexpr std::string_view stage_verify = "metadata-verify";
constexpr std::string_view stage_started = "upload-started";
constexpr std::string_view stage_status = "upload-status";
constexpr std::string_view stage_completed = "upload-completed";
constexpr std::string_view stage_copy = "blob-file-copy";
constexpr std::string_view success = dex::delivery_state::success;
constexpr std::string_view failed = dex::delivery_state::failure;

std::string value_of(const Upload& upload, std::string_view key) {
  return std::string(tus_of(upload).metadata.find(key).value_or(""));
}

ordered_json manifest_json(const Upload& upload) {
  ordered_json manifest = ordered_json::object();
  // Keys are unique, and operator[] would compare each with all before it.
  auto& members = manifest.get_ref<ordered_json::object_t&>();
  for (const auto& [key, value] : dex::manifest_of(tus_of(upload).metadata))
    members.emplace_back(key, value);
  return manifest;
}

std::string filename(const Upload& upload) {
  return dex::filename_of(dex::manifest_of(tus_of(upload).metadata)).value_or("");
}

ordered_json issues_json(const std::optional<std::vector<dex::Issue>>& issues) {
  if (!issues) return nullptr;
  ordered_json list = ordered_json::array();
  for (const dex::Issue& issue : *issues) {
    list.push_back({{"level", issue.level}, {"message", issue.message}});
  }
  return list;
}

std::optional<dex::Delivery> parse_copy_report(std::string_view line) {
  auto delivery = json::decode(line, "report", [](const json::Cursor& root) {
    const auto stage = root.at("stage_info");
    const auto content = root.at("content");
    dex::Delivery result{stage.at("status").string(), content.at("destination_name").string(),
                         content.at("file_destination_blob_url").string(),
                         stage.at("end_processing_time").string(), std::nullopt};
    if (const auto issues = stage.at("issues"); !issues.is_null()) {
      result.issues.emplace();
      for (const auto& issue : issues.items()) {
        result.issues->push_back({issue.at("level").string(), issue.at("message").string()});
      }
    }
    return result;
  });
  return delivery ? std::optional(std::move(*delivery)) : std::nullopt;
}

}  // namespace

struct Reports::Stage {
  std::string name;
  ordered_json content;
  std::string_view disposition = "add";
  std::string_view status = success;
  std::optional<std::vector<dex::Issue>> issues = std::nullopt;
  std::optional<TimePoint> started = std::nullopt;
};

Reports::Reports(Options options, Loop& loop)
    : options_(std::move(options)), loop_(loop), delayed_(loop) {}

std::filesystem::path Reports::file_of(const std::string& id, std::string_view stage) const {
  return *options_.folder / "reports" / (id + "_" + std::string(stage));
}

std::filesystem::path Reports::event_file(const std::string& id) const {
  return *options_.folder / "events" / (id + "_FileReady");
}

bool Reports::append(const std::string& id, const std::filesystem::path& file,
                     const std::string& line) {
  const auto appended = append_line(file, line);
  if (!appended && options_.notify) {
    options_.notify({"report", {}, id, "a report was lost: " + appended.error().line()});
  }
  return appended.has_value();
}

void Reports::publish(const std::string& id, const std::filesystem::path& file,
                      const std::string& line, std::string_view type) {
  if (append(id, file, line) && options_.published) options_.published(type);
}

void Reports::carry_out(const EffectPlan& plan, const std::function<void()>& write) {
  if (plan.drop || plan.pretend) return;
  const auto all = [times = plan.repeat, write] {
    for (unsigned i = 0; i <= times; ++i) write();
  };
  if (plan.delay > Milliseconds{0})
    delayed_.in(plan.delay, all);
  else
    all();
}

void Reports::write(const Upload& upload, Stage stage) {
  if (!options_.folder) return;
  const auto plan = effects_->before({Effect::Kind::report, stage.name}, upload);
  if (plan.rename) stage.name = *plan.rename;
  if (plan.fail) {
    stage.status = failed;
    stage.issues.emplace().push_back({"ERROR", *plan.fail});
  }
  carry_out(plan, [this, upload, stage = std::move(stage)] { write_now(upload, stage); });
}

void Reports::write_now(const Upload& upload, const Stage& stage) {
  const TimePoint now = loop_.now();
  ordered_json content{{"content_schema_name", stage.name},
                       {"content_schema_version", schema_version}};
  content.update(stage.content);
  const ordered_json report{
      {"report_schema_version", schema_version},
      {"upload_id", upload.id},
      {"sender_id", value_of(upload, dex::field::sender_id)},
      {"data_stream_id", value_of(upload, dex::field::data_stream_id)},
      {"data_stream_route", value_of(upload, dex::field::data_stream_route)},
      {"jurisdiction", value_of(upload, dex::field::jurisdiction)},
      {"dex_ingest_datetime", value_of(upload, dex::field::dex_ingest_datetime)},
      {"content_type", "application/json"},
      {"disposition_type", stage.disposition},
      {"stage_info",
       {{"service", "UPLOAD API"},
        {"action", stage.name},
        {"version", options_.version},
        {"status", stage.status},
        {"issues", issues_json(stage.issues)},
        {"start_processing_time", ::http::format_rfc3339(stage.started.value_or(now))},
        {"end_processing_time", ::http::format_rfc3339(now)}}},
      {"content", std::move(content)}};
  publish(upload.id, file_of(upload.id, stage.name), json::dump(report), stage.name);
}

void Reports::metadata_transform(const Upload& upload) {
  if (!options_.folder) return;
  const auto change = [](std::string_view action, std::string_view field, std::string value) {
    return ordered_json{{"action", action}, {"field", field}, {"value", std::move(value)}};
  };
  write(upload, {std::string(stage_transform),
                 {{"transforms",
                   {change("update", "ID", upload.id),
                    change("append", dex::field::dex_ingest_datetime,
                           value_of(upload, dex::field::dex_ingest_datetime)),
                    change("append", dex::field::upload_id, upload.id)}}}});
}

void Reports::metadata_verify(const Upload& upload, const std::vector<std::string>& errors) {
  if (!options_.folder) return;
  Stage stage{std::string(stage_verify),
              {{"filename", filename(upload)}, {"metadata", manifest_json(upload)}}};
  if (!errors.empty()) {
    std::string message;
    for (const std::string& error : errors) message += (message.empty() ? "" : "\n") + error;
    stage.status = failed;
    stage.issues.emplace().push_back({"ERROR", std::move(message)});
  }
  write(upload, stage);
}

void Reports::upload_started(const Upload& upload) {
  write(upload, {std::string(stage_started), {{"status", success}}});
}

void Reports::upload_status(const Upload& upload) {
  if (!options_.folder) return;
  write(upload, {std::string(stage_status),
                 {{"filename", filename(upload)},
                  {"tguid", upload.id},
                  {"offset", upload.offset.value},
                  {"size", upload.length.value_or(Bytes{}).value}},
                 "replace"});
}

void Reports::upload_completed(const Upload& upload) {
  write(upload, {std::string(stage_completed), {{"status", success}}});
}

void Reports::file_copy(const Upload& upload, const dex::Delivery& delivery, TimePoint started) {
  write(upload, {std::string(stage_copy),
                 {{"file_source_blob_url", upload.id},
                  {"file_destination_blob_url", delivery.location},
                  {"destination_name", delivery.name}},
                 "add",
                 delivery.status == success ? success : failed,
                 delivery.issues,
                 started});
}

void Reports::file_ready(const Upload& upload, const std::string& target, const std::string& path) {
  if (!options_.folder) return;
  const std::string type = "FileReady";
  const auto plan = effects_->before({Effect::Kind::event, type}, upload);
  if (plan.fail) return;
  const auto named = plan.rename.value_or(type);
  carry_out(plan, [this, named, id = upload.id, file = event_file(upload.id),
                   line = json::dump(ordered_json{{"id", upload.id + target},
                                                  {"type", named},
                                                  {"retry_count", 0},
                                                  {"upload_id", upload.id},
                                                  {"src_url", upload.id},
                                                  {"path", path},
                                                  {"deliver_target", target},
                                                  {"Metadata", manifest_json(upload)}})] {
    publish(id, file, line, named);
  });
}

Result<bool> Reports::has_file_ready(const std::string& id, const std::string& target) const {
  if (!options_.folder) return false;
  const auto content = read_file(event_file(id));
  if (!content) return tl::unexpected(content.error());
  if (!*content) return false;
  for (std::string_view rest = **content; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto named = json::decode(rest.substr(0, end), "event", [](const json::Cursor& root) {
      return root.at("deliver_target").string();
    });
    if (named == target) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

Result<bool> Reports::has_completed(const std::string& id) const {
  if (!options_.folder) return false;
  const auto file = file_of(id, stage_completed);
  std::error_code error;
  const bool there = std::filesystem::exists(file, error);
  if (error) return failure(file.string(), "cannot be looked for: " + error.message());
  return there;
}

Result<std::vector<dex::Delivery>> Reports::recover_deliveries(const std::string& id) {
  std::vector<dex::Delivery> deliveries;
  if (!options_.folder) return deliveries;
  const auto file = file_of(id, stage_copy);
  const auto content = read_file(file);
  if (!content) return tl::unexpected(content.error());
  if (!*content) return deliveries;
  if (!(*content)->ends_with('\n')) append(id, file, "");
  for (std::string_view rest = **content; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (auto delivery = parse_copy_report(rest.substr(0, end))) {
      deliveries.push_back(std::move(*delivery));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return deliveries;
}

}  // namespace mock
