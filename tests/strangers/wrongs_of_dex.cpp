// DEX documents that say what is not so, and missing access control. Delivered files are changed at
// the path that /info tells, so the server behind has to deliver to folders of this machine.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "wrongs.hpp"

namespace strangers {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string last_segment(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

/// Changes the JSON documents of one endpoint.
class Document : public Wrong {
 public:
  void reply(World& world, Exchange& exchange, ReplyHead& reply) override {
    if (is_theirs(exchange) && reply.status == 200) exchange.edits_reply = true;
    note(world, exchange, reply);
  }
  void document(World& world, Exchange& exchange, ReplyHead&, std::string& body) final {
    auto json = Json::parse(body, nullptr, false);
    if (!json.is_object()) return;
    change(world, exchange, json);
    body = json.dump();
  }

 private:
  [[nodiscard]] virtual bool is_theirs(const Exchange& exchange) const = 0;
  virtual void change(World& world, Exchange& exchange, Json& json) = 0;
  virtual void note(World&, Exchange&, const ReplyHead&) {}
};

class Info : public Document {
  [[nodiscard]] bool is_theirs(const Exchange& exchange) const final {
    return exchange.head.method == "GET" && exchange.path().find("/info/") != std::string::npos;
  }
  void change(World& world, Exchange& exchange, Json& json) final {
    if (!json.contains("upload_status") || !json.contains("file_info")) return;
    change_info(world, exchange, last_segment(exchange.path()), json);
  }
  virtual void change_info(World& world, Exchange& exchange, const std::string& id, Json& json) = 0;
};

const Upload* upload_of(World& world, const std::string& id) {
  for (const auto& [path, upload] : world.uploads()) {
    if (last_segment(path) == id) return &upload;
  }
  return nullptr;
}

/// The location in the first delivery; nullptr when nothing has been delivered.
std::string* location_of(Json& json) {
  auto& deliveries = json["deliveries"];
  if (!deliveries.is_array() || deliveries.empty()) return nullptr;
  auto& delivery = deliveries.front();
  if (delivery.value("status", "") != "SUCCESS") return nullptr;
  return delivery["location"].get_ptr<std::string*>();
}

class CompleteEarly : public Info {
  void change_info(World&, Exchange&, const std::string&, Json& json) override {
    auto& status = json["upload_status"]["status"];
    if (status == "In Progress") status = "Complete";
  }
};

class SizeOfWhole : public Info {
  void change_info(World& world, Exchange&, const std::string& id, Json& json) override {
    const auto* upload = upload_of(world, id);
    if (upload != nullptr && upload->length) json["file_info"]["size_bytes"] = *upload->length;
  }
};

class LocationOfOther : public Info {
  void change_info(World&, Exchange&, const std::string& id, Json& json) override {
    auto* location = location_of(json);
    if (location == nullptr) return;
    if (!shown_.contains(id)) {
      shown_[id] = last_.empty() ? *location : last_;
      last_ = *location;
    }
    *location = shown_.at(id);
  }
  std::map<std::string, std::string> shown_;
  std::string last_;
};

class Overwrites : public Info {
  void change_info(World&, Exchange&, const std::string& id, Json& json) override {
    const auto* location = location_of(json);
    if (location == nullptr || !seen_.try_emplace(id).second) return;
    const auto name = json["manifest"].value("received_filename", "");
    auto& last = last_[name];
    std::error_code ignored;
    if (!last.empty()) {
      fs::copy_file(*location, last, fs::copy_options::overwrite_existing, ignored);
    }
    last = *location;
  }
  std::map<std::string, bool> seen_;
  std::map<std::string, std::string> last_;
};

class DeliveryShort : public Info {
  void change_info(World&, Exchange&, const std::string& id, Json& json) override {
    const auto* location = location_of(json);
    if (location == nullptr || !seen_.try_emplace(id).second) return;
    std::error_code ignored;
    const auto size = fs::file_size(*location, ignored);
    if (!ignored && size > 0) fs::resize_file(*location, size - 1, ignored);
  }
  std::map<std::string, bool> seen_;
};

class ManifestOfLast : public Info {
  void note(World&, Exchange& exchange, const ReplyHead& reply) override {
    if (exchange.is_creation() && reply.status == 201) {
      last_ = last_segment(path_of(reply.fields.find("Location").value_or("")));
    }
  }
  void change_info(World& world, Exchange& exchange, const std::string& id, Json& json) override {
    if (last_.empty() || last_ == id) return;
    auto head = exchange.head;
    head.target = "/info/" + last_;
    const auto other = Json::parse(world.ask(head).body, nullptr, false);
    if (!other.is_object() || !other.contains("manifest")) return;
    const auto own_id = json["manifest"]["upload_id"];
    json["manifest"] = other["manifest"];
    json["manifest"]["upload_id"] = own_id;
  }
  std::string last_;
};

class HealthOverDown : public Document {
  [[nodiscard]] bool is_theirs(const Exchange& exchange) const override {
    return last_segment(exchange.path()) == "health";
  }
  void change(World&, Exchange&, Json& json) override {
    for (auto& service : json["services"]) {
      if (service.value("service", "") != "File Storage") continue;
      service["status"] = "DOWN";
      service["health_issue"] = "cannot write";
    }
  }
};

class TokenShorter : public Document {
  [[nodiscard]] bool is_theirs(const Exchange& exchange) const override {
    return exchange.path().ends_with("/oauth");
  }
  void change(World&, Exchange&, Json& json) override {
    if (json.contains("expires_in")) json["expires_in"] = 86400;
  }
};

class RefreshedRefused : public Document {
  [[nodiscard]] bool is_theirs(const Exchange& exchange) const override {
    return exchange.path().ends_with("/oauth/refresh");
  }
  void change(World&, Exchange&, Json& json) override {
    auto* token = json["access_token"].get_ptr<std::string*>();
    if (token == nullptr || token->size() < 8) return;
    auto& character = (*token)[token->size() - 8];
    character = character == 'A' ? 'B' : 'A';
  }
};

class ErrorWith200 : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (!exchange.path().ends_with("/oauth") || reply.status != 400) return;
    reply.status = 200;
    reply.reason = "OK";
  }
};

