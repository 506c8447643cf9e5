// Uploads that affect one another.
#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include "wrongs.hpp"

namespace strangers {
namespace {

using namespace std::chrono_literals;

class SameMetadata : public Wrong {
  void request(World& world, Exchange& exchange) override {
    const auto metadata = exchange.field("Upload-Metadata").value_or("");
    const auto length = number(exchange.field("Upload-Length"));
    if (!exchange.is_creation() || exchange.has_body() || metadata.empty() || !length) return;
    if (exchange.field("Upload-Concat") || exchange.field("Tus-Resumable") != "1.0.0") return;
    for (const auto& [path, upload] : world.uploads()) {
      if (upload.metadata == metadata && upload.length == length && upload.concat.empty()) {
        exchange.answer = tus_answer(201, "Created", {{"Location", upload.location}});
        return;
      }
    }
  }
};

class RacingIds : public Wrong {
  void reply(World& world, Exchange& exchange, ReplyHead& reply) override {
    if (!exchange.is_creation() || reply.status != 201) return;
    const auto now = world.now();
    if (!location_.empty() && now - allotted_ < 30ms) {
      reply.fields.set("Location", location_);
    } else {
      location_ = reply.fields.find("Location").value_or("");
      allotted_ = now;
    }
    // Creations one after the other are more than 30 ms apart, so that only parallel ones race.
    exchange.hold = 31ms;
  }
  std::string location_;
  Clock::time_point allotted_;
};

class SharedBuffer : public Wrong {
  void request(World&, Exchange& exchange) override {
    const bool carries = exchange.verb() == "PATCH" && exchange.has_body();
    if (!carries || exchange.field("Upload-Checksum") || exchange.field("Trailer")) return;
    exchange.edits_body = true;
    last_.try_emplace(&exchange, exchange.path(), std::string());
  }
  void body(World&, Exchange& exchange, Slice& slice) override {
    auto came = slice.bytes;
    for (const auto& [other, buffer] : last_) {
      const auto& [path, bytes] = buffer;
      if (path != exchange.path() && !bytes.empty()) {
        slice.bytes = repeated(bytes, slice.bytes.size());
      }
    }
    last_.at(&exchange).second = std::move(came);
  }
  void sent(World&, Exchange& exchange) override { last_.erase(&exchange); }
  std::map<const Exchange*, std::pair<std::string, std::string>> last_;
};

class TwoWriters : public Wrong {
  void request(World& world, Exchange& exchange) override {
    if (exchange.verb() != "PATCH" || world.upload(exchange.path()) == nullptr) return;
    const auto under_way = writing_.find(exchange.path());
    if (under_way == writing_.end()) {
      writing_[exchange.path()] = exchange.offset();
      exchange.mark = 1;
    } else {
      exchange.swallows = under_way->second == exchange.offset() && exchange.has_body();
    }
  }
  Answer swallowed(World&, Exchange& exchange) override {
    const auto end = exchange.offset() + exchange.kept.size();
    return tus_answer(204, "No Content", {{"Upload-Offset", std::to_string(end)}});
  }
  void sent(World&, Exchange& exchange) override {
    if (exchange.mark == 1) writing_.erase(exchange.path());
  }
  std::map<std::string, std::uint64_t> writing_;
};

class LockLeaks : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (locked_.contains(exchange.path())) exchange.answer = tus_answer(423, "Locked");
  }
  std::uint64_t cut(World&, Exchange& exchange) override {
    if (exchange.verb() == "PATCH") locked_.insert(exchange.path());
    return 0;
  }
  std::set<std::string> locked_;
};

/// A termination takes others with it.
class DeleteTakes : public Wrong {
 public:
  void reply(World& world, Exchange& exchange, ReplyHead& reply) final {
    const auto* gone = world.upload(exchange.path());
    if (exchange.verb() != "DELETE" || reply.status != 204 || gone == nullptr) return;
    std::vector<std::string> others;
    for (const auto& [path, upload] : world.uploads()) {
      if (path != gone->path && takes(*gone, upload)) others.push_back(path);
    }
    for (const auto& path : others) world.terminate(path, exchange);
  }

 private:
  [[nodiscard]] virtual bool takes(const Upload& gone, const Upload& other) const = 0;
};

class TakesFinals : public DeleteTakes {
  [[nodiscard]] bool takes(const Upload& gone, const Upload& other) const override {
    for (const auto& part : parts_of(other.concat)) {
      if (path_of(part) == gone.path) return true;
    }
    return false;
  }
};

class TakesNamesake : public DeleteTakes {
  [[nodiscard]] bool takes(const Upload& gone, const Upload& other) const override {
    return !gone.filename.empty() && gone.filename == other.filename;
  }
};

class RefusalHarms : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (exchange.is_creation() && std::exchange(refused_, false)) {
      exchange.answer = tus_answer(400, "Bad Request");
    }
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (exchange.is_creation() && reply.status >= 400) refused_ = true;
  }
  bool refused_ = false;
};

}  // namespace

const Makers& wrongs_of_many() {
  static const Makers makers{{"same-metadata-same-upload", make<SameMetadata>},
                             {"racing-ids", make<RacingIds>},
                             {"shared-buffer", make<SharedBuffer>},
                             {"two-writers", make<TwoWriters>},
                             {"lock-leaks-on-cut", make<LockLeaks>},
                             {"part-delete-kills-final", make<TakesFinals>},
                             {"delete-takes-namesake", make<TakesNamesake>},
                             {"refusal-harms-next", make<RefusalHarms>}};
  return makers;
}

}  // namespace strangers
