// Checksums that are not verified or not as the specification says, and partial uploads that do not
// say that they are.
#include "wrongs.hpp"

namespace strangers {
namespace {

class ChecksumOfAll : public Wrong {
  void request(World&, Exchange& exchange) override {
    std::string checksum(exchange.field("Upload-Checksum").value_or(""));
    const auto digest = checksum.find(' ') + 1;
    if (exchange.verb() != "PATCH" || exchange.offset() == 0) return;
    if (digest == 0 || digest >= checksum.size()) return;
    // The digest of a chunk is not that of all bytes, so spoil it: the server will refuse it.
    checksum[digest] = checksum[digest] == 'A' ? 'B' : 'A';
    exchange.head.fields.set("Upload-Checksum", checksum);
  }
};

class ChunkedUnchecked : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (exchange.framing.chunked) exchange.head.fields.remove("Upload-Checksum");
  }
};

class TrailerIgnored : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (!exchange.framing.chunked) return;
    exchange.head.fields.remove("Trailer");
    exchange.edits_body = true;
    exchange.drops_trailers = true;
  }
};

class Crc32Unknown : public Wrong {
  void request(World&, Exchange& exchange) override {
    const std::string checksum(exchange.field("Upload-Checksum").value_or(""));
    if (checksum.starts_with("crc32 ")) {
      exchange.head.fields.set("Upload-Checksum", "unknown" + checksum.substr(5));
    }
  }
};

class PartialForgets : public Wrong {
  void reply(World& world, Exchange& exchange, ReplyHead& reply) override {
    const auto* upload = world.upload(exchange.path());
    if (is_told_head(exchange, reply) && upload != nullptr && upload->deferred &&
        upload->concat == "partial") {
      reply.fields.remove("Upload-Concat");
    }
  }
};

}  // namespace

const Makers& wrongs_of_extensions() {
  static const Makers makers{{"checksum-whole-upload", make<ChecksumOfAll>},
                             {"checksum-chunked-ignored", make<ChunkedUnchecked>},
                             {"trailer-ignored", make<TrailerIgnored>},
                             {"crc32-announced", make<Crc32Unknown>},
                             {"partial-deferred-forgets", make<PartialForgets>}};
  return makers;
}

}  // namespace strangers
