// Bytes that are stored differently from what came. Requests with a checksum are left alone: the
// server would refuse them, and something else would be wrong.
#include <algorithm>
#include <chrono>
#include <utility>

#include "wrongs.hpp"

namespace strangers {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

std::uint64_t begin_of(const Exchange& exchange) {
  return exchange.verb() == "PATCH" ? exchange.offset() : 0;
}

void make_zero(Slice& slice) { std::fill(slice.bytes.begin(), slice.bytes.end(), '\0'); }

/// Edits the bodies that takes() chooses.
class Editor : public Wrong {
 public:
  void request(World& world, Exchange& exchange) final {
    const bool carries = exchange.verb() == "PATCH" || exchange.is_creation();
    const bool checked = exchange.field("Upload-Checksum") || exchange.field("Trailer");
    if (carries && !checked && exchange.has_body()) exchange.edits_body = takes(world, exchange);
  }

 protected:
  virtual bool takes(World&, Exchange&) { return true; }
};

class EveryByte : public Editor {
  bool takes(World&, Exchange& exchange) override { return exchange.verb() == "PATCH"; }
  void body(World&, Exchange&, Slice& slice) override {
    for (char& byte : slice.bytes) byte = static_cast<char>(~byte);
  }
};

class OddLastByte : public Editor {
  bool takes(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    auto length = number(exchange.field("Upload-Length"));
    if (!length && upload != nullptr) length = upload->length;
    exchange.mark = length.value_or(0);
    return exchange.mark % 2 == 1;
  }
  void body(World&, Exchange& exchange, Slice& slice) override {
    const auto at = begin_of(exchange) + slice.at;
    const auto last = exchange.mark - 1;
    if (last >= at && last - at < slice.bytes.size()) slice.bytes[last - at] = '\0';
  }
};

class Ring : public Editor {
  void body(World&, Exchange& exchange, Slice& slice) override {
    for (std::size_t i = 0; i < slice.bytes.size(); ++i) {
      const auto at = slice.at + i;
      if (at < mib) {
        exchange.kept += slice.bytes[i];
      } else {
        slice.bytes[i] = exchange.kept[at % mib];
      }
    }
  }
};

class ZeroAt5MiB : public Editor {
  void body(World&, Exchange& exchange, Slice& slice) override {
    const auto begin = begin_of(exchange) + slice.at;
    for (std::size_t i = 0; i < slice.bytes.size(); ++i) {
      const auto at = begin + i;
      if (at >= 5 * mib && at < 5 * mib + 64 * kib) slice.bytes[i] = '\0';
    }
  }
};

class ShiftAt8MiB : public Editor {
  void body(World&, Exchange& exchange, Slice& slice) override {
    const auto at = begin_of(exchange) + slice.at;
    if (at > 8 * mib || at + slice.bytes.size() <= 8 * mib) return;
    slice.bytes.erase(8 * mib - at, 1);
    exchange.mark = 1;
  }
  std::string body_end(World&, Exchange& exchange) override {
    return std::string(exchange.mark, '\0');
  }
};

class BufferEdge : public Editor {
  void body(World&, Exchange& exchange, Slice& slice) override {
    for (std::size_t i = 0; i < slice.bytes.size(); ++i) {
      const auto at = slice.at + i;
      const char came = slice.bytes[i];
      if (at > 0 && at % (64 * kib) == 0) slice.bytes[i] = exchange.kept[0];
      exchange.kept.assign(1, came);
    }
  }
};

class ChunkEdge : public Editor {
  bool takes(World&, Exchange& exchange) override { return exchange.framing.chunked; }
  void body(World&, Exchange&, Slice& slice) override {
    if (slice.begins_chunk && slice.at > 0) slice.bytes[0] = '\n';
  }
};

class CreationBody : public Editor {
  bool takes(World&, Exchange& exchange) override { return exchange.is_creation(); }
  void body(World&, Exchange&, Slice& slice) override {
    for (std::size_t i = 0; i < slice.bytes.size(); ++i) {
      if (slice.at + i >= kib) slice.bytes[i] = '\0';
    }
  }
};

/// The PATCH after `earlier` others is stored as zeros.
template <int earlier>
class ZeroPatch : public Editor {
  bool takes(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    return upload != nullptr && upload->patches == earlier;
  }
  void body(World&, Exchange&, Slice& slice) override { make_zero(slice); }
};

class PausedSlice : public Editor {
  void body(World& world, Exchange& exchange, Slice& slice) override {
    const bool paused = world.now() - exchange.last_slice > 300ms && !exchange.kept.empty();
    auto came = slice.bytes;
    if (paused) slice.bytes = repeated(exchange.kept, slice.bytes.size());
    exchange.kept = std::move(came);
  }
};

class ResumeEatsByte : public Editor {
  bool takes(World& world, Exchange& exchange) override {
    const auto* upload = world.upload(exchange.path());
    return upload != nullptr && upload->was_cut;
  }
  void body(World&, Exchange&, Slice& slice) override {
    if (slice.at == 0) slice.bytes[0] = '\0';
  }
};

class SlowTail : public Editor {
  void body(World& world, Exchange& exchange, Slice& slice) override {
    if (world.now() - exchange.begun > 4s) make_zero(slice);
  }
};

/// Ten parts or more are joined in the order of their numbers as text: 1, 10, 2.
class PartsByName : public Wrong {
  void request(World&, Exchange& exchange) override {
    const std::string concat(exchange.field("Upload-Concat").value_or(""));
    const auto parts = parts_of(concat);
    if (!exchange.is_creation() || parts.size() < 10) return;
    std::map<std::string, std::string> by_number;
    for (std::size_t i = 0; i < parts.size(); ++i) by_number[std::to_string(i + 1)] = parts[i];
    std::string sorted;
    for (const auto& [number, part] : by_number) sorted += (sorted.empty() ? "" : " ") + part;
    exchange.kept = concat;
    exchange.head.fields.set("Upload-Concat", "final;" + sorted);
  }
  void reply(World&, Exchange& exchange, ReplyHead& reply) override {
    if (!exchange.kept.empty() && reply.status == 201) {
      asked_[path_of(reply.fields.find("Location").value_or(""))] = exchange.kept;
    }
    const auto asked = asked_.find(exchange.path());
    if (is_told_head(exchange, reply) && asked != asked_.end()) {
      reply.fields.set("Upload-Concat", asked->second);
    }
  }
  std::map<std::string, std::string> asked_;
};

}  // namespace

const Makers& wrongs_of_bytes() {
  static const Makers makers{{"every-byte", make<EveryByte>},
                             {"odd-last-byte", make<OddLastByte>},
                             {"beyond-1m-ring", make<Ring>},
                             {"beyond-5m-zero", make<ZeroAt5MiB>},
                             {"beyond-8m-shift", make<ShiftAt8MiB>},
                             {"buffer-edge", make<BufferEdge>},
                             {"chunk-edge", make<ChunkEdge>},
                             {"creation-body-1k", make<CreationBody>},
                             {"second-patch-hole", make<ZeroPatch<1>>},
                             {"twentieth-chunk", make<ZeroPatch<19>>},
                             {"paused-slice-repeats", make<PausedSlice>},
                             {"resume-eats-byte", make<ResumeEatsByte>},
                             {"slow-body-tail-lost", make<SlowTail>},
                             {"ten-parts-by-name", make<PartsByName>}};
  return makers;
}

}  // namespace strangers
