// Whole requests on one connection, against the whole server without its sockets: whatever comes,
// the connection answers every request in turn or closes, offsets stay within lengths, and an
// upload or object that nobody named keeps its bytes. Requests are put together from the vocabulary
// of HTTP, tus, object stores, Open Humans and One Codex, and some streams are damaged afterwards.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/conversation.hpp"
#include "http/test_talk.hpp"
#include "lane/lanes.hpp"
#include "loop/manual_loop.hpp"
#include "net/no_server.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/policy.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "services.hpp"
#include "store/locks.hpp"
#include "store/stores.hpp"

namespace {

using namespace mock;

std::string stream_of_input;  // for the report

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\nthe stream:\n%s\n", property, stream_of_input.c_str());
  std::abort();
}

struct Answer {
  int status = 0;
  std::string head;  // ends in CR LF
  std::string body;
  [[nodiscard]] std::optional<std::string> field(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return std::nullopt;
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find('\r', from) - from);
  }
};

/// Reads what a correct server sent; `methods` are those of the requests, in order.
std::vector<Answer> parse(std::string_view sent, const std::vector<std::string>& methods) {
  std::vector<Answer> answers;
  while (!sent.empty()) {
    const auto end = sent.find("\r\n\r\n");
    require(end != std::string_view::npos && sent.starts_with("HTTP/1.1 "), "a reply has a head");
    Answer answer;
    answer.head = sent.substr(0, end + 2);
    answer.status = std::atoi(answer.head.substr(9, 3).c_str());
    require(answer.status >= 100 && answer.status < 600, "a reply has a status");
    sent.remove_prefix(end + 4);
    if (answer.status < 200) continue;
    // A reply that says that the stream cannot be read has a body, even where a HEAD was due.
    const bool is_head = answers.size() < methods.size() && methods[answers.size()] == "HEAD" &&
                         !(answer.field("Connection") == "close" && !sent.empty());
    const auto length = answer.field("Content-Length");
    if (length && !is_head && answer.status != 204 && answer.status != 304) {
      const auto size = std::strtoull(length->c_str(), nullptr, 10);
      require(size <= sent.size(), "a reply's body is whole");
      answer.body = sent.substr(0, size);
      sent.remove_prefix(size);
    }
    if (answer.status != 204 && answer.status != 304 && !is_head)
      require(length.has_value(), "a reply says where it ends");
    answers.push_back(std::move(answer));
  }
  return answers;
}

/// The server, made once; emptied for every input.
class World {
 public:
  World() {
    LaneConfig config;
    config.profile = "tus,objects,openhumans,onecodex";
    auto made =
        MockLanes::make(LaneGround{*store_, index_, *locks_, loop_}, LaneNetwork{server_}, config);
    require(made.has_value(), "the server can be made");
    lanes_ = *std::move(made);
    config.faults = {"lost-ack",   "reset-mid-body",  "stall-mid-body",    "truncated-reply",
                     "disk-full",  "slow-uplink",     "half-close",        "malformed-reply",
                     "slow-reply", "upload-vanishes", "head-502",          "close-mid-body",
                     "dribble",    "rolled-back",     "zombie-connection", "reset-before-reply"};
    for (const auto& fault : config.faults) {
      LaneConfig ruled = config;
      ruled.faults = {fault};
      auto opened = lanes_->open(fault, ruled);
      require(opened.has_value(), "a lane with a fault can be opened");
      ruled_.push_back(fault);
    }
    lanes_->start();
  }

  [[nodiscard]] const std::vector<std::string>& ruled() const { return ruled_; }

  void reset(const std::string& lane) {
    reset(lanes_->main());
    if (!lane.empty()) reset(*lanes_->find(lane));
  }

  void reset(Lane& lane) {
    std::optional<Result<void>> done;
    lane.reset([&done](Result<void> how) { done = std::move(how); });
    loop_.run();
    require(done && done->has_value(), "a lane can be reset");
  }

