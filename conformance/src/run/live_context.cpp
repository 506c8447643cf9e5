#include "run/live_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "protocol/digest.hpp"
#include "run/seen.hpp"
#include "target/busy.hpp"
#include "target/reach.hpp"
#include "transport/http2.hpp"
#include "transport/origins.hpp"
#include "transport/proxy.hpp"
#include "transport/slow_line.hpp"
#include "transport/url.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

/// FNV-1a: the same on every machine, unlike std::hash.
std::uint64_t hash(std::uint64_t seed, std::string_view text) {
  std::uint64_t h = 14695981039346656037ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h;
}

/// The version as the server wrote it, which may be anything, made one of a few.
std::string known_version(const std::string& version) {
  constexpr std::array<std::string_view, 4> known{"HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"};
  return std::find(known.begin(), known.end(), version) == known.end() ? "another HTTP" : version;
}

/// "another origin: http://h:80"; the whole URL, quoted, when its origin cannot be told.
std::string lacks_origin(const std::string& url) {
  const auto origin = transport::origin_of(url);
  return "another origin: " + (origin ? *origin : quote(url));
}

/// The fields of a head that a check wrote by hand; a line that is no field is left out.
http::Fields fields_of(std::string_view head) {
  http::Fields fields;
  for (std::size_t end = head.find("\r\n"); end != std::string_view::npos;) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    fields.add(std::string(line.substr(0, colon)), std::string(value));
  }
  return fields;
}

bool safe_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

class LiveContext final : public Context {
 public:
  LiveContext(std::shared_ptr<Session> session, const Requirement& row,
              std::shared_ptr<Evidence> evidence, Clock::time_point deadline)
      : session_(std::move(session)),
        evidence_(std::move(evidence)),
        deadline_(deadline),
        line_(deadline),
        proxy_(session_->client.proxy),
        row_(row.id),
        random_(hash(session_->seed, row.id)),
        client_(session_->client) {}

  [[nodiscard]] const Target& target() const override { return *session_->target; }
  [[nodiscard]] std::mt19937_64& random() override { return random_; }

  [[nodiscard]] bool in_http2() const override {
    return session_->client.http == transport::HttpVersion::http2;
  }

  transport::Exchange exchange(transport::Request request) override {
    const auto& how = session_->credentials.presentation();
    if (how.is_on(request.headers, request.url)) return perform(std::move(request));
    return exchange_presenting(std::move(request), how);
  }
  transport::Exchange exchange_presenting(transport::Request request,
                                          const client::Presentation& how) override {
    if (reach(request.url) != Reach::entrusted) return perform(std::move(request));
    const transport::Request bare = request;
    const auto token = present(how, request);
    transport::Exchange seen = perform(std::move(request));
    if (!token || !seen.response) return seen;
    if (!is_refused(seen)) {
      note_login(true);
      return seen;
    }
    // The token may have expired sooner than was promised, or been revoked.
    const auto another = session_->credentials.instead_of(*token, within(std::chrono::seconds{30}));
    if (another && *another) {
      record("# 401: again, with a new token\n\n");
      transport::Request again = bare;
      how.hide(**another, session_->secrets);
      how.put(**another, again.headers, again.url);
      seen = perform(std::move(again));
    }
    note_login(!is_refused(seen), /*in_place_of_another=*/true);
    return seen;
  }
  transport::Exchange exchange_anonymously(transport::Request request) override {
    return perform(std::move(request));
  }

  std::optional<transport::Exchange> exchange_as_user(const WithPassword& make) override {
    const PasswordGrant* grant = session_->credentials.grant();
    if (grant == nullptr) return std::nullopt;
    transport::Request request = make(grant->username, grant->password);
    stay_within_reach(request);
    transport::Exchange seen = send(request);
    if (const std::size_t query = seen.sent.url.find('?'); query != std::string::npos) {
      seen.sent.url = seen.sent.url.substr(0, query) + "?***";
    }
    seen.sent.headers.remove("Content-Length");
    seen.sent.body_size = Bytes{};
    seen.sent.body_sha256.clear();
    record(seen);
    return seen;
  }

  std::optional<std::string> given(TokenKind kind) override {
    const auto found = session_->tokens.find(kind);
    return found == session_->tokens.end() ? std::nullopt : std::optional(found->second);
  }

  [[nodiscard]] bool entrusts(const std::string& url) const override {
    return reach(url) == Reach::entrusted;
  }

  void created(const std::string& upload) override {
    session_->created(upload);
    evidence_->made();
    if (reach(upload) == Reach::nothing) {
      evidence_->step({&foundation::location, lacks_origin(upload)});
    }
  }

