#include "network/read.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace loadgen {
namespace {

/// More than this would hardly ever let a large upload end.
constexpr double most_cuts = 0.95;
/// Above this TCP hardly ever gets a segment through.
constexpr double most_loss = 0.5;
constexpr Milliseconds most_round_trip{std::chrono::minutes{1}};
constexpr Milliseconds a_day{std::chrono::hours{24}};

double number(const json::Cursor& at, double least, double most) {
  const double value = at.number();
  if (value < least || value > most) {
    at.fail(fmt::format("{} is not between {} and {}", value, least, most));
  }
  return value;
}

double share(const json::Cursor& at, double most) { return number(at, 0, most); }

Milliseconds duration(const json::Cursor& at, Milliseconds least, Milliseconds most) {
  const Milliseconds value = at.unwrap(parse_duration(at.string()));
  if (value < least) at.fail(fmt::format("at least {}ms is expected", least.count()));
  if (value > most) at.fail(fmt::format("at most {} is expected", ::to_string(most)));
  return value;
}

Milliseconds round_trip(const json::Cursor& at) {
  return duration(at, Milliseconds{0}, most_round_trip);
}

BytesPerSecond rate(const json::Cursor& at) {
  const BytesPerSecond value = at.unwrap(parse_rate(at.string()));
  if (value.value < 1) at.fail("at least 1 byte per second is expected");
  return value;
}

Bytes size(const json::Cursor& at, Bytes least, Bytes most) {
  const Bytes value = at.unwrap(parse_bytes(at.string()));
  if (value < least || value > most) {
    at.fail(fmt::format("{} is not between {} and {}", ::to_string(value), ::to_string(least),
                        ::to_string(most)));
  }
  return value;
}

std::vector<std::string> texts(const json::Cursor& at) {
  std::vector<std::string> all;
  for (const auto& item : at.items()) all.push_back(item.string());
  return all;
}

Recurrence recurrence(const json::Cursor& at) {
  const Milliseconds every = duration(at.at("every"), Milliseconds{2}, 365 * a_day);
  const Milliseconds length = duration(at.at("length"), Milliseconds{1}, a_day);
  if (length >= every) at.at("length").fail("shorter than \"every\" is expected");
  return {std::chrono::duration<double>(every).count(),
          std::chrono::duration<double>(length).count()};
}

/// A probability, or that and bursts.
Loss loss(const json::Cursor& at) {
  Loss loss;
  if (at.is_number()) {
    loss.always = share(at, most_loss);
    return loss;
  }
  at.only({"probability", "bursts"});
  loss.always = share(at.at("probability"), most_loss);
  if (const auto bursts = at.find("bursts")) {
    bursts->only({"probability", "every", "length"});
    loss.in_bursts = share(bursts->at("probability"), 1);
    loss.bursts = recurrence(*bursts);
  }
  return loss;
}

/// The value of the choice that the text at `at` names.
template <class Value, std::size_t N>
Value choice(const json::Cursor& at,
             const std::array<std::pair<std::string_view, Value>, N>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (at.string() == name) return value;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  at.fail(fmt::format("expected one of {}", names));
}

Tcp tcp(const json::Cursor& at) {
  constexpr std::array<std::pair<std::string_view, Congestion>, 3> controls{
      {{"reno", Congestion::reno}, {"cubic", Congestion::cubic}, {"bbr", Congestion::bbr}}};
  // TCP's own, and one for TLS 1.3 (RFC 8446 section 2), two for TLS 1.2 (RFC 5246 section 7.3).
  constexpr std::array<std::pair<std::string_view, unsigned>, 4> handshakes{
      {{"none", 0}, {"tcp", 1}, {"tls1.3", 2}, {"tls1.2", 3}}};
  at.only({"congestion_control", "handshake", "window", "segment", "idle_timeout"});
  Tcp tcp;
  if (const auto c = at.find("congestion_control")) tcp.control = choice(*c, controls);
  if (const auto c = at.find("handshake")) tcp.handshakes = choice(*c, handshakes);
  if (const auto c = at.find("window")) tcp.window = size(*c, Bytes{4096}, Bytes{1U << 30U});
  if (const auto c = at.find("segment")) tcp.segment = size(*c, Bytes{64}, Bytes{9000});
  if (const auto c = at.find("idle_timeout")) {
    tcp.idle_timeout = duration(*c, Milliseconds{100}, a_day);
  }
  return tcp;
}

Portal portal(const json::Cursor& at) {
  at.only({"status", "lasts"});
  Portal portal;
  if (const auto c = at.find("status")) {
    portal.status = static_cast<int>(c->integer());
    if (portal.status != 200 && portal.status != 302 && portal.status != 511) {
      c->fail("expected one of 200, 302, 511");
    }
  }
  portal.lasts = duration(at.at("lasts"), Milliseconds{1}, a_day);
  return portal;
}

Proxy proxy(const json::Cursor& at) {
  at.only({"max_body", "bad_gateway", "gateway_timeout"});
  Proxy proxy;
  if (const auto c = at.find("max_body")) {
    proxy.max_body = size(*c, Bytes{1}, Bytes{std::uint64_t{1} << 62U});
  }
  if (const auto c = at.find("bad_gateway")) proxy.bad_gateway = share(*c, most_cuts);
  if (const auto c = at.find("gateway_timeout")) proxy.gateway_timeout = share(*c, most_cuts);
  return proxy;
}

void read_cuts(const json::Cursor& root, Network& n) {
  if (const auto c = root.find("cut_probability")) n.cut_probability = share(*c, most_cuts);
  if (const auto c = root.find("silent_share")) n.silent_share = share(*c, 1);
  if (const auto c = root.find("stall_timeout")) {
    n.stall_timeout = c->unwrap(parse_duration(c->string()));
    if (n.stall_timeout < Milliseconds{100}) c->fail("at least 100ms is expected");
  }
  if (const auto c = root.find("cut_every")) {
    n.cut_every = size(*c, Bytes{1}, Bytes{std::uint64_t{1} << 62U});
  }
  if (const auto c = root.find("cuts_per_hour")) {
    n.cuts_per_hour = number(*c, 0, 3600);
    if (n.cuts_per_hour > 0 && n.mean_upload_rate() <= 0) {
      c->fail("where nothing limits the rate, no time says how many bytes it is: give upload_rate");
    }
  }
  if (const auto c = root.find("question_cut_probability")) {
    n.question_cut_probability = share(*c, most_cuts);
  }
  if (const auto c = root.find("lost_answer_share")) n.lost_answer_share = share(*c, 1);
  if (const auto c = root.find("zombie_share")) n.zombie_share = share(*c, 1);
  if (const auto c = root.find("restart_share")) {
    n.restart_share = share(*c, 1);
    if (n.lost_answer_share + n.zombie_share + n.restart_share > 1) {
      c->fail("with lost_answer_share and zombie_share it is more than 1");
    }
  }
  if (n.lost_answer_share + n.zombie_share > 1) {
    root.at("zombie_share").fail("with lost_answer_share it is more than 1");
  }
  if (const auto c = root.find("zombie_time")) n.zombie_time = duration(*c, Milliseconds{1}, a_day);
  if (const auto c = root.find("restart_time")) {
    n.restart_time = duration(*c, Milliseconds{0}, a_day);
  }
}

}  // namespace