  struct Talk {
    std::string sent;
    std::optional<Ending> ended;
    bool busy = false;
  };
  enum class Leaving { stays, half_closes, breaks_off, times_out };
  Talk talk(const std::string& bytes, const std::string& lane, const std::vector<std::size_t>& cuts,
            Leaving leaving) {
    test::FakeWire wire;
    Limits limits;
    limits.drain_bytes = Bytes{64U << 10U};
    Conversation conversation(wire,
                              ConversationSeams{loop_, *lanes_, lanes_.get(), lanes_.get(), limits},
                              Peer{false, "127.0.0.1:8080", "127.0.0.1:50000", 1, lane});
    conversation.begin();
    std::size_t at = 0;
    std::size_t arrived = 0;
    const auto pump = [&] {
      for (;;) {
        loop_.run();
        if (std::exchange(wire.woken, false)) {
          conversation.proceed();
          continue;
        }
        const auto size = wire.ended ? 0 : std::min(conversation.wants(), arrived - at);
        if (size == 0) return;
        conversation.feed(std::as_bytes(std::span(bytes.data() + at, size)));
        at += size;
      }
    };
    const auto pass = [&](Milliseconds time, int times) {
      for (int i = 0; i < times && !wire.ended; ++i) {
        loop_.advance(time);
        pump();
      }
    };
    for (const auto cut : cuts) {
      arrived = std::min(arrived + cut, bytes.size());
      pump();
    }
    arrived = bytes.size();
    pump();
    pass(Milliseconds{10}, 20);
    pass(std::chrono::seconds{5}, 20);
    Talk result{wire.sent, wire.ended, conversation.busy()};
    if (leaving == Leaving::half_closes && !wire.ended) conversation.end_of_input();
    if (leaving == Leaving::times_out && !wire.ended && wire.limit) conversation.deadline_passed();
    pump();
    conversation.lost();
    require(!conversation.busy(), "no exchange outlives its connection");
    return result;
  }

  Answer ask(const std::string& bytes, const std::string& method) {
    const auto answers = parse(talk(bytes, "", {}, Leaving::stays).sent, {method});
    require(answers.size() == 1, "an honest request gets one answer");
    return answers.front();
  }

 private:
  ManualLoop loop_;
  NoServer server_{loop_};
  std::unique_ptr<Store> store_ = make_memory_store(loop_, Bytes{64U << 20U});
  std::unique_ptr<Locks> locks_ = make_locks();
  LaneIndex index_;
  std::unique_ptr<MockLanes> lanes_;
  std::vector<std::string> ruled_;
};

constexpr auto fixed = "Host: h\r\nTus-Resumable: 1.0.0\r\n";

std::string one(const std::string& line, const std::string& fields = "",
                const std::string& body = "") {
  return line + " HTTP/1.1\r\n" + fixed + fields + "\r\n" + body;
}

const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string innocent_object = "/examplebucket/innocent";

/// Signed, for longer than any run lasts.
std::string presigned(const std::string& method, const std::string& target) {
  using std::chrono::hours;
  return s3::presign_v2({method, target, {}}, owner, http::TimePoint{hours{24 * 365 * 100}});
}

/// What clients of object stores, of Open Humans and of One Codex send.
struct Storage {
  static std::string part(const std::string& head, const std::string& body) {
    return "--B\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n";
  }
  static std::string form(const http::Form& fields, const std::string& file) {
    std::string text;
    for (const auto& [name, value] : fields) text += part("name=\"" + name + "\"", value);
    return text + part("name=\"" + file + "\"; filename=\"f\"", "0123") + "--B--\r\n";
  }
  static http::Form policy() {
    const s3::Policy conditions{http::TimePoint{std::chrono::hours{24 * 365 * 100}},
                                {s3::equals("bucket", "examplebucket"), s3::starts_with("key", "k"),
                                 s3::size_between(0, 4)}};
    auto fields = s3::sign_post_v2(conditions, owner);
    fields.insert(fields.begin(), {"key", "k${filename}"});
    return fields;
  }