  transport::RawConnection raw() override {
    if (in_http2() && !session_->answers_http1()) {
      throw Stop{not_offered(
          "a raw connection is HTTP/1.1, which the target does not answer beside HTTP/2")};
    }
    raw_since_ = Clock::now();
    evidence_->by_hand();
    auto connection =
        transport::RawConnection::open(target().url, target().tls, within(Milliseconds{10000}));
    if (!connection && !transport::ProxyOfThread::proxy_for(target().url).empty()) {
      throw Stop{not_offered("not judged through the proxy: " + connection.error().line())};
    }
    if (!connection) {
      transport::Exchange refused;
      refused.failure = transport::Failure{transport::Failure::Kind::connect, {}};
      watch(refused);
      throw Stop{
          Outcome{Outcome::Kind::blocked, "a connection to the target", connection.error().line()}};
    }
    return std::move(*connection);
  }

  [[nodiscard]] http::Fields raw_headers() override {
    http::Fields fields;
    if (const auto parts = transport::parse_url(target().url)) {
      fields.add("Host", parts->authority);
    }
    fields.add("User-Agent", session_->client.user_agent);
    transport::Request presented;
    present(session_->credentials.presentation(), presented);
    for (const auto& field : presented.headers) fields.add(field.name, field.value);
    for (const auto& field : session_->client.extra_headers) fields.add(field.name, field.value);
    return fields;
  }

  void record_raw(std::string_view what, const std::string& sent_head,
                  const transport::RawConnection::Read& read) override;

  bool eventually(Milliseconds deadline, const std::function<bool()>& done) override {
    const auto end = std::min(Clock::now() + deadline, deadline_);
    Milliseconds pause{20};
    for (;;) {
      if (done()) return true;
      const auto left = end - Clock::now();
      if (left <= Clock::duration::zero()) return false;
      std::this_thread::sleep_for(std::min<Clock::duration>(pause, left));
      pause = std::min(pause * 2, Milliseconds{500});
    }
  }
  [[nodiscard]] Milliseconds patience() const override { return session_->patience; }
  [[nodiscard]] Milliseconds time_left() const override {
    return std::chrono::duration_cast<Milliseconds>(deadline_ - Clock::now());
  }

