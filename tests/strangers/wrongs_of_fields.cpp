// Header fields that are misread, and header fields that say what is not so.
#include <algorithm>

#include "wrongs.hpp"

namespace strangers {
namespace {

std::string joined(const std::vector<std::string>& members, std::string_view by) {
  std::string all;
  for (const auto& member : members) {
    if (!all.empty()) all += by;
    all += member;
  }
  return all;
}

/// A comma list without one of its members.
std::string without(std::string_view list, std::string_view member) {
  std::vector<std::string> rest;
  for (const auto one : http::split_list(list)) {
    if (!http::same_letters(one, member)) rest.emplace_back(one);
  }
  return joined(rest, list.find(", ") == std::string_view::npos ? "," : ", ");
}

/// Changes the Upload-Metadata in replies to HEAD.
class Metadata : public Wrong {
 public:
  void reply(World&, Exchange& exchange, ReplyHead& reply) final {
    const auto metadata = reply.fields.find("Upload-Metadata");
    if (!is_told_head(exchange, reply) || !metadata) return;
    std::vector<std::string> shown;
    for (const auto& pair : pairs_of(*metadata)) {
      if (auto one = shown_as(pair); !one.empty()) shown.push_back(std::move(one));
    }
    if (shown.empty()) {
      reply.fields.remove("Upload-Metadata");
    } else {
      reply.fields.set("Upload-Metadata", joined(shown, ","));
    }
  }

 private:
  [[nodiscard]] virtual std::string shown_as(const std::string& pair) const = 0;
};

class Column255 : public Metadata {
  [[nodiscard]] std::string shown_as(const std::string& pair) const override {
    constexpr std::size_t whole_groups = 252;
    const auto space = pair.find(' ');
    if (space == std::string::npos) return pair;
    return pair.substr(0, space + 1 + whole_groups);
  }
};

class NoEmpty : public Metadata {
  [[nodiscard]] std::string shown_as(const std::string& pair) const override {
    const auto space = pair.find(' ');
    return space == std::string::npos || space + 1 == pair.size() ? "" : pair;
  }
};

class Length32 : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto length = number(reply.fields.find("Upload-Length"));
    if (!is_told_head(exchange, reply) || !length || *length < (1ULL << 31U)) return;
    const auto low = static_cast<std::int32_t>(static_cast<std::uint32_t>(*length));
    reply.fields.set("Upload-Length", std::to_string(low));
  }
};

class Octal : public Wrong {
  void request(World&, Exchange& exchange) override {
    const std::string length(exchange.field("Upload-Length").value_or(""));
    if (!exchange.is_creation() || length.size() < 2 || length[0] != '0') return;
    if (length.find_first_not_of("01234567") != std::string::npos || length.size() > 20) return;
    const auto read = std::stoull(length, nullptr, 8);
    exchange.head.fields.set("Upload-Length", std::to_string(read));
  }
};

class LengthTwice : public Wrong {
  void request(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    const auto length = number(exchange.field("Upload-Length"));
    if (exchange.verb() != "PATCH" || upload == nullptr || !length) return;
    if (!upload->deferred || !upload->length || *upload->length == *length) return;
    changed_[upload->path] = *length;
    exchange.head.fields.remove("Upload-Length");
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto changed = changed_.find(exchange.path());
    if (is_told_head(exchange, reply) && changed != changed_.end()) {
      reply.fields.set("Upload-Length", std::to_string(changed->second));
    }
  }
  std::map<std::string, std::uint64_t> changed_;
};

class TerminationUnannounced : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto extensions = reply.fields.find("Tus-Extension");
    if (exchange.verb() != "OPTIONS" || !extensions) return;
    reply.fields.set("Tus-Extension", without(*extensions, "termination"));
  }
};

class VersionStores : public Wrong {
  void request(World&, Exchange& exchange) override {
    const auto version = exchange.field("Tus-Resumable");
    if (exchange.verb() != "PATCH" || !version || *version == "1.0.0") return;
    exchange.head.fields.set("Tus-Resumable", "1.0.0");
    exchange.mark = 1;
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (exchange.mark != 1) return;
    reply.status = 412;
    reply.reason = "Precondition Failed";
    reply.fields.remove("Upload-Offset");
    reply.fields.set("Tus-Version", "1.0.0");
    if (!reply.fields.has("Content-Length")) reply.fields.add("Content-Length", "0");
  }
};

class FinishedCacheable : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (!is_told_head(exchange, reply)) return;
    if (reply.fields.find("Upload-Offset") != reply.fields.find("Upload-Length")) return;
    reply.fields.set("Cache-Control", "public, max-age=3600");
  }
};

class OffsetHidden : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto exposed = reply.fields.find("Access-Control-Expose-Headers");
    if (!exposed || (exchange.verb() != "HEAD" && exchange.verb() != "PATCH")) return;
    reply.fields.set("Access-Control-Expose-Headers", without(*exposed, "Upload-Offset"));
  }
};

class LocationOfPart : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const auto parts = parts_of(exchange.field("Upload-Concat").value_or(""));
    if (exchange.is_creation() && reply.status == 201 && !parts.empty()) {
      reply.fields.set("Location", parts.front());
    }
  }
};

}  // namespace

const Makers& wrongs_of_fields() {
  static const Makers makers{{"metadata-255", make<Column255>},
                             {"metadata-empty-lost", make<NoEmpty>},
                             {"length-2g-negative", make<Length32>},
                             {"length-octal", make<Octal>},
                             {"deferred-length-twice", make<LengthTwice>},
                             {"termination-unannounced", make<TerminationUnannounced>},
                             {"version-412-stores", make<VersionStores>},
                             {"finished-head-cacheable", make<FinishedCacheable>},
                             {"cors-offset-hidden", make<OffsetHidden>},
                             {"final-location-of-part", make<LocationOfPart>}};
  return makers;
}

}  // namespace strangers
