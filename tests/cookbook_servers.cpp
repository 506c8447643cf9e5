// The situations that were reported for servers, and for what stands in front of them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "cookbook.hpp"
#include "protocol/base64.hpp"

namespace cookbook {
namespace {

using namespace std::chrono_literals;
using http::Fields;
using nlohmann::json;
using transport::RawConnection;

const Fields tus{{"Tus-Resumable", "1.0.0"}};
const Fields from_page{{"Origin", "https://page.example"}};
constexpr std::size_t mebibyte = 1U << 20U;

Fields with(Fields fields, const Fields& more) {
  for (const auto& [name, value] : more) fields.add(name, value);
  return fields;
}

// ---- parts

const Fields partial{{"Upload-Concat", "partial"}};

/// How many uploads of this kind the lane has: "normal", "partial" or "final".
std::size_t count_of(Lane& lane, const std::string& kind) {
  const auto uploads = lane.ask("uploads").at("uploads");
  return static_cast<std::size_t>(
      std::count_if(uploads.begin(), uploads.end(),
                    [&](const auto& upload) { return upload.at("kind") == kind; }));
}

std::string join_two_parts(Lane& lane) {
  TusUpload first(lane, 5), second(lane, 5);
  first.create(partial).patch(5);
  second.create(partial).patch(5);
  const auto joined = lane.send(
      "POST", "/files",
      {{"Tus-Resumable", "1.0.0"}, {"Upload-Concat", "final;" + first.url() + " " + second.url()}},
      std::nullopt, lane.gives_up_after());
  return "final " + told(joined) + ", " + std::to_string(count_of(lane, "final")) + " there";
}

// ---- other clients

/// Waits until `holds()`; throws when that takes too long.
template <typename Holds>
void wait_until(const Holds& holds, const char* what) {
  for (const auto end = std::chrono::steady_clock::now() + patience; !holds();) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(what);
    std::this_thread::yield();
  }
}

std::string id_of(const TusUpload& upload) {
  return upload.url().substr(upload.url().rfind('/') + 1);
}

/// How many bytes of `upload` the server has stored.
std::size_t held(Lane& lane, const TusUpload& upload) {
  return lane.ask("uploads/" + id_of(upload)).at("offset").get<std::size_t>();
}

/// Begins a PATCH of `length` bytes and sends `size` of them.
RawConnection begin_patch(Lane& lane, const TusUpload& upload, std::size_t length, std::size_t size,
                          const Fields& more = {}) {
  auto fields = with(upload.patch_fields(), more);
  fields.add("Content-Length", std::to_string(length));
  return lane.begin("PATCH", upload.path(), fields, upload.next(size));
}
/// The last five of an upload's ten bytes.
std::string rest(const TusUpload& upload) { return upload.next(10).substr(5); }

void wait_until_it_is_written_to(Lane& lane, const TusUpload& upload, std::size_t size) {
  wait_until(
      [&] {
        const auto about = lane.ask("uploads/" + id_of(upload));
        return about.at("locked") == true && about.at("offset") >= size;
      },
      "the PATCH does not begin");
}
/// Begins a PATCH as begin_patch() does, and waits until the sent bytes are stored.
RawConnection hang(Lane& lane, const TusUpload& upload, std::size_t length, std::size_t size) {
  auto connection = begin_patch(lane, upload, length, size);
  wait_until_it_is_written_to(lane, upload, size);
  return connection;
}
/// Begins a PATCH as begin_patch() does and closes the connection; waits until the server has
/// noticed.
void cut(Lane& lane, const TusUpload& upload, std::size_t length, std::size_t size) {
  begin_patch(lane, upload, length, size).close();
  const auto seen = lane.tell(
      "journal/verify",
      {{"match", {{"method", "PATCH"}}}, {"count", {{"at_least", 1}}}, {"within", "20s"}});
  if (seen.at("ok") != true) throw std::runtime_error("nobody sees that the client is gone");
}

/// Waits until a rule has fired or a request of this method is over: nothing more will come of it.
void wait_for_what_comes(Lane& lane, const std::string& method) {
  const auto has_fired = [](const json& rule) { return rule.at("fired") > 0; };
  wait_until(
      [&] {
        const auto rules = lane.ask("rules").at("rules");
        return std::any_of(rules.begin(), rules.end(), has_fired) ||
               !lane.ask("journal?method=" + method).at("entries").empty();
      },
      "nothing becomes of the request");
}
/// How long to read an answer that has come by now, if any has.
constexpr Milliseconds at_once = 100ms;

TusUpload& look(Lane& lane, TusUpload& upload) {
  return upload.note(fmt::format("holds {}", held(lane, upload)));
}

void advance(Lane& lane, const char* time) { lane.tell("clock", {{"advance", time}}); }

/// What a page of another origin sees of an answer.
std::string to_page(const transport::Exchange& exchange) {
  return page_may_read(exchange) ? told(exchange) : "network error";
}

// ---- Location

/// The URL with the lane's host as HOST and the upload's id as ID.
std::string shape(const Lane& lane, std::string url) {
  const auto replace = [&](const std::string& part, const std::string& by) {
    if (const auto at = url.find(part); at != std::string::npos) url.replace(at, part.size(), by);
  };
  replace(lane.authority(), "HOST");
  replace(lane.path("/files/"), "/files/");
  const auto id = url.rfind('/') + 1;
  return url.replace(id, std::min<std::size_t>(36, url.size() - id), "ID");
}

std::string create(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  return upload.note(shape(lane, upload.url())).seen();
}

std::string create_and_go_there(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  return upload.note(shape(lane, upload.url())).head().seen();
}

std::string send_where_it_redirects(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(10);
  if (const auto to = field(upload.last(), "Location"); !to.empty())
    upload.note("to " + shape(lane, to));
  return look(lane, upload).seen();
}

std::string come_by_two_proxies(Lane& lane) {
  return TusUpload(lane, 10).with({{"X-Forwarded-Proto", "https, http"}}).create().seen();
}

// ---- what does not get through

std::string announce_more_than_100_megabytes(Lane& lane) {
  TusUpload upload(lane, 0);
  upload.create({{"Upload-Length", "100000001"}});
  auto connection = begin_patch(lane, upload, 100'000'001, 0, from_page);
  connection.shutdown_send();
  const auto read = connection.read_response(patience);
  upload.note(told(read));
  if (read.response && !read.response->headers.has("Access-Control-Allow-Origin"))
    upload.note("network error");
  return upload.seen();
}

std::string send_and_ask(Lane& lane) {
  return TusUpload(lane, 10).create().patch(10).head().seen();
}

std::string join_many(Lane& lane) {
  TusUpload part(lane, 1);
  part.create(partial).patch(1);
  std::string parts = "final;" + part.url();
  const auto join = [&] {
    return told(lane.send("POST", "/files", with(tus, {{"Upload-Concat", parts}})));
  };
  part.note("one " + join());
  for (int i = 0; i < 50; ++i) parts += " " + part.url();
  return part.note("51 " + join()).seen();
}

std::string send_slowly(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  auto connection = begin_patch(lane, upload, 10, 5);
  const bool usual = !lane.with_rule();
  auto read = connection.read_response(usual ? a_moment : patience);
  if (usual && connection.send(rest(upload), patience)) read = connection.read_response(patience);
  upload.note(told(read));
  return look(lane, upload).seen();
}

std::string send_on_a_kept_connection(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  const auto path = upload.path();
  auto connection = lane.begin("HEAD", path, tus, "");
  upload.note(told(connection.read_response(patience, true)));
  auto fields = with(upload.patch_fields(), {{"Host", lane.authority()}, {"Content-Length", "10"}});
  if (!connection.send(transport::request_head("PATCH", path, fields) + upload.next(10), patience))
    return "not sent";
  return upload.note(told(connection.read_response(patience))).head().send(10).seen();
}

std::string send_two_chunks_in_a_second(Lane& lane) {
  lane.tell("clock", {{"freeze", true}});
  TusUpload upload(lane, 10);
  upload.create().patch(5).patch(5).head();
  advance(lane, "1s");
  return upload.send(5).seen();
}

std::string wait_for_100_continue(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  auto connection = begin_patch(lane, upload, 10, 0, {{"Expect", "100-continue"}});
  wait_until_it_is_written_to(lane, upload, 0);
  if (!connection.send(upload.next(10), patience)) return "not sent";
  const auto read = connection.read_response(patience);
  return upload.note(read.interims.empty() ? "told nothing" : "told to go on")
      .note(told(read))
      .seen();
}

std::string expect_at_a_wrong_offset(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  const auto fields = with(tus, {{"Upload-Offset", "3"},
                                 {"Content-Type", "application/offset+octet-stream"},
                                 {"Content-Length", "7"},
                                 {"Expect", "100-continue"}});
  auto connection = lane.begin("PATCH", upload.path(), fields, "");
  const auto read = connection.read_response(patience);
  for (const auto& interim : read.interims) upload.note(std::to_string(interim.status));
  return upload.note(told(read)).seen();
}

std::string send_at_a_wrong_offset(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  const auto fields =
      with(tus, {{"Upload-Offset", "3"}, {"Content-Type", "application/offset+octet-stream"}});
  return upload.note(told(lane.send("PATCH", upload.url(), fields, upload.next(7)))).head().seen();
}

std::string create_by_http_1_0(Lane& lane) {
  transport::Request request;
  request.method = "POST";
  request.url = "/files";
  request.headers = with(tus, {{"Upload-Length", "10"}});
  request.http10 = true;
  return told(lane.send(request)) + ", " + create(lane);
}

std::string send_in_lower_case(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  const auto fields = with(tus, {{"upload-offset", "0"},
                                 {"content-type", "application/offset+octet-stream"},
                                 {"content-length", "10"}});
  auto connection = lane.begin("PATCH", upload.path(), fields, upload.next(10));
  return upload.note("lower case " + told(connection.read_response(patience)))
      .head()
      .send(10)
      .seen();
}

std::string create_until_it_is_created(Lane& lane) {
  TusUpload upload(lane, 10);
  if (upload.create().last().response->status != 201) upload.create();
  return upload.note(fmt::format("{} there", count_of(lane, "normal"))).seen();
}

std::string come_without_a_cookie(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  if (upload.last().response->status == 302)
    upload.note(upload.url().substr(0, upload.url().find('?')));
  return upload.with({{"Cookie", "portal=1"}}).create().seen();
}

std::string send_past_a_mebibyte(Lane& lane) {
  constexpr auto all = mebibyte + 65536;
  TusUpload upload(lane, all);
  upload.create();
  auto connection = begin_patch(lane, upload, all, all);
  wait_for_what_comes(lane, "PATCH");
  upload.note(told(connection.read_response(at_once)));
  return look(lane, upload).seen();
}

// ---- what is buffered, rewritten or hidden

std::string break_off(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  cut(lane, upload, 10, 5);
  return upload.note("cut at 5").head().seen();
}

std::string send_without_a_version(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  auto fields = upload.patch_fields();
  fields.remove("Tus-Resumable");
  fields.add("Content-Length", "10");
  auto connection = lane.begin("PATCH", upload.path(), fields, upload.next(5));
  wait_for_what_comes(lane, "PATCH");
  const auto early = connection.read_response(at_once);
  upload.note("half: " + told(early));
  if (!early.response && connection.send(rest(upload), patience))
    upload.note("all: " + told(connection.read_response(patience)));
  return upload.seen();
}

std::string send_half_and_ask(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(5).head();
  const auto length = field(upload.last(), "Upload-Length");
  return upload.note(length.empty() ? "of nothing" : "of " + length).seen();
}

std::string be_refused_on_a_page(Lane& lane) {
  return to_page(lane.send("POST", "/files", with(from_page, {{"Upload-Length", "10"}})));
}

std::string create_on_a_page(Lane& lane) {
  return to_page(
      lane.send("POST", "/files", with(with(tus, from_page), {{"Upload-Length", "10"}})));
}

std::string ask_for_credentials(Lane& lane) {
  const auto preflight =
      lane.send("OPTIONS", "/files", with(from_page, {{"Access-Control-Request-Method", "POST"}}));
  const auto allowed = field(preflight, "Access-Control-Allow-Credentials");
  return allowed.empty() ? "no cookie is sent" : "allowed: " + allowed;
}

// ---- locks, and servers beside each other

std::string come_back_while_the_old_one_hangs(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  const auto old = hang(lane, upload, 10, 5);
  return upload.note("hangs").head().seen();
}

std::string come_back_after_a_cut(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  cut(lane, upload, 10, 5);
  upload.note("cut at 5").head().patch(5);
  if (upload.last().response->status == 409) {
    upload.head();
    advance(lane, "31s");
    upload.patch(5);
  }
  return upload.seen();
}

std::string come_back_for_good(Lane& lane) {
  TusUpload upload(lane, 10);
  TusUpload other(lane, 10);
  upload.create();
  cut(lane, upload, 10, 5);
  upload.head();
  advance(lane, "1h");
  upload.head();
  return upload.note("another: " + other.create().head().seen()).seen();
}

std::string read_twice(Lane& lane) {
  TusUpload upload(lane, 1U << 16U);
  upload.create().patch(1U << 16U);
  const auto first = lane.begin("GET", upload.path(), {}, "");
  wait_for_what_comes(lane, "GET");
  return upload.note("another reads: " + told(lane.send("GET", upload.url()))).seen();
}

std::string ask_four_times(Lane& lane) {
  return TusUpload(lane, 10).create().head().head().head().head().seen();
}

/// Sends while another upload is under way; if that is refused, again when the other is done.
std::string send_beside_another(Lane& lane) {
  TusUpload other(lane, 10);
  TusUpload upload(lane, 10);
  other.create();
  auto connection = hang(lane, other, 10, 5);
  upload.create().patch(10);
  if (upload.last().response->status == 204) return upload.seen();
  look(lane, upload);
  if (!connection.send(rest(other), patience)) return "not sent";
  upload.note("the other " + told(connection.read_response(patience)));
  return upload.head().send(10).seen();
}

// ---- offsets, lengths and what is kept

std::string send_in_two_chunks(Lane& lane) {
  return TusUpload(lane, 20).create().patch(10).patch(10).head().seen();
}

std::string send_half_and_an_empty_rest(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(5).head();
  const auto fields =
      with(tus, {{"Upload-Offset", "15"}, {"Content-Type", "application/offset+octet-stream"}});
  const auto again = lane.send("PATCH", upload.url(), fields, "");
  return upload.note("at 15: " + told(again) + " " + field(again, "Upload-Offset")).seen();
}

std::string send_all_in_chunks(Lane& lane) { return TusUpload(lane, 15).create().send(5).seen(); }

std::string send_with_a_wrong_checksum(Lane& lane) {
  const auto offered = field(lane.send("OPTIONS", "/files"), "Tus-Extension");
  TusUpload upload(lane, 10);
  upload.note(offered.find("checksum") == std::string::npos ? "not offered" : "offered");
  upload.create().patch(10, {{"Upload-Checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="}});
  return look(lane, upload).seen();
}

std::string create_an_empty_one(Lane& lane) {
  return TusUpload(lane, 0).create().note("one byte:").seen() + " " +
         TusUpload(lane, 1).create().seen();
}

std::string create_with_a_name(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create({{"Upload-Metadata", "filename d29ybGQ="}}).head();
  return upload.note("'" + field(upload.last(), "Upload-Metadata") + "'").seen();
}

std::string tell_the_length_with_the_last_chunk(Lane& lane) {
  const auto created = lane.send("POST", "/files", with(tus, {{"Upload-Defer-Length", "1"}}));
  const auto url = field(created, "Location");
  const auto sent = lane.send("PATCH", url,
                              with(tus, {{"Upload-Offset", "0"},
                                         {"Upload-Length", "5"},
                                         {"Content-Type", "application/offset+octet-stream"}}),
                              "hello");
  const auto head = lane.send("HEAD", url, tus);
  return fmt::format("{} at {}, of '{}', deferred '{}'", told(sent), field(sent, "Upload-Offset"),
                     field(head, "Upload-Length"), field(head, "Upload-Defer-Length"));
}

/// Creates an upload with `metadata`, then one with `other`.
std::string create_with(Lane& lane, const std::string& metadata, const std::string& other) {
  TusUpload upload(lane, 10);
  return upload.create({{"Upload-Metadata", metadata}}).create({{"Upload-Metadata", other}}).seen();
}

std::string named(const std::string& key, const std::string& value) {
  return key + " " + base64::encode(value);
}

std::string create_in_a_bucket(Lane& lane) {
  return create_with(lane, named("bucketName", "private"), named("bucketName", "public"));
}

std::string create_with_a_foreign_name(Lane& lane) {
  return create_with(lane, named("filename", "\xE6\x96\x87.txt"), named("filename", "text.txt"));
}

std::string join_without_a_length(Lane& lane) {
  TusUpload part(lane, 5);
  part.create(partial).patch(5);
  const auto joined =
      lane.send("POST", "/files", with(tus, {{"Upload-Concat", "final;" + part.url()}}));
  return part.note("final " + told(joined)).seen();
}

// ---- the end of an upload

std::string send_and_wait(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  auto connection = begin_patch(lane, upload, 10, 10);
  wait_for_what_comes(lane, "PATCH");
  return upload.note(told(connection.read_response(at_once))).head().seen();
}

std::string send_and_fetch(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(10).note("GET " + told(lane.send("GET", upload.url())));
  advance(lane, "11m");
  return upload.note("GET " + told(lane.send("GET", upload.url()))).seen();
}

std::string send_for_31_minutes(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create().patch(5);
  advance(lane, "31m");
  upload.patch(5);
  const auto why = field(upload.last(), "WWW-Authenticate");
  return why.empty() ? upload.seen() : upload.note(why).seen();
}

std::string send_to_a_full_disk(Lane& lane) {
  TusUpload upload(lane, 10);
  upload.create();
  auto connection = begin_patch(lane, upload, 10, 5);
  upload.note("half: " + told(connection.read_response(at_once)));
  if (!connection.send(rest(upload), patience)) return "not sent";
  return upload.note("all: " + told(connection.read_response(patience))).head().seen();
}

Fields manifest(const std::string& name) {
  std::string all;
  for (const auto& [key, value] : {std::pair{"version", "2.0"},
                                   {"data_stream_id", "dextesting"},
                                   {"data_stream_route", "testevent1"},
                                   {"sender_id", "s"},
                                   {"data_producer_id", "p"},
                                   {"jurisdiction", "j"},
                                   {"received_filename", name.c_str()}})
    all += (all.empty() ? "" : ",") + named(key, value);
  return {{"Upload-Metadata", all}};
}

/// How many deliveries /info lists for `upload`.
std::size_t deliveries_of(Lane& lane, const TusUpload& upload) {
  const auto info = lane.send("GET", "/info/" + id_of(upload));
  const auto told = json::parse(info.response ? info.response->body : "", nullptr, false);
  const auto deliveries = told.is_object() ? told.value("deliveries", json()) : json();
  return deliveries.is_array() ? deliveries.size() : 0;
}

/// Sends an upload and waits until it is delivered, or until the rule has fired more than `not_yet`
/// times: then it will not be delivered.
std::string deliver(Lane& lane, std::size_t length, const std::string& name, int not_yet) {
  TusUpload upload(lane, length);
  upload.create(manifest(name));
  if (length > 0) upload.patch(length);
  const auto is_delivered = [&] { return deliveries_of(lane, upload) > 0; };
  const auto is_dropped = [&] {
    const auto rules = lane.ask("rules").at("rules");
    return !rules.empty() && rules[0].at("fired") > not_yet;
  };
  wait_until([&] { return is_delivered() || is_dropped(); }, "nothing becomes of the upload");
  return upload.head().note(is_delivered() ? "delivered" : "not delivered").seen();
}

std::string deliver_as_often_as_it_is(Lane& lane) {
  TusUpload upload(lane, 5);
  upload.create(manifest("a.csv")).patch(5);
  const std::size_t at_least = lane.ask("rules").at("rules").empty() ? 1 : 2;
  wait_until([&] { return deliveries_of(lane, upload) >= at_least; }, "it is not delivered");
  return upload.note(fmt::format("delivered {} times", deliveries_of(lane, upload))).seen();
}

std::string deliver_an_empty_one(Lane& lane) {
  const auto empty = deliver(lane, 0, "empty.csv", 0);
  return empty + "; " + deliver(lane, 5, "full.csv", 1);
}

std::string deliver_two(Lane& lane) {
  const auto first = deliver(lane, 5, "a.csv", 0);
  return first + "; " + deliver(lane, 5, "b.csv", 0);
}

}  // namespace