 private:
  [[nodiscard]] Milliseconds within(Milliseconds wanted) const {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline_ - Clock::now());
    if (left <= Milliseconds{0}) {
      // Where each request had its answer, only slowly, nobody is at fault.
      if (answers_ > 0 && unanswered_ == 0) stop_slow(fmt::format("{} answers", answers_));
      // Nearly all of the check's time was spent in waiting for the target.
      throw Stop{Outcome{Outcome::Kind::blocked, "answers in time",
                         "the check's time was up (--case-timeout)"}};
    }
    return std::min(wanted, left);
  }

  [[noreturn]] void stop_slow(std::string_view what) const {
    throw Stop{not_offered(fmt::format(
        "the line is too slow: {} take longer than a check may (--case-timeout)", what))};
  }
  void count(bool answered) { ++(answered ? answers_ : unanswered_); }

  /// The check's time was up before the silence was long enough to mean anything, and all requests
  /// before this one were answered.
  [[nodiscard]] bool is_cut_short(const transport::Exchange& seen, Milliseconds asked) const {
    constexpr Milliseconds about_nothing{100};  // curl counts whole milliseconds, and rounds
    constexpr Milliseconds a_silence{5'000};    // whatever was asked for
    return seen.failure && seen.failure->kind == transport::Failure::Kind::timeout &&
           !seen.response && seen.timings.total < std::min(asked, a_silence) &&
           time_left() < about_nothing && answers_ > 0 && unanswered_ == 0;
  }

  /// Puts the credentials on `request`; the token or key, nullopt without any.
  std::optional<std::string> present(const client::Presentation& how, transport::Request& request) {
    auto token = session_->credentials.token(within(std::chrono::seconds{30}));
    if (!token) {
      evidence_->step({&foundation::login, "no token"});
      throw Stop{Outcome{Outcome::Kind::blocked, "a token for the target", token.error().line()}};
    }
    if (!*token) return std::nullopt;
    how.hide(**token, session_->secrets);
    how.put(**token, request.headers, request.url);
    return std::move(*token);
  }

  static bool is_refused(const transport::Exchange& seen) {
    return seen.response && seen.response->status == 401;
  }
  void note_login(bool taken, bool in_place_of_another = false) {
    session_->credentials_taken(taken);
    if (taken) {
      session_->credentials.taken(in_place_of_another);
    } else {
      evidence_->step({&foundation::login, "401"});
    }
  }

  [[nodiscard]] Reach reach(const std::string& url) const {
    return reach_of(target(), session_->trusted, url);
  }

  /// The target must not choose whom the harness talks to: its Location may name a stranger, or
  /// plain http.
  void stay_within_reach(transport::Request& request) {
    const Reach how = reach(request.url);
    if (how == Reach::anonymous) {
      for (const char* name : {"Authorization", "Cookie"}) request.headers.remove(name);
      session_->credentials.presentation().take_off(request.headers, request.url);
    }
    if (how != Reach::nothing) return;
    const std::string why = why_not_sent(target(), request.url);
    record(fmt::format("# not sent: {} {}\n# {}\n\n", request.method, quote(request.url), why));
    evidence_->step({&foundation::location, lacks_origin(request.url)});
    throw Stop{
        Outcome{Outcome::Kind::blocked, "the upload stays at the origin that was asked", why}};
  }

  void record(const std::string& text) { evidence_->add(session_->secrets.mask(text)); }
  /// What the target issued is a secret from here on, and not shown.
  void record(const transport::Exchange& seen) {
    if (seen.response) learn(*seen.response);
    record(transport::transcript(seen) + "\n");
  }
  void learn(const transport::Response& response) {
    constexpr std::size_t longest_document = 1U << 20U;
    session_->secrets.learn_tokens(std::string_view(response.body).substr(0, longest_document));
    for (const auto& field : response.headers) {
      if (http::same_name(field.name, "Set-Cookie")) session_->secrets.learn_cookie(field.value);
    }
  }

  void watch(const transport::Exchange& seen) {
    session_->watch.saw(row_, seen);
    using Kind = transport::Failure::Kind;
    if (!seen.response && seen.failure &&
        (seen.failure->kind == Kind::connect || seen.failure->kind == Kind::closed ||
         seen.failure->kind == Kind::reset)) {
      evidence_->unreachable();
    }
  }

  /// Notes which step of a foundation the exchange was, if it was one.
  void note(const transport::Exchange& seen) {
    watch(seen);
    const auto step = target().step_of(seen);
    if (!step) return;
    const bool silent = seen.failure && seen.failure->kind == transport::Failure::Kind::timeout;
    session_->answered(step->foundation, !silent);
    evidence_->step(*step);
  }

  [[nodiscard]] Milliseconds patience_with(const transport::Request& request) const {
    if (!session_->was_silent()) return within(request.timeout);
    transport::Exchange unanswered;
    unanswered.sent.method = request.method;
    unanswered.sent.url = request.url;
    const auto step = target().step_of(unanswered);
    const Milliseconds wanted = within(request.timeout);
    return step ? session_->patience_with(step->foundation, wanted) : wanted;
  }

  transport::Exchange perform(transport::Request request) {
    stay_within_reach(request);
    const Milliseconds asked = request.timeout;
    request.timeout = patience_with(request);
    transport::Exchange seen = send(request);
    if (is_cut_short(seen, asked)) {
      record(seen);
      stop_slow(fmt::format("{} answers", answers_));
    }
    note(seen);
    record(seen);
    count(seen.response.has_value());
    if (line_.met()) {
      stop_slow(fmt::format("the {} bytes of a request, or its answer,",
                            request.body ? request.body->size() : 0));
    }
    if (seen.response && !target().tells_health(request.url)) {
      note_turned_away(request.method + " " + target_of(request.url), *seen.response);
    }
    // A server may close an idle connection at any time. What is safe to repeat is repeated once,
    // on a new connection and in sight of the reader (RFC 9112 section 9.3.1).
    const bool stale = seen.failure && !seen.response && seen.reused_connection &&
                       (seen.failure->kind == transport::Failure::Kind::closed ||
                        seen.failure->kind == transport::Failure::Kind::reset);
    if (stale && safe_method(request.method)) {
      request.fresh_connection = true;
      seen = send(request);
      note(seen);
      record(seen);
    }
    return seen;
  }

  transport::Exchange send(transport::Request& request) {
    if (auto why = target().withheld(request); !why.empty()) {
      throw Stop{not_offered(std::move(why))};
    }
    if (auto why = client_.cannot_send(request)) {
      throw Stop{not_offered("not judged with --http 2: " + *why)};
    }
    request.timeout = within(request.timeout);
    evidence_->sent(request.body ? request.body->size() : 0);
    transport::Exchange seen = client_.send(request);
    if (seen.response) spoke(known_version(seen.response->version));
    if (transport::lost_answer(seen)) {
      record(seen);
      throw Stop{not_offered("not judged with --http 2: " + seen.failure->message)};
    }
    return seen;
  }

  void spoke(const std::string& http) {
    session_->spoke(http);
    evidence_->spoke(http);
  }

  /// The same for a raw connection, on which `head` was sent.
  void note_raw(std::string_view head, transport::Exchange seen,
                transport::RawConnection::Seen what) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t space = line.find(' ');
    const std::size_t end = line.rfind(' ');
    if (space == std::string_view::npos || end <= space) return;
    seen.sent.method = line.substr(0, space);
    seen.sent.url = target().origin + std::string(line.substr(space + 1, end - space - 1));
    seen.sent.headers = fields_of(head);
    seen.timings.total =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - raw_since_);
    using Seen = transport::RawConnection::Seen;
    if (what == Seen::closed || what == Seen::reset) {
      seen.failure = transport::Failure{
          what == Seen::closed ? transport::Failure::Kind::closed : transport::Failure::Kind::reset,
          {}};
    } else if (what == Seen::timeout) {
      seen.failure = transport::Failure{transport::Failure::Kind::timeout, {}};
    }
    watch(seen);
    if (is_refused(seen) && session_->credentials.any()) {
      evidence_->step({&foundation::login, "401"});
    }
    if (const auto step = target().step_of(seen)) evidence_->step(*step);
  }

  void note_turned_away(const std::string& what, const transport::Response& response) {
    if (const auto busy = busy_of(response)) evidence_->busy(*busy);
    constexpr std::array<int, 5> statuses{429, 502, 503, 504, 507};
    if (std::find(statuses.begin(), statuses.end(), response.status) != statuses.end()) {
      evidence_->turned_away(what + ": " + std::to_string(response.status));
    }
  }

  std::shared_ptr<Session> session_;
  std::shared_ptr<Evidence> evidence_;
  Clock::time_point deadline_;
  transport::SlowLine line_;
  transport::ProxyOfThread proxy_;  ///< of raw connections
  std::string row_;
  std::mt19937_64 random_;
  transport::Client client_;
  Clock::time_point raw_since_ = Clock::now();  ///< the last raw connection
  std::size_t answers_ = 0;
  std::size_t unanswered_ = 0;
};