class HeadUnguarded : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (exchange.verb() == "HEAD" && !exchange.field("Authorization") && !credential_.empty()) {
      exchange.head.fields.add("Authorization", credential_);
    }
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto credential = exchange.field("Authorization");
    if (credential && reply.status < 300) credential_ = *credential;
  }
  std::string credential_;
};

class JurisdictionOptional : public Wrong {
  void request(World&, Exchange& exchange) override {
    const std::string metadata(exchange.field("Upload-Metadata").value_or(""));
    if (!exchange.is_creation() || metadata.empty()) return;
    if (!value_of(metadata, "jurisdiction").empty()) return;
    exchange.head.fields.set("Upload-Metadata", metadata + ",jurisdiction eA==");
  }
};

}  // namespace

const Makers& wrongs_of_dex() {
  static const Makers makers{{"dex-complete-early", make<CompleteEarly>},
                             {"dex-size-of-whole", make<SizeOfWhole>},
                             {"dex-location-of-other", make<LocationOfOther>},
                             {"dex-delivery-overwrites", make<Overwrites>},
                             {"dex-delivery-short", make<DeliveryShort>},
                             {"dex-manifest-of-last", make<ManifestOfLast>},
                             {"dex-health-over-down", make<HealthOverDown>},
                             {"dex-token-shorter", make<TokenShorter>},
                             {"dex-refreshed-refused", make<RefreshedRefused>},
                             {"dex-oauth-error-200", make<ErrorWith200>},
                             {"dex-head-unguarded", make<HeadUnguarded>},
                             {"dex-jurisdiction-optional", make<JurisdictionOptional>}};
  return makers;
}

}  // namespace strangers
