// HTTP that breaks RFC 9110 and RFC 9112.
#include "wrongs.hpp"

namespace strangers {
namespace {

class RefusedBodyIsNext : public Wrong {
  void request(World&, Exchange& exchange) override {
    if (!exchange.connection->misreads_next) return;
    exchange.answer = tus_answer(400, "Bad Request");
    exchange.close = true;
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    const bool kept = !reply.fields.has_token("Connection", "close");
    if (reply.status >= 400 && exchange.framing.length.value_or(0) > 0 && kept) {
      exchange.connection->misreads_next = true;
    }
  }
};

class Http10Chunked : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    exchange.edits_reply =
        exchange.head.version == "HTTP/1.0" && reply.fields.has("Content-Length");
  }
  void document(World&, Exchange&, ReplyHead& reply, std::string& body) override {
    reply.fields.remove("Content-Length");
    reply.fields.add("Transfer-Encoding", "chunked");
    std::string chunks;
    for (std::size_t at = 0; at < body.size(); at += 8) {
      const auto bytes = body.substr(at, 8);
      chunks += std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
    }
    body = chunks + "0\r\n\r\n";
  }
};

class ChunkExtension : public Wrong {
  bool chunk_line(World&, Exchange&, std::string_view line) override {
    return line.find(';') == std::string_view::npos;
  }
};

class ExpectWaits : public Wrong {
  bool interim(World&, Exchange&, const ReplyHead& reply) override { return reply.status != 100; }
};

class OffsetTwice : public Wrong {
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (is_told_head(exchange, reply) && reply.fields.find("Upload-Offset") != "0") {
      reply.fields.add("Upload-Offset", "0");
    }
  }
};

}  // namespace

const Makers& wrongs_of_connections() {
  static const Makers makers{{"refused-body-is-next-request", make<RefusedBodyIsNext>},
                             {"http10-chunked", make<Http10Chunked>},
                             {"chunk-extension-400", make<ChunkExtension>},
                             {"expect-waits", make<ExpectWaits>},
                             {"offset-twice", make<OffsetTwice>}};
  return makers;
}

}  // namespace strangers