void LiveContext::record_raw(std::string_view what, const std::string& sent_head,
                             const transport::RawConnection::Read& read) {
  std::string text =
      fmt::format("# raw connection{}: {}\n", in_http2() ? ", which is HTTP/1.1" : "", what);
  spoke("raw " + (read.response ? known_version(read.response->version) : "HTTP/1.1"));
  evidence_->sent(sent_head.size());
  const std::size_t end = sent_head.find("\r\n\r\n");
  const std::string_view head = std::string_view(sent_head).substr(0, end);
  std::size_t from = 0;
  while (from < head.size()) {
    const std::size_t next = std::min(head.find("\r\n", from), head.size());
    std::string_view line = head.substr(from, next - from);
    const std::string_view name = line.substr(0, line.find(':'));
    if (from > 0 && transport::is_secret_header(name)) {
      text += fmt::format("> {}: ***\n", name);
    } else {
      // Long lines are shown by their beginning: a check may send 100 kB of header.
      text += fmt::format("> {}{}\n", quote(transport::redact(line).substr(0, 200)),
                          line.size() > 200 ? fmt::format(" ({} bytes)", line.size()) : "");
    }
    from = next + 2;
  }
  if (end != std::string::npos && end + 4 < sent_head.size()) {
    const std::string_view body = std::string_view(sent_head).substr(end + 4);
    text += fmt::format("> [body: {} bytes, sha256 {}]\n", body.size(), sha256_hex(body));
  }
  transport::Exchange received;
  received.interims = read.interims;
  received.response = read.response;
  note_raw(head, received, read.seen);
  if (read.response) {
    learn(*read.response);
    note_turned_away(std::string(head.substr(0, head.find(" HTTP/"))), *read.response);
    // The same rendering as for every other response, without its first line (the request).
    const std::string shown = transport::transcript(received);
    const std::size_t first = shown.find("\n< ");
    if (first != std::string::npos) {
      text += shown.substr(first + 1, shown.rfind("\n  (") - first);
    }
    if (read.body_after_head) text += "! bytes follow a response that may have no body\n";
  } else {
    text += fmt::format("! {} ({} bytes came){}\n", to_string(read.seen), read.raw.size(),
                        read.problem.empty() ? "" : ": " + read.problem);
  }
  record(text + "\n");
  count(read.response || !read.interims.empty());
  if (line_.met()) stop_slow("the bytes of a request, or its answer,");
}

}  // namespace

MakeContext live_contexts(std::shared_ptr<Session> session) {
  return [session = std::move(session)](const Requirement& row, std::shared_ptr<Evidence> evidence,
                                        Clock::time_point deadline) {
    return std::make_unique<LiveContext>(session, row, std::move(evidence), deadline);
  };
}

}  // namespace conformance