  const std::string api = "/api/direct-sharing/project/";
  const std::string token = "?access_token=example_token";
  const http::Form about{{"project_member_id", "12345678"},
                         {"metadata", R"({"tags": [], "description": ""})"},
                         {"filename", "f"},
                         {"file_id", "1"}};
  const std::vector<std::string> targets{"/examplebucket",
                                         "/examplebucket/",
                                         "/publicbucket",
                                         "/publicbucket/k",
                                         "/publicbucket/k?uploads",
                                         "/publicbucket/k?partNumber=1&uploadId=x",
                                         "/examplebucket/%2e%2e%2f%00",
                                         "/examplebucket/k?X-Amz-Signature=x",
                                         presigned("PUT", "/examplebucket/k"),
                                         presigned("GET", "/examplebucket/k"),
                                         presigned("DELETE", "/examplebucket/k"),
                                         presigned("POST", "/examplebucket/k?uploads"),
                                         presigned("POST", "/examplebucket/k?uploadId=x"),
                                         api + "files/upload/" + token,
                                         api + "files/upload/direct/" + token,
                                         api + "files/upload/complete/" + token,
                                         api + "files/delete/" + token,
                                         api + "exchange-member/" + token,
                                         api + "members/" + token,
                                         api + "members/",
                                         "/api/v1/samples/init_upload",
                                         "/api/v1/samples/init_multipart_upload",
                                         "/api/v1/samples/preupload",
                                         "/api/v1/samples/confirm_upload",
                                         "/api/v1/samples/cancel_upload",
                                         "/api/v1/documents/init_upload",
                                         "/api/v1/documents/confirm_upload",
                                         "/api/v1/upload_callback",
                                         "/api/v1/samples?expand=all&per_page=1",
                                         "/api/v1/samples/0123456789abcdef/download_uri",
                                         "/api/v1/schema?expand=all",
                                         presigned("PUT", "/onecodex-uploads/0123456789abcdef"),
                                         "/onecodex-uploads"};
  const std::vector<std::string> fields{
      "Content-Type: multipart/form-data; boundary=B\r\n",
      "Content-Type: multipart/form-data; boundary=\"B\"\r\n",
      "Content-Type: application/json\r\n",
      "Content-Type: application/x-www-form-urlencoded\r\n",
      "Content-MD5: 6wOJbS4lC4tXZ8hYhvZ5lg==\r\n",
      "x-amz-meta-a: b\r\n",
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
      "x-amz-decoded-content-length: 4\r\n",
      "x-amz-checksum-crc32: AAAAAA==\r\n",
      "Authorization: AWS AKIAIOSFODNN7EXAMPLE:x\r\n",
      "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/r/"
      "s3/aws4_request, SignedHeaders=host, Signature=x\r\n",
      "Authorization: Bearer example_token\r\n",
      "Authorization: Basic ZGVtb2RlbW9kZW1vZGVtb2RlbW9kZW1vZGVtb2RlbW86\r\n"
      "Content-Type: application/json\r\n",
      "X-API-Key: demodemodemodemodemodemodemodemo\r\n",
      "Range: bytes=1-2\r\n",
      "Expect: 100-continue\r\n"};
  const std::vector<std::string> bodies{
      "0123",
      form({{"key", "${filename}"}}, "file"),
      form(policy(), "file"),
      form(about, "data_file"),
      form(about, "x"),
      http::format_form(about),
      "project_member_id=12345678&all_files=true",
      R"({"project_member_id": "12345678", "file_id": 1})",
      R"({"filename": "a.fa", "size": 4, "paired_end_filename": "b.fa", "tags": [{"name": "t"}]})",
      R"({"filename": "a.fa", "size": 4, "metadata": {"external_sample_id": "x", "custom": {}}})",
      R"({"external_sample_id": "x"})",
      R"({"sample_id": "0123456789abcdef"})",
      R"({"document_id": "0123456789abcdef"})",
      R"({"s3_path": "s3://onecodex-uploads/0123456789abcdef", "filename": "a.fa"})",
      "4\r\n0123\r\n0\r\n\r\n",
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"
      "</CompleteMultipartUpload>"};
};

constexpr auto one_codex = "X-API-Key: demodemodemodemodemodemodemodemo\r\n";
constexpr auto json = "Content-Type: application/json\r\n";

/// A sample that One Codex waits for: how its file goes there, and how it is confirmed.
struct Sample {
  std::string form;
  std::string confirmation;
};

Sample begin_sample(World& world) {
  const std::string draft = R"({"filename": "a.fa", "size": 4})";
  const auto begun = world.ask(one("POST /api/v1/samples/init_upload",
                                   std::string(one_codex) + json +
                                       "Content-Length: " + std::to_string(draft.size()) + "\r\n",
                                   draft),
                               "POST");
  require(begun.status == 200, "a sample can be begun");
  const auto told = onecodex::parse_initiated(begun.body, onecodex::Kind::sample);
  require(told.has_value(), "it is told how a sample is sent");
  return {Storage::form(told->file.fields, "file"),
          to_json(onecodex::Confirmation{told->id}, onecodex::Call::confirm_sample)};
}

