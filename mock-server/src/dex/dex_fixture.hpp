// For the tests of this room: a DEX service over a disk store in a temporary folder, and the steps
// a tus handler would take with it.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dex/dex.hpp"
#include "dex/metrics.hpp"
#include "files/files.hpp"
#include "files/temporary_folder.hpp"
#include "loop/manual_loop.hpp"
#include "protocol/dex/info.hpp"
#include "store/stores.hpp"
#include "tus/attributes.hpp"

namespace mock {

class DexFixture : public testing::Test {
 protected:
  DexFixture() { restart(); }

  /// Forgets everything that is not on disk, as a kill would.
  void restart() {
    dex_.reset();
    store_.reset();
    loop_ = std::make_unique<ManualLoop>();
    store_ = make_disk_store({folder(), false, {}, {&tus_schema()}}, *loop_).value();
    auto made = Dex::make(options_, *store_, *loop_);
    ASSERT_TRUE(made) << made.error().line();
    dex_ = std::move(*made);
  }
  /// restart() with CDC's YAML form.
  void restart_delivering(const std::string& yaml) {
    options_.delivery_file = temporary_.path() / "deliver.yml";
    ASSERT_TRUE(replace_file(*options_.delivery_file, yaml));
    restart();
  }

  static tus::Metadata good_metadata() {
    tus::Metadata metadata;
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, std::string>>{{"data_stream_id", "dextesting"},
                                                          {"data_stream_route", "testevent1"},
                                                          {"sender_id", "lab"},
                                                          {"data_producer_id", "producer"},
                                                          {"jurisdiction", "GA"},
                                                          {"received_filename", "rf.txt"}}) {
      metadata.set(key, value);
    }
    return metadata;
  }
  static tus::Metadata metadata_with(const std::string& key, const std::string& value) {
    auto metadata = good_metadata();
    metadata.set(key, value);
    return metadata;
  }
  static tus::Metadata metadata_without(const std::string& key) {
    auto metadata = good_metadata();
    metadata.remove(key);
    return metadata;
  }

  tl::expected<Upload, Reply> try_create(tus::Metadata metadata, Bytes length = Bytes{10},
                                         tus::UploadKind kind = tus::UploadKind::normal) {
    Upload upload;
    upload.length = length;
    edit_tus(upload).metadata = std::move(metadata);
    edit_tus(upload).kind = kind;
    upload.created = loop_->now();
    if (auto refused = dex_->hooks().before_create({}, upload); !refused) {
      last_refused_id_ = upload.id;
      return tl::unexpected(refused.error());
    }
    const auto created = store_->create(upload);
    EXPECT_TRUE(created) << created.error().detail;
    dex_->hooks().after_create(upload);
    if (length == Bytes{0}) finish(upload);
    return upload;
  }
  Upload create(tus::Metadata metadata = good_metadata(), Bytes length = Bytes{10},
                tus::UploadKind kind = tus::UploadKind::normal) {
    auto upload = try_create(std::move(metadata), length, kind);
    EXPECT_TRUE(upload) << upload.error().body;
    return upload ? *upload : Upload{};
  }
  void receive(const std::string& id, const std::string& bytes) {
    const auto before = store_->find(id).value();
    ASSERT_TRUE(store_->append(id, before.offset, std::as_bytes(std::span(bytes))));
    const auto after = store_->find(id).value();
    dex_->hooks().after_receive(after);
    if (after.complete()) finish(after);
  }
  void finish(const Upload& upload) {
    const auto ready = dex_->hooks().before_finish(upload);
    ASSERT_TRUE(ready) << ready.error().body;
    dex_->hooks().after_finish(upload);
  }
  Upload upload_whole(tus::Metadata metadata = good_metadata(),
                      tus::UploadKind kind = tus::UploadKind::normal) {
    const auto upload = create(std::move(metadata), Bytes{10}, kind);
    receive(upload.id, "0123456789");
    loop_->run();
    return store_->find(upload.id).value();
  }

  Reply info_reply(const std::string& id, const std::string& method = "GET") {
    Request request;
    request.method = method;
    return dex_->info(request, id, *store_);
  }
  dex::Info info(const std::string& id) {
    const auto reply = info_reply(id);
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto parsed = dex::parse_info(reply.body);
    EXPECT_TRUE(parsed) << parsed.error().line();
    return parsed ? *parsed : dex::Info{};
  }
  std::vector<dex::Delivery> attempts(const std::string& id) {
    return info(id).deliveries.value_or(std::vector<dex::Delivery>{});
  }
  std::string content(const std::filesystem::path& file) const {
    const auto text = read_file(file);
    return text && *text ? **text : "(no " + file.string() + ")";
  }
  std::vector<std::string> lines(const std::filesystem::path& file) const {
    std::vector<std::string> result;
    const auto text = read_file(file);
    if (!text || !*text) return result;
    for (std::size_t at = 0; at < (*text)->size();) {
      const auto end = (*text)->find('\n', at);
      result.push_back((*text)->substr(at, end - at));
      at = end + 1;
    }
    return result;
  }
  [[nodiscard]] std::vector<std::string> report(const std::string& id, const char* stage) const {
    return lines(folder() / "reports" / (id + "_" + stage));
  }

  [[nodiscard]] std::filesystem::path folder() const { return temporary_.path() / "store"; }
  [[nodiscard]] std::filesystem::path edav() const { return temporary_.path() / "edav"; }

  TemporaryFolder temporary_;
  DexOptions options_ = [this] {
    DexOptions options;
    options.store_folder = folder();
    options.delivery_folder = edav();
    // So that a test can look between two attempts.
    options.deliveries.retry_delay = Milliseconds{250};
    return options;
  }();
  std::unique_ptr<ManualLoop> loop_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Dex> dex_;
  std::string last_refused_id_;
};

}  // namespace mock