Network read_network(const json::Cursor& root) {
  root.only({"$schema",
             "name",
             "description",
             "sources",
             "assumptions",
             "cut_probability",
             "silent_share",
             "stall_timeout",
             "upload_rate",
             "download_rate",
             "round_trip",
             "jitter",
             "queue",
             "loss",
             "tcp",
             "cut_every",
             "cuts_per_hour",
             "question_cut_probability",
             "lost_answer_share",
             "zombie_share",
             "zombie_time",
             "restart_share",
             "restart_time",
             "outages",
             "portal",
             "proxy"});
  Network n;
  n.name = root.at("name").string();
  if (n.name.empty()) root.at("name").fail("a network needs a name");
  n.description = root.at("description").string();
  if (const auto c = root.find("sources")) n.sources = texts(*c);
  if (const auto c = root.find("assumptions")) n.assumptions = texts(*c);
  if (const auto c = root.find("upload_rate")) n.upload_rate = rate(*c);
  if (const auto c = root.find("download_rate")) n.download_rate = rate(*c);
  if (const auto c = root.find("round_trip")) n.round_trip = round_trip(*c);
  if (const auto c = root.find("jitter")) {
    n.jitter = round_trip(*c);
    if (n.jitter > n.round_trip) c->fail("at most as much as round_trip is expected");
  }
  // These have an effect only through the TCP model.
  for (const auto* const key : {"queue", "loss", "tcp", "outages"}) {
    if (root.find(key)) n.tcp.emplace();
  }
  if (const auto c = root.find("tcp")) n.tcp = tcp(*c);
  if (const auto c = root.find("queue")) {
    n.queue = round_trip(*c);
    if (n.upload_rate.value <= 0) c->fail("a queue is one of upload_rate, which is not given");
  }
  if (const auto c = root.find("loss")) n.loss = loss(*c);
  if (const auto c = root.find("outages")) {
    c->only({"every", "length"});
    n.outages = recurrence(*c);
  }
  if (const auto c = root.find("portal")) n.portal = portal(*c);
  if (const auto c = root.find("proxy")) n.proxy = proxy(*c);
  read_cuts(root, n);
  return n;
}

}  // namespace loadgen