/// Puts a stream of requests together.
class Author {
 public:
  Author(FuzzedDataProvider& data, std::string own, Sample sample, const std::string& innocent)
      : data_(data), own_(std::move(own)), sample_(std::move(sample)) {
    smuggled_ = one("DELETE " + innocent, "Content-Length: 0\r\n");
  }

  /// `honest`: framed correctly.
  std::string request(bool honest) {
    if (data_.ConsumeIntegralInRange(0, 7) == 0) return of_sample(honest);
    const auto method = data_.PickValueInArray(methods);
    methods_.emplace_back(method);
    if (data_.ConsumeIntegralInRange(0, 2) == 0) return of_storage(method, honest);
    auto text = std::string(method) + " " + target() + " HTTP/1.1\r\n" + fixed;
    // What a PATCH and a POST need, so that many of them do something.
    if (data_.ConsumeBool()) {
      constexpr std::array offsets{"0", "4", "8"};
      text += "Content-Type: application/offset+octet-stream\r\nUpload-Offset: ";
      text += data_.PickValueInArray(offsets);
      text += "\r\nUpload-Length: 40\r\n";
    }
    const auto count = data_.ConsumeIntegralInRange(0, 6);
    for (int i = 0; i < count; ++i) text += field();
    return framed(std::move(text), content(), honest);
  }
  [[nodiscard]] const std::vector<std::string>& sent_methods() const { return methods_; }

 private:
  static constexpr std::array methods{"POST",   "PATCH", "HEAD",    "GET",
                                      "DELETE", "PUT",   "OPTIONS", "TRACE"};

  const std::string& any_of(const std::vector<std::string>& all) {
    return all[data_.ConsumeIntegralInRange<std::size_t>(0, all.size() - 1)];
  }
  std::string of_storage(const std::string& method, bool honest) {
    static const Storage storage;
    auto text = method + " " + any_of(storage.targets) + " HTTP/1.1\r\n" + fixed;
    for (int i = data_.ConsumeIntegralInRange(0, 3); i > 0; --i) text += any_of(storage.fields);
    return framed(std::move(text), data_.ConsumeBool() ? any_of(storage.bodies) : content(),
                  honest);
  }

  /// What a client of One Codex does next, or should not.
  std::string of_sample(bool honest) {
    methods_.emplace_back("POST");
    constexpr std::array calls{"confirm_upload", "cancel_upload", "preupload"};
    if (data_.ConsumeBool()) {
      return framed("POST /onecodex-uploads HTTP/1.1\r\n" +
                        (fixed + std::string("Content-Type: multipart/form-data; boundary=B\r\n")),
                    sample_.form, honest);
    }
    return framed("POST /api/v1/samples/" + std::string(data_.PickValueInArray(calls)) +
                      " HTTP/1.1\r\n" + fixed + one_codex + json,
                  sample_.confirmation, honest);
  }

  std::string framed(std::string text, const std::string& body, bool honest) {
    switch (data_.ConsumeIntegralInRange(0, honest ? 2 : 5)) {
      case 0:
        return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      case 1:
        return text + "Transfer-Encoding: chunked\r\n" + expect() + "\r\n" + chunked(body);
      case 2:
        return text + "\r\n";
      case 3:
        return text + "Content-Length: " + number() + "\r\n\r\n" + body;
      case 4:
        return text + "Transfer-Encoding: " + data_.ConsumeRandomLengthString(20) + "\r\n\r\n" +
               body;
      default:
        return text + "Transfer-Encoding: chunked\r\n\r\n" + number() + "\r\n" + body;
    }
  }

