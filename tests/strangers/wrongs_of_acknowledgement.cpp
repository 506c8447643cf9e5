// Offsets that differ from what is stored, and uploads that are forgotten.
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "wrongs.hpp"

namespace strangers {
namespace {

using namespace std::chrono_literals;

class Preallocated : public Wrong {
  std::uint64_t cut(World&, Exchange& exchange) override {
    if (exchange.verb() != "PATCH") return 0;
    return exchange.framing.length.value_or(exchange.received) - exchange.received;
  }
};

class HeadStale : public Wrong {
  void reply(World& world, Exchange& exchange, ReplyHead& reply) override {
    const auto* upload = world.upload(exchange.path());
    if (!is_told_head(exchange, reply) || upload == nullptr || upload->patches == 0) return;
    if (world.now() - upload->patched > 1s) return;
    reply.fields.set("Upload-Offset", std::to_string(upload->before));
  }
};

class ReplicaLag : public Wrong {
  void reply(World& world, Exchange& exchange, ReplyHead& reply) override {
    const auto* upload = world.upload(exchange.path());
    if (!is_told_head(exchange, reply) || upload == nullptr || upload->finished()) return;
    if (++asked_[upload->path] % 3 == 0) reply.fields.set("Upload-Offset", "0");
  }
  std::map<std::string, int> asked_;
};

class RefusedYetStored : public Wrong {
  void request(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    if (exchange.verb() != "PATCH" || upload == nullptr || !exchange.has_body()) return;
    if (exchange.offset() <= upload->offset) return;
    exchange.head.fields.set("Upload-Offset", std::to_string(upload->offset));
    exchange.mark = 1;
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (exchange.mark != 1 || reply.status != 204) return;
    reply.status = 409;
    reply.reason = "Conflict";
    reply.fields.remove("Upload-Offset");
    reply.fields.set("Content-Length", "0");
  }
};

class AckBeforeKept : public Wrong {
  void request(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    const auto size = exchange.framing.length.value_or(0);
    exchange.swallows = exchange.verb() == "PATCH" && upload != nullptr && size > 0 &&
                        exchange.field("Upload-Offset") && upload->length &&
                        exchange.offset() == upload->offset &&
                        exchange.offset() + size <= *upload->length && size <= (1U << 20U) &&
                        exchange.field("Tus-Resumable") == "1.0.0" &&
                        !exchange.field("Upload-Checksum") && !exchange.field("Expect");
  }
  Answer swallowed(World& world, Exchange& exchange) override {
    std::thread([&world, head = exchange.head, body = exchange.kept] {
      std::this_thread::sleep_for(world.real(300ms));
      const auto answer = world.ask(head, body);
      const std::lock_guard lock(world.mutex);
      auto* upload = world.upload(path_of(head.target));
      const auto offset = number(answer.fields.find("Upload-Offset"));
      if (upload != nullptr && offset) upload->offset = *offset;
    }).detach();
    const auto end = exchange.offset() + exchange.kept.size();
    return tus_answer(204, "No Content", {{"Upload-Offset", std::to_string(end)}});
  }
};

class Forgets : public Wrong {
  void request(World& world, Exchange& exchange) override {
    auto* upload = world.upload(exchange.path());
    if (upload == nullptr || exchange.verb() == "OPTIONS") return;
    const auto idle = world.now() - std::exchange(upload->asked, world.now());
    if (!upload->finished() && !upload->is_final() && idle > 5s) gone_.insert(upload->path);
    if (gone_.contains(upload->path)) exchange.answer = tus_answer(404, "Not Found");
  }
  std::set<std::string> gone_;
};

class ShortLife : public Wrong {
  void request(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    if (upload == nullptr || upload->finished() || upload->is_final()) return;
    if (world.now() - upload->created > 15s) exchange.answer = tus_answer(410, "Gone");
  }
};

}  // namespace

const Makers& wrongs_of_acknowledgement() {
  static const Makers makers{{"preallocated-after-cut", make<Preallocated>},
                             {"head-stale", make<HeadStale>},
                             {"replica-lag", make<ReplicaLag>},
                             {"refused-yet-stored", make<RefusedYetStored>},
                             {"ack-before-kept", make<AckBeforeKept>},
                             {"forgets-after-5s", make<Forgets>},
                             {"upload-lives-15s", make<ShortLife>}};
  return makers;
}

}  // namespace strangers