std::vector<Situation> of_servers() {
  return {
      {"Parts are joined for longer than a browser waits", join_two_parts, "final timeout, 1 there",
       "final 201, 1 there"},

      {"Location says http behind a TLS proxy", create, "POST 201, http://HOST/files/ID",
       "POST 201, https://HOST/files/ID"},
      {"The Forwarded header ends up in the host of Location", create_and_go_there,
       "POST 201, http://HOST;proto=https/files/ID, HEAD protocol",
       "POST 201, http://HOST/files/ID, HEAD 200 at 0"},
      {"Location loses its port", create, "POST 201, http://127.0.0.1/files/ID",
       "POST 201, http://HOST/files/ID"},
      {"Location loses the folder of the proxy", create_and_go_there,
       "POST 201, http://HOST/ID, HEAD 404", "POST 201, http://HOST/files/ID, HEAD 200 at 0"},
      {"Location leads where nobody listens", create_and_go_there,
       "POST 201, http://127.0.0.1:1/files/ID, HEAD connect",
       "POST 201, http://HOST/files/ID, HEAD 200 at 0"},
      {"The upload is redirected to https", send_where_it_redirects,
       "POST 201, PATCH 308, to https://HOST/files/ID, holds 0",
       "POST 201, PATCH 204 at 10, holds 10"},
      {"X-Forwarded-Proto names two schemes", come_by_two_proxies, "POST 400", "POST 201"},

      {"413 that a page cannot read", announce_more_than_100_megabytes,
       "POST 201, 413, network error", "POST 201, 400"},
      {"A firewall does not know the media type", send_and_ask,
       "POST 201, PATCH 403, HEAD 200 at 0", "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"A plus in the URL is 404", create_and_go_there,
       "POST 201, http://HOST/files/ID+part, HEAD 404",
       "POST 201, http://HOST/files/ID, HEAD 200 at 0"},
      {"The body of PATCH is dropped on its way", send_and_ask,
       "POST 201, PATCH 204 at 0, HEAD 200 at 0", "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"Too many parts for one header", join_many, "POST 201, PATCH 204 at 1, one 201, 51 431",
       "POST 201, PATCH 204 at 1, one 201, 51 201"},
      {"A body that lasts is cut off", send_slowly, "POST 201, reset, holds 5",
       "POST 201, 204, holds 10"},
      {"524 though all is stored", send_and_ask, "POST 201, PATCH 524, HEAD 200 at 10",
       "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"502 on a connection that was kept", send_on_a_kept_connection,
       "POST 201, 200, 502, HEAD 200 at 0, PATCH 204 at 10", "POST 201, 200, 204, HEAD 200 at 10"},
      {"The storage behind the server has a limit of its own", send_two_chunks_in_a_second,
       "POST 201, PATCH 204 at 5, PATCH 500, HEAD 200 at 5, PATCH 204 at 10",
       "POST 201, PATCH 204 at 5, PATCH 204 at 10, HEAD 200 at 10"},
      {"100 Continue never comes", wait_for_100_continue, "POST 201, told nothing, 204",
       "POST 201, told to go on, 204"},
      {"100 Continue goes ahead of a refusal", expect_at_a_wrong_offset, "POST 201, 100, 409",
       "POST 201, 409"},
      {"409 that a reset keeps from arriving", send_at_a_wrong_offset,
       "POST 201, reset, HEAD 200 at 0", "POST 201, 409, HEAD 200 at 0"},
      {"HTTP/1.0 is 426", create_by_http_1_0, "426, POST 201, http://HOST/files/ID",
       "201, POST 201, http://HOST/files/ID"},
      {"Header names in lower case are not found", send_in_lower_case,
       "POST 201, lower case 400, HEAD 200 at 0, PATCH 204 at 10",
       "POST 201, lower case 204, HEAD 200 at 10"},
      {"The creation is 504, and made", create_until_it_is_created, "POST 504, POST 201, 2 there",
       "POST 201, 1 there"},
      {"A portal answers in place of the server", come_without_a_cookie,
       "POST 302, https://login.example/, POST 201", "POST 201, POST 201"},
      {"A scanner holds the body back", send_past_a_mebibyte, "POST 201, timeout, holds 1048576",
       "POST 201, 204, holds 1114112"},

      {"A proxy that buffers loses what was sent", break_off, "POST 201, cut at 5, HEAD 200 at 0",
       "POST 201, cut at 5, HEAD 200 at 5"},
      {"Refused only after the last byte", send_without_a_version,
       "POST 201, half: timeout, all: 412", "POST 201, half: 412"},
      {"HEAD becomes GET", send_half_and_ask,
       "POST 201, PATCH 204 at 5, HEAD 200 at nothing, of nothing",
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, of 10"},
      {"HEAD does not tell the length", send_half_and_ask,
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, of nothing",
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, of 10"},
      {"Refusals that no page can read", be_refused_on_a_page, "network error", "412"},
      {"Credentials that no preflight allows", ask_for_credentials, "no cookie is sent",
       "allowed: true"},
      {"Server and gateway both allow the origin", create_on_a_page, "network error", "201"},

      {"HEAD is 423 while an old PATCH hangs", come_back_while_the_old_one_hangs,
       "POST 201, hangs, HEAD 423", "POST 201, hangs, HEAD 200 at 5"},
      {"A lock is told as 409", come_back_after_a_cut,
       "POST 201, cut at 5, HEAD 200 at 5, PATCH 409, HEAD 200 at 5, PATCH 204 at 10",
       "POST 201, cut at 5, HEAD 200 at 5, PATCH 204 at 10"},
      {"A lock that nobody gets any more", come_back_for_good,
       "POST 201, HEAD 500, HEAD 500, another: POST 201, HEAD 200 at 0",
       "POST 201, HEAD 200 at 5, HEAD 200 at 5, another: POST 201, HEAD 200 at 0"},
      {"A second reader is 423", read_twice, "POST 201, PATCH 204 at 65536, another reads: 423",
       "POST 201, PATCH 204 at 65536, another reads: 200"},
      {"Every other request reaches a server that knows nothing", ask_four_times,
       "POST 201, HEAD 200 at 0, HEAD 404, HEAD 200 at 0, HEAD 404",
       "POST 201, HEAD 200 at 0, HEAD 200 at 0, HEAD 200 at 0, HEAD 200 at 0"},
      {"410 when files are sent side by side", send_beside_another,
       "POST 201, PATCH 410, holds 0, the other 204, HEAD 200 at 0, PATCH 204 at 10",
       "POST 201, PATCH 204 at 10"},

      {"More is acknowledged than is kept", send_in_two_chunks,
       "POST 201, PATCH 204 at 10, PATCH 409, HEAD 200 at 4",
       "POST 201, PATCH 204 at 10, PATCH 204 at 20, HEAD 200 at 20"},
      {"The offset is beyond the length", send_half_and_an_empty_rest,
       "POST 201, PATCH 204 at 5, HEAD 200 at 15, at 15: 204 15",
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, at 15: 409 "},
      {"The error of the store is swallowed", send_and_ask,
       "POST 201, PATCH 204 at 10, HEAD 200 at 0", "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"500 at every second chunk", send_all_in_chunks,
       "POST 201, PATCH 204 at 5, PATCH 500, HEAD 200 at 5, PATCH 204 at 10, PATCH 500, "
       "HEAD 200 at 10, PATCH 204 at 15",
       "POST 201, PATCH 204 at 5, PATCH 204 at 10, PATCH 204 at 15"},
      {"The upload expires between two chunks", send_in_two_chunks,
       "POST 201, PATCH 204 at 10, PATCH 410, HEAD 410",
       "POST 201, PATCH 204 at 10, PATCH 204 at 20, HEAD 200 at 20"},
      {"Checksums are announced and not looked at", send_with_a_wrong_checksum,
       "offered, POST 201, PATCH 204 at 10, holds 10", "offered, POST 201, PATCH 460, holds 0"},
      {"An empty file is 404", create_an_empty_one, "POST 404, one byte: POST 201",
       "POST 201, one byte: POST 201"},
      {"Metadata does not get through", create_with_a_name, "POST 201, HEAD 200 at 0, ''",
       "POST 201, HEAD 200 at 0, 'filename d29ybGQ='"},
      {"The length that is told later is lost", tell_the_length_with_the_last_chunk,
       "204 at 5, of '', deferred '1'", "204 at 5, of '5', deferred ''"},
      {"A policy refuses with 404", create_in_a_bucket, "POST 404, POST 201", "POST 201, POST 201"},
      {"A name that is not ASCII", create_with_a_foreign_name, "POST 500, POST 201",
       "POST 201, POST 201"},
      {"A final upload has to tell its length", join_without_a_length,
       "POST 201, PATCH 204 at 5, final 400", "POST 201, PATCH 204 at 5, final 201"},

      {"The last reply never comes", send_and_wait, "POST 201, timeout, HEAD 200 at 10",
       "POST 201, 204, HEAD 200 at 10"},
      {"HEAD of a finished upload is 410", send_and_ask, "POST 201, PATCH 204 at 10, HEAD 410",
       "POST 201, PATCH 204 at 10, HEAD 200 at 10"},
      {"Too early to download", send_and_fetch, "POST 201, PATCH 204 at 10, GET 425, GET 200",
       "POST 201, PATCH 204 at 10, GET 200, GET 200"},
      {"The token ends before the upload", send_for_31_minutes,
       "POST 201, PATCH 204 at 5, PATCH 401, Bearer error=\"invalid_token\"",
       "POST 201, PATCH 204 at 5, PATCH 204 at 10"},
      {"The disk is full with what is not finished", send_beside_another,
       "POST 201, PATCH 507, holds 4, the other 204, HEAD 200 at 4, PATCH 204 at 10",
       "POST 201, PATCH 204 at 10"},
      {"Disk full, told after the last byte", send_to_a_full_disk,
       "POST 201, half: timeout, all: 507, HEAD 200 at 0",
       "POST 201, half: timeout, all: 204, HEAD 200 at 10"},
      {"Nothing is made of an empty file", deliver_an_empty_one,
       "POST 201, HEAD 200 at 0, not delivered; POST 201, PATCH 204 at 5, HEAD 200 at 5, delivered",
       "POST 201, HEAD 200 at 0, delivered; POST 201, PATCH 204 at 5, HEAD 200 at 5, delivered"},
      {"Under load some files are not told of", deliver_two,
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, delivered; "
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, not delivered",
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, delivered; "
       "POST 201, PATCH 204 at 5, HEAD 200 at 5, delivered"},
      {"The next system is told twice", deliver_as_often_as_it_is,
       "POST 201, PATCH 204 at 5, delivered 2 times",
       "POST 201, PATCH 204 at 5, delivered 1 times"},
  };
}

}  // namespace cookbook