  std::string target() {
    constexpr std::array targets{"/files",    "/files/",  "/files/nobody", "/upload",
                                 "/",         "/health",  "/info/nobody",  "/files/..%2f",
                                 "/oauth",    "/version", "/metrics",      "http://o/files",
                                 "/files/%00"};
    switch (data_.ConsumeIntegralInRange(0, 5)) {
      case 0:
      case 1:
      case 2:
        return own_;
      case 3:
        return "/files/" + safe(12);
      default:
        return data_.PickValueInArray(targets);
    }
  }
  std::string field() {
    constexpr std::array names{"Upload-Offset",
                               "Upload-Length",
                               "Upload-Metadata",
                               "Upload-Concat",
                               "Upload-Defer-Length",
                               "Upload-Checksum",
                               "Content-Type",
                               "X-HTTP-Method-Override",
                               "Origin",
                               "Range",
                               "Connection",
                               "Authorization",
                               "Tus-Resumable",
                               "Upload-Complete",
                               "X-Other"};
    constexpr std::array values{"application/offset+octet-stream",
                                "application/partial-upload",
                                "1",
                                "partial",
                                "final;/files/nobody",
                                "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
                                "crc32 AAAAAA==",
                                "PATCH",
                                "DELETE",
                                "HEAD",
                                "bytes=0-3",
                                "filename YQ==,filetype Yg==",
                                "?1",
                                "0.2.2",
                                "keep-alive"};
    const std::string name = data_.PickValueInArray(names);
    switch (data_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        return name + ": " + number() + "\r\n";
      case 1:
        return name + ": " + safe(24) + "\r\n";
      case 2:
        return name + ": final;" + own_ + " " + own_ + "\r\n";
      default:
        return name + ": " + std::string(data_.PickValueInArray(values)) + "\r\n";
    }
  }
  std::string expect() { return data_.ConsumeBool() ? "" : "Trailer: Upload-Checksum\r\n"; }
  std::string number() {
    constexpr std::array numbers{"0",
                                 "1",
                                 "4",
                                 "9",
                                 "10",
                                 "100",
                                 "9223372036854775807",
                                 "-1",
                                 "+1",
                                 "0x1",
                                 "",
                                 "4,4",
                                 "18446744073709551615",
                                 "9223372036854775808"};
    return data_.ConsumeBool() ? std::string(data_.PickValueInArray(numbers))
                               : std::to_string(data_.ConsumeIntegralInRange(0, 300));
  }
  /// Bytes that may stand in a field.
  std::string safe(std::size_t most) {
    auto text = data_.ConsumeRandomLengthString(most);
    for (auto& c : text) {
      if (c <= ' ' || c == 0x7f) c = '-';
    }
    return text;
  }
  /// Now and then a request that would harm the innocent upload if it were taken for one.
  std::string content() {
    switch (data_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        return smuggled_;
      case 1:
        return {};
      case 2:
        return "0123";
      default:
        return data_.ConsumeRandomLengthString(64);
    }
  }
  std::string chunked(std::string_view body) {
    std::string text;
    while (!body.empty()) {
      const auto size = data_.ConsumeIntegralInRange<std::size_t>(1, body.size());
      char head[32];
      std::snprintf(head, sizeof head, "%zx%s\r\n", size, data_.ConsumeBool() ? "" : ";x=\"y\"");
      text += head;
      text += body.substr(0, size);
      text += "\r\n";
      body.remove_prefix(size);
    }
    return text + "0\r\n" +
           (data_.ConsumeBool() ? "" : "Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\n") +
           "\r\n";
  }

  FuzzedDataProvider& data_;
  std::string own_;
  Sample sample_;
  std::string smuggled_;
  std::vector<std::string> methods_;
};

std::string damage(FuzzedDataProvider& data, std::string stream) {
  for (int i = data.ConsumeIntegralInRange(1, 4); i > 0 && !stream.empty(); --i) {
    const auto at = data.ConsumeIntegralInRange<std::size_t>(0, stream.size() - 1);
    switch (data.ConsumeIntegralInRange(0, 3)) {
      case 0:
        stream[at] = data.ConsumeIntegral<char>();
        break;
      case 1:
        stream.insert(at, data.ConsumeRandomLengthString(16));
        break;
      case 2:
        stream.erase(at, data.ConsumeIntegralInRange<std::size_t>(1, 16));
        break;
      default:
        stream.resize(at);
        break;
    }
  }
  return stream;
}

