// Objects for a store that looks at signatures as S3 does: the load for the object figures of
// scripts/bench.sh. Every answer is checked.
//
// usage: object_client URL HOW OBJECTS CONNECTIONS BYTES
//   put      a pre-signed URL each
//   form     a form with a signed policy each
//   sha256   signed in the header, with the SHA-256 of the body
//   crc32    signed in the header, with the CRC-32 of the body and no digest
//   parts    in parts of 4 GiB at most, as what is above 5 GiB must be
//   direct   Open Humans: asked for, put, completed
//   sample   One Codex: asked for, POSTed as a form, confirmed
// Digests of the body are computed once, before the first byte is sent.
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature_v4.hpp"
#include "wire.hpp"

namespace {

// Those of the mock's examples.
const s3::Credentials owner{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const std::string bucket = "/examplebucket";
const std::string samples = "/api/v1/samples/";
const std::string project = "/api/direct-sharing/project/files/upload/";

/// A body is this block again and again.
const std::string block(1UL << 20U, 'x');

http::TimePoint now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

struct Load {
  bench::Url url;
  std::string_view how;
  unsigned long long bytes = 0;
  std::string host;
  std::string sha256;
  std::string crc32;
};

std::string digest_of_body(DigestAlgorithm algorithm, unsigned long long bytes) {
  Digest digest(algorithm);
  for (unsigned long long left = bytes; left > 0;) {
    const auto some = std::min<unsigned long long>(left, block.size());
    digest.update(std::string_view(block).substr(0, some));
    left -= some;
  }
  return digest.finish();
}

std::string head_of(std::string_view method, std::string_view target, const http::Fields& fields,
                    unsigned long long length) {
  std::string head = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  for (const auto& field : fields) head += field.name + ": " + field.value + "\r\n";
  return head + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

/// `head`, `left` bytes of body, `tail`.
bench::Answer send(bench::Wire& wire, std::string head, unsigned long long left,
                   std::string_view tail = {}) {
  // A small body goes with its head, as from any client.
  if (left <= 4096) {
    head += std::string_view(block).substr(0, left);
    head += tail;
    wire.send(head);
    return wire.receive(false);
  }
  wire.send(head);
  while (left > 0) {
    const auto some = std::min<unsigned long long>(left, block.size());
    wire.send(std::string_view(block).substr(0, some));
    left -= some;
  }
  wire.send(tail);
  return wire.receive(false);
}

void expect(const bench::Answer& answer, int status) {
  if (answer.status != status) {
    bench::fail("expected " + std::to_string(status) + ": " + answer.head + answer.body);
  }
}

void put(bench::Wire& wire, const Load& load, const std::string& key) {
  const http::Fields fields{{"Host", load.host}};
  const auto target =
      s3::presign_v4({"PUT", bucket + "/" + key, fields}, owner, now(), std::chrono::hours(1));
  expect(send(wire, head_of("PUT", target, fields, load.bytes), load.bytes), 200);
}

/// Sends `fields` and what signs them in the header.
bench::Answer send_signed(bench::Wire& wire, const Load& load, std::string_view method,
                          const std::string& target, http::Fields fields, std::string_view sha256,
                          unsigned long long bytes, std::string_view tail = {}) {
  fields.set("Host", load.host);
  const auto added = s3::authorize_v4({method, target, fields}, owner, now(), sha256);
  for (const auto& field : added) fields.add(field.name, field.value);
  return send(wire, head_of(method, target, fields, bytes + tail.size()), bytes, tail);
}

void put_signed(bench::Wire& wire, const Load& load, const std::string& key) {
  http::Fields fields;
  if (!load.crc32.empty()) fields.add("x-amz-checksum-crc32", load.crc32);
  expect(send_signed(wire, load, "PUT", bucket + "/" + key, fields,
                     load.sha256.empty() ? s3::unsigned_payload : load.sha256, load.bytes),
         200);
}

void put_parts(bench::Wire& wire, const Load& load, const std::string& key) {
  constexpr unsigned long long largest = 4ULL << 30U;
  const auto path = bucket + "/" + key;
  const auto begun =
      send_signed(wire, load, "POST", path + "?uploads", {}, s3::unsigned_payload, 0);
  expect(begun, 200);
  const auto upload = s3::parse_initiate_multipart_upload_result(begun.body);
  if (!upload) bench::fail(upload.error().line());
  std::vector<s3::CompletedPart> parts;
  for (unsigned long long left = load.bytes; left > 0;) {
    const auto number = static_cast<unsigned>(parts.size() + 1);
    const auto some = std::min(left, largest);
    const auto answer = send_signed(
        wire, load, "PUT",
        path + "?partNumber=" + std::to_string(number) + "&uploadId=" + upload->upload_id, {},
        s3::unsigned_payload, some);
    expect(answer, 200);
    const auto etag = answer.field("ETag").value_or("");
    parts.push_back({number, etag.substr(1, etag.size() - 2)});
    left -= some;
  }
  expect(send_signed(wire, load, "POST", path + "?uploadId=" + upload->upload_id, {},
                     s3::unsigned_payload, 0, s3::complete_multipart_upload(parts)),
         200);
}

void post_form(bench::Wire& wire, const Load& load, const std::string& key) {
  const s3::Policy policy{
      now() + std::chrono::hours(1),
      {s3::equals("bucket", bucket.substr(1)), s3::starts_with("key", "bench/")}};
  auto fields = s3::sign_post_v4(policy, owner, now());
  fields.insert(fields.begin(), {"key", key});
  const auto form = http::write_form(fields, {"file", "reads.fq", "text/plain"}, "0123456789");
  const http::Fields head{{"Host", load.host}, {"Content-Type", form.content_type}};
  expect(send(wire, head_of("POST", bucket, head, form.length(load.bytes)) + form.head, load.bytes,
              form.tail),
         204);
}

/// The value of a string or number of a small JSON object.
std::string member(const std::string& json, const std::string& name) {
  auto at = json.find('"' + name + "\":");
  if (at == std::string::npos) bench::fail("no " + name + " in " + json);
  at = json.find_first_not_of(" \"", at + name.size() + 3);
  return json.substr(at, json.find_first_of("\",}", at) - at);
}

void direct(bench::Wire& wire, const Load& load) {
  const std::string with_token = "/?access_token=example_token";
  const auto ask = [&](const std::string& call, const std::string& form, int status) {
    const http::Fields fields{{"Host", load.host},
                              {"Content-Type", "application/x-www-form-urlencoded"}};
    wire.send(head_of("POST", project + call + with_token, fields, form.size()) + form);
    auto answer = wire.receive(false);
    expect(answer, status);
    return answer.body;
  };
  const auto begun = ask("direct",
                         "project_member_id=12345678&filename=reads.fq&"
                         "metadata=%7B%22tags%22%3A%5B%5D%2C%22description%22%3A%22%22%7D",
                         201);
  // The server writes JSON as Django does, with an escaped "&".
  auto link = member(begun, "url");
  for (std::size_t at; (at = link.find("\\u0026")) != std::string::npos;) link.replace(at, 6, "&");
  const auto target = bench::parse_url(link).path;
  expect(send(wire, head_of("PUT", target, {{"Host", load.host}}, load.bytes), load.bytes), 200);
  ask("complete", "project_member_id=12345678&file_id=" + member(begun, "id"), 200);
}

void sample(bench::Wire& wire, const Load& load) {
  const auto ask = [&](const std::string& call, const std::string& json) {
    const http::Fields fields{{"Host", load.host},
                              {"X-API-Key", "demodemodemodemodemodemodemodemo"},
                              {"Content-Type", "application/json"}};
    wire.send(head_of("POST", samples + call, fields, json.size()) + json);
    auto answer = wire.receive(false);
    expect(answer, 200);
    return answer.body;
  };
  onecodex::SampleDraft draft;
  draft.filename = "reads.fq";
  draft.size = load.bytes;
  const auto begun =
      onecodex::parse_initiated(ask("init_upload", to_json(draft)), onecodex::Kind::sample);
  if (!begun) bench::fail(begun.error().line());
  const auto form =
      http::write_form(begun->file.fields, {"file", "reads.fq", "text/plain"}, "0123456789");
  const http::Fields head{{"Host", load.host}, {"Content-Type", form.content_type}};
  const auto target = bench::parse_url(begun->file.url).path;
  expect(send(wire, head_of("POST", target, head, form.length(load.bytes)) + form.head, load.bytes,
              form.tail),
         201);
  ask("confirm_upload", to_json(onecodex::Confirmation{begun->id}, onecodex::Call::confirm_sample));
}

void run(const Load& load, long thread, long count) {
  bench::Wire wire(load.url);
  for (long i = 0; i < count; ++i) {
    const auto key = "bench/" + std::to_string(thread) + "-" + std::to_string(i);
    if (load.how == "direct") {
      direct(wire, load);
    } else if (load.how == "sample") {
      sample(wire, load);
    } else if (load.how == "form") {
      post_form(wire, load, key);
    } else if (load.how == "parts") {
      put_parts(wire, load, key);
    } else if (load.how == "put") {
      put(wire, load, key);
    } else {
      put_signed(wire, load, key);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Load load;
  const long objects = argc == 6 ? std::atol(argv[3]) : 0;
  const long connections = argc == 6 ? std::atol(argv[4]) : 0;
  load.bytes = argc == 6 ? std::strtoull(argv[5], nullptr, 10) : 0;
  if (objects < 1 || connections < 1 || load.bytes < 1) {
    std::fprintf(stderr, "usage: object_client URL HOW OBJECTS CONNECTIONS BYTES\n");
    return 2;
  }
  load.url = bench::parse_url(argv[1]);
  load.how = argv[2];
  load.host = load.url.host + ":" + load.url.port;
  if (load.how == "sha256") {
    load.sha256 = to_hex(digest_of_body(DigestAlgorithm::sha256, load.bytes));
  } else if (load.how == "crc32") {
    load.crc32 = base64::encode(digest_of_body(DigestAlgorithm::crc32, load.bytes));
  } else if (load.how != "put" && load.how != "form" && load.how != "parts" &&
             load.how != "direct" && load.how != "sample") {
    std::fprintf(stderr,
                 "object_client: HOW is put, form, sha256, crc32, parts, direct or sample\n");
    return 2;
  }
  std::vector<std::thread> threads;
  for (long i = 0; i < connections; ++i) {
    threads.emplace_back(run, std::cref(load), i,
                         objects / connections + (i < objects % connections ? 1 : 0));
  }
  for (auto& thread : threads) thread.join();
}