std::string make_upload(World& world, const std::string& length) {
  const auto created =
      world.ask(one("POST /files", "Upload-Length: " + length +
                                       "\r\nUpload-Metadata: filename aW5ub2NlbnQ=\r\n"
                                       "Content-Length: 0\r\n"),
                "POST");
  require(created.status == 201, "an upload can be made");
  auto url = created.field("Location").value_or("");
  const auto scheme = url.find("://");
  if (scheme != std::string::npos) url = url.substr(url.find('/', scheme + 3));
  return url;
}

void check_state(const Answer& state, const char* whose) {
  require(state.status == 200, whose);
  const auto offset = state.field("Upload-Offset");
  const auto length = state.field("Upload-Length");
  if (!offset || !length) return;
  require(
      std::strtoull(offset->c_str(), nullptr, 10) <= std::strtoull(length->c_str(), nullptr, 10),
      "an offset is not beyond the length");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static World world;
  FuzzedDataProvider data(input, size);
  std::string lane;
  if (data.ConsumeIntegralInRange(0, 3) == 0) {
    lane = world.ruled()[data.ConsumeIntegralInRange<std::size_t>(0, world.ruled().size() - 1)];
  }
  stream_of_input.clear();
  world.reset(lane);
  const auto innocent = make_upload(world, "100");
  const auto filled = world.ask(one("PATCH " + innocent,
                                    "Content-Type: application/offset+octet-stream\r\n"
                                    "Upload-Offset: 0\r\nContent-Length: 9\r\n",
                                    "innocent!"),
                                "PATCH");
  require(filled.status == 204, "the innocent upload is begun");
  static const auto put_innocent = presigned("PUT", innocent_object);
  static const auto get_innocent = presigned("GET", innocent_object);
  require(
      world.ask(one("PUT " + put_innocent, "Content-Length: 9\r\n", "innocent!"), "PUT").status ==
          200,
      "the innocent object is stored");
  const auto own = make_upload(world, data.ConsumeBool() ? "0" : "40");

  const bool damaged = data.ConsumeIntegralInRange(0, 2) == 0;
  std::vector<std::size_t> cuts(data.ConsumeIntegralInRange<std::size_t>(0, 6));
  for (auto& cut : cuts) cut = data.ConsumeIntegralInRange<std::size_t>(1, 200);
  const auto leaving = static_cast<World::Leaving>(data.ConsumeIntegralInRange(0, 3));
  // A damaged stream might name the innocent upload rightfully, so its author does not know it.
  Author author(data, own, begin_sample(world), damaged ? "/files/nobody" : innocent);
  std::string stream;
  const auto count = data.ConsumeIntegralInRange(1, 6);
  for (int i = 0; i < count; ++i) stream += author.request(!damaged);
  if (damaged) stream = damage(data, std::move(stream));
  stream_of_input = stream;

  const auto talk = world.talk(stream, lane, cuts, leaving);
  if (lane.empty() && !damaged) {
    const auto answers = parse(talk.sent, author.sent_methods());
    require(answers.size() <= author.sent_methods().size(), "no reply without a request");
    for (const auto& answer : answers) {
      require(answer.status != 500, "nothing throws");
      const bool last = &answer == &answers.back();
      require(last || answer.field("Connection") != "close", "after 'close' nothing is said");
    }
    const bool closes = !answers.empty() && answers.back().field("Connection") == "close";
    require(talk.ended.has_value() || !talk.busy, "every request is answered");
    require(closes || talk.ended.has_value() || answers.size() == author.sent_methods().size(),
            "the connection is in step, or it is closed");
  } else if (lane.empty()) {
    require(talk.sent.find("HTTP/1.1 500 ") == std::string::npos, "nothing throws");
  }
  const auto state = world.ask(one("HEAD " + innocent), "HEAD");
  check_state(state, "the innocent upload is there");
  require(state.field("Upload-Offset") == "9" && state.field("Upload-Length") == "100",
          "the innocent upload keeps its offset and length");
  require(state.field("Upload-Metadata") == "filename aW5ub2NlbnQ=",
          "the innocent upload keeps its metadata");
  require(world.ask(one("GET " + get_innocent), "GET").body == "innocent!",
          "the innocent object keeps its bytes");
  const auto mine = world.ask(one("HEAD " + own), "HEAD");
  if (mine.status == 200) check_state(mine, "the other upload is there");
  return 0;
}
