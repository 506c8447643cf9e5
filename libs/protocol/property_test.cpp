// What must hold for every value, not only for the ones a table lists.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "protocol/base64.hpp"
#include "protocol/dex/health.hpp"
#include "protocol/dex/info.hpp"
#include "protocol/dex/manifest.hpp"
#include "protocol/dex/upload_config.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/fields.hpp"
#include "protocol/http/form.hpp"
#include "protocol/http/multipart.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/json/encode.hpp"
#include "protocol/oauth/token.hpp"
#include "protocol/onecodex/answers.hpp"
#include "protocol/onecodex/file_name.hpp"
#include "protocol/onecodex/requests.hpp"
#include "protocol/openhumans/date.hpp"
#include "protocol/openhumans/files.hpp"
#include "protocol/openhumans/metadata.hpp"
#include "protocol/s3/documents.hpp"
#include "protocol/s3/post.hpp"
#include "protocol/s3/signature.hpp"
#include "protocol/s3/time.hpp"
#include "protocol/tus/checksum.hpp"
#include "protocol/tus/concat.hpp"
#include "protocol/tus/discovery.hpp"
#include "protocol/tus/metadata.hpp"
#include "protocol/tus/numbers.hpp"
#include "protocol/xml/element.hpp"

namespace {

/// Any bytes, NUL and what is not UTF-8 included.
rc::Gen<std::string> any_bytes() {
  return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}
/// Visible ASCII without the characters of `except`, not empty.
rc::Gen<std::string> visible(const std::string& except = {}) {
  return rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::suchThat(rc::gen::inRange<char>('!', '\x7F'),
                        [except](char c) { return except.find(c) == std::string::npos; })));
}
/// Text that JSON carries unchanged.
rc::Gen<std::string> utf8_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "Z", "0", " ", "/", "<", "&", "\"", "\\", "\n", "\r", "\x01", "\x7F",
                          "é", "漢", "\xE2\x80\xA8", "😀")),
                      [](const std::vector<std::string>& pieces) {
                        std::string out;
                        for (const auto& piece : pieces) out += piece;
                        return out;
                      });
}
rc::Gen<dex::Manifest> manifests() {
  return rc::gen::container<dex::Manifest>(visible(","), utf8_text());
}
/// A time, to the nanosecond, in the years that the parsers take.
rc::Gen<http::TimePoint> times() {
  using std::chrono::nanoseconds;
  return rc::gen::map(
      rc::gen::inRange<std::int64_t>(-9'214'560'000'000'000'000, 9'214'646'400'000'000'000),
      [](std::int64_t n) { return http::TimePoint{nanoseconds{n}}; });
}
const auto algorithms = rc::gen::element(DigestAlgorithm::md5, DigestAlgorithm::sha1,
                                         DigestAlgorithm::sha256, DigestAlgorithm::crc32);

RC_GTEST_PROP(Base64Property, DecodeUndoesEncode, ()) {
  const auto bytes = *any_bytes();
  RC_ASSERT(base64::decode(base64::encode(bytes)) == bytes);
  RC_ASSERT(base64::decode_url(base64::encode_url(bytes)) == bytes);
}

RC_GTEST_PROP(Base64Property, EveryTextHasOneMeaning, ()) {
  // Mostly letters of the alphabet, so that a good part of the texts decodes.
  const auto text = *rc::gen::container<std::string>(rc::gen::element('A', 'Q', 'g', '/', '='));
  if (const auto bytes = base64::decode(text)) RC_ASSERT(base64::encode(*bytes) == text);
}

RC_GTEST_PROP(DigestProperty, ChunksDoNotMatter, ()) {
  const auto algorithm = *algorithms;
  const auto chunks = *rc::gen::container<std::vector<std::string>>(any_bytes());
  Digest whole(algorithm);
  Digest pieces(algorithm);
  std::string all;
  for (const auto& chunk : chunks) {
    pieces.update(chunk);
    all += chunk;
  }
  whole.update(all);
  RC_ASSERT(whole.finish() == pieces.finish());
}

RC_GTEST_PROP(NumbersProperty, ParseUndoesFormat, ()) {
  const auto value = *rc::gen::inRange<std::uint64_t>(0, tus::max_length.value);
  const auto text = std::to_string(value);
  RC_ASSERT(tus::parse_length(text) == Bytes{value});
  RC_ASSERT(tus::parse_length_lenient("0" + text) == Bytes{value});
  RC_ASSERT(parse_bytes(text) == Bytes{value});
}

RC_GTEST_PROP(UnitsProperty, ASizeForPeopleIsNearItsValue, ()) {
  const auto value = *rc::gen::inRange<std::uint64_t>(1024, 1ULL << 50U);
  const auto text = to_string(Bytes{value});
  static const std::map<std::string, double> factors{
      {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};
  const auto space = text.find(' ');
  const double shown = std::stod(text.substr(0, space)) * factors.at(text.substr(space + 1));
  RC_ASSERT(shown > static_cast<double>(value) * 0.94);
  RC_ASSERT(shown < static_cast<double>(value) * 1.06);
}

RC_GTEST_PROP(MetadataProperty, ParseUndoesFormat, ()) {
  const auto pairs =
      *rc::gen::container<std::map<std::string, std::string>>(visible(","), any_bytes());
  RC_PRE(!pairs.empty());
  tus::Metadata metadata;
  for (const auto& [key, value] : pairs) metadata.set(key, value);
  const auto header = tus::format_metadata(metadata);
  RC_ASSERT(tus::parse_metadata(header, tus::MetadataStrictness::strict) == metadata);
  RC_ASSERT(tus::parse_metadata(header, tus::MetadataStrictness::lenient) == metadata);
}

RC_GTEST_PROP(MetadataProperty, WhatIsTakenComesBackAndTheLenientTakeItToo, ()) {
  const auto header = *rc::gen::container<std::string>(
      rc::gen::element('a', 'b', ' ', ',', '=', 'Y', 'Q', '\t', '\xC3'));
  const auto strict = tus::parse_metadata(header, tus::MetadataStrictness::strict);
  const auto lenient = tus::parse_metadata(header, tus::MetadataStrictness::lenient);
  RC_ASSERT(lenient.has_value());
  if (strict) RC_ASSERT(*lenient == *strict);
  RC_ASSERT(tus::parse_metadata(tus::format_metadata(*lenient), tus::MetadataStrictness::lenient) ==
            *lenient);
}

RC_GTEST_PROP(MetadataProperty, OneKeyIsFoundAsAmongAll, ()) {
  const auto header = *rc::gen::container<std::string>(
      rc::gen::element('a', 'b', ' ', ',', ',', '=', 'Y', 'Q', '\t'));
  const auto all = *tus::parse_metadata(header, tus::MetadataStrictness::lenient);
  for (const auto& key : {"a", "b", "ab", "a\tb", "YQ", ""}) {
    const auto found = all.find(key);
    RC_ASSERT(tus::find_metadata(header, key) ==
              (found ? std::optional<std::string>(*found) : std::nullopt));
  }
}

RC_GTEST_PROP(ConcatProperty, ParseUndoesFormat, ()) {
  tus::Concat concat{tus::UploadKind::final, {}};
  concat.parts = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(visible()));
  RC_ASSERT(tus::parse_concat(tus::format_concat(concat)) == concat);
}

RC_GTEST_PROP(ChecksumProperty, ParseUndoesFormat, ()) {
  const auto bytes = *any_bytes();
  for (const char* name : {"md5", "sha1", "sha256", "crc32"}) {
    Digest digest(*tus::digest_algorithm(name));
    digest.update(bytes);
    const tus::Checksum checksum{name, digest.finish()};
    RC_ASSERT(tus::parse_checksum(tus::format_checksum(checksum)) == checksum);
  }
}

RC_GTEST_PROP(DiscoveryProperty, EveryAnnouncedNameIsFound, ()) {
  const auto names = *rc::gen::nonEmpty(rc::gen::container<std::set<std::string>>(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'z', '-', '0')))));
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  const auto found = tus::parse_discovery({{"Tus-Extension", list}});
  RC_ASSERT(found.has_value());
  RC_ASSERT(found->extensions == names);
}

RC_GTEST_PROP(FormProperty, ParseUndoesFormat, ()) {
  const auto form = *rc::gen::container<http::Form>(rc::gen::pair(any_bytes(), any_bytes()));
  RC_ASSERT(http::parse_form(http::format_form(form)) == form);
}

RC_GTEST_PROP(PercentProperty, DecodeUndoesEncode, ()) {
  const auto bytes = *any_bytes();
  const auto encoded = http::percent_encode(bytes);
  RC_ASSERT(http::percent_decode(encoded) == bytes);
  RC_ASSERT(http::is_field_value(encoded));
}

RC_GTEST_PROP(DateProperty, ParseUndoesFormat, ()) {
  const auto time = *times();
  RC_ASSERT(http::parse_rfc3339(http::format_rfc3339(time)) == time);
  RC_ASSERT(http::parse_imf_fixdate(http::format_imf_fixdate(time)) ==
            std::chrono::floor<std::chrono::seconds>(time));
}

RC_GTEST_PROP(FieldsProperty, SetLeavesOneAndRemoveNone, ()) {
  const auto names = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("A", "a", "b", "B"));
  http::Fields fields;
  for (const auto& name : names) fields.add(name, "old");
  const auto others = fields.count("b");
  fields.set("a", "new");
  RC_ASSERT(fields.count("A") == 1U);
  RC_ASSERT(fields.find("A") == "new");
  RC_ASSERT(fields.count("b") == others);
  RC_ASSERT(fields.remove("a") == 1U);
  RC_ASSERT(fields.size() == others);
}

RC_GTEST_PROP(JsonProperty, AnyBytesBecomeAJsonString, ()) {
  const auto bytes = *any_bytes();
  const auto read = json::decode(json::dump_string(bytes), "",
                                 [](const json::Cursor& root) { return root.string(); });
  RC_ASSERT(read.has_value());
  if (json::is_utf8(bytes)) RC_ASSERT(*read == bytes);
}

RC_GTEST_PROP(JsonProperty, PlainTextIsThatOfTheLibrary, ()) {
  using nlohmann::ordered_json;
  constexpr auto replace = ordered_json::error_handler_t::replace;
  // Letters of several bytes, whole and cut off.
  std::string text;
  for (const auto& piece :
       *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
           "a", "\"", "\\", "\n", "\x01", "\x7F", "<", "\xC3\xA9", "\xE2\x80\xA8",
           "\xF0\x9F\x98\x80", "\xE2\x82", "\xFF", "\xED\xA0\x80"))) {
    text += piece;
  }
  const ordered_json document{{text, {text, 1, -2, 1.5, true, false, nullptr}},
                              {"", ordered_json::object()},
                              {"-", ordered_json::array()}};
  RC_ASSERT(json::dump_plain(document) == document.dump(-1, ' ', false, replace));
  RC_ASSERT(json::dump_ascii(text) == ordered_json(text).dump(-1, ' ', true, replace));
  const auto back = json::decode(json::dump_plain(document), "document",
                                 [](const json::Cursor& root) { return root.raw(); });
  RC_ASSERT(back == nlohmann::json::parse(document.dump(-1, ' ', false, replace)));
}

RC_GTEST_PROP(DocumentProperty, Manifest, ()) {
  const auto manifest = *manifests();
  RC_ASSERT(dex::manifest_of(dex::metadata_of(manifest)) == manifest);
}

RC_GTEST_PROP(DocumentProperty, Info, ()) {
  dex::Info info;
  info.manifest = *manifests();
  if (*rc::gen::arbitrary<bool>()) {
    info.file_info = dex::FileInfo{Bytes{*rc::gen::arbitrary<std::uint64_t>()}, *utf8_text()};
  }
  info.upload_status = {*utf8_text(), *utf8_text()};
  if (*rc::gen::arbitrary<bool>()) {
    info.deliveries.emplace();
    for (auto i = *rc::gen::inRange(0, 3); i > 0; --i) {
      dex::Delivery delivery{*utf8_text(), *utf8_text(), *utf8_text(), *utf8_text(), {}};
      if (*rc::gen::arbitrary<bool>()) {
        delivery.issues.emplace();
        delivery.issues->push_back({*utf8_text(), *utf8_text()});
      }
      info.deliveries->push_back(delivery);
    }
  }
  RC_ASSERT(dex::parse_info(dex::to_json(info)) == info);
}

RC_GTEST_PROP(DocumentProperty, HealthRefusalAndToken, ()) {
  dex::Health health{*utf8_text(), {}};
  for (auto i = *rc::gen::inRange(0, 3); i > 0; --i) {
    health.services.push_back({*utf8_text(), *utf8_text(), *utf8_text()});
  }
  RC_ASSERT(dex::parse_health(dex::to_json(health)) == health);

  const dex::ManifestRefusal refusal{*utf8_text(),
                                     *rc::gen::container<std::vector<std::string>>(utf8_text())};
  RC_ASSERT(dex::parse_manifest_refusal(dex::to_json(refusal)) == refusal);

  const oauth::TokenResponse token{
      *visible(),   "Bearer",     std::chrono::seconds(*rc::gen::inRange(0, 1'000'000)),
      *utf8_text(), *utf8_text(), *rc::gen::container<std::vector<std::string>>(utf8_text())};
  RC_ASSERT(oauth::parse_token_response(oauth::to_json(token)) == token);
}

RC_GTEST_PROP(ValidateProperty, OneEntryPairForEachMissingField, ()) {
  const auto names = *rc::gen::container<std::set<std::string>>(visible());
  dex::UploadConfig config;
  for (const auto& name : names) config.fields.push_back({name, true, {}, {}});
  RC_ASSERT(dex::validate({}, config).size() == 2 * names.size());
  dex::Manifest full;
  for (const auto& name : names) full[name] = "";
  RC_ASSERT(dex::validate(full, config).empty());
}

/// The path of an object with any key, as clients escape it.
rc::Gen<std::string> object_paths() {
  return rc::gen::map(any_bytes(),
                      [](const std::string& key) { return "/bucket/" + s3::encode_path(key); });
}
const auto signing_times = rc::gen::map(
    rc::gen::inRange<std::int64_t>(0, 4'102'444'800),
    [](std::int64_t seconds) { return http::TimePoint{std::chrono::seconds{seconds}}; });

RC_GTEST_PROP(SignatureProperty, WhatIsSignedIsProvenByItsSecretAlone, ()) {
  const s3::Credentials credentials{*visible(":,"), *visible()};
  const auto path = *object_paths();
  const auto now = *signing_times;
  http::Fields fields{{"Host", "store.example"}, {"x-amz-meta-a", *visible()}};
  const std::string plain = path + "?uploadId=" + *visible("?&=%#+");
  const s3::Request request{"PUT", plain, fields};
  http::Fields v2 = fields;
  http::Fields v4 = fields;
  for (const auto& [name, value] : s3::authorize_v2(request, credentials, now)) v2.add(name, value);
  for (const auto& [name, value] : s3::authorize_v4(request, credentials, now)) v4.add(name, value);
  const auto until = now + std::chrono::seconds{60};
  const std::string v2_url = s3::presign_v2(request, credentials, until);
  const std::string v4_url = s3::presign_v4(request, credentials, now, std::chrono::seconds{60});
  const std::vector<s3::Request> all{
      {"PUT", plain, v2}, {"PUT", plain, v4}, {"PUT", v2_url, fields}, {"PUT", v4_url, fields}};
  for (const auto& one : all) {
    const auto found = s3::find_signature(one);
    RC_ASSERT(found.has_value() && found->has_value());
    RC_ASSERT(s3::access_key_of(**found) == credentials.access_key);
    RC_ASSERT(s3::check(**found, one, credentials.secret, now).has_value());
    RC_ASSERT(!s3::check(**found, one, credentials.secret + "x", now).has_value());
    const s3::Request other{"GET", one.target, one.fields};
    RC_ASSERT(!s3::check(**found, other, credentials.secret, now).has_value());
    const auto late = now + std::chrono::minutes{16};
    RC_ASSERT(!s3::check(**found, one, credentials.secret, late).has_value());
  }
}

RC_GTEST_PROP(SignatureProperty, TimesComeBack, ()) {
  const auto time = *signing_times;
  RC_ASSERT(s3::parse_basic(s3::format_basic(time)) == time);
}

/// Text that is rich in beginnings of delimiters of the boundary "b".
const auto near_delimiters = rc::gen::map(
    rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "\r", "\n", "\r\n", "-", "--", "\r\n--b", "b", " ", "\r\n--b\r\n", "\r\n--b--\r\n", "a: b",
        "\r\n\r\n", "x", "Content-Disposition: form-data; name=\"f\"; filename=g")),
    [](const std::vector<std::string>& pieces) {
      std::string out;
      for (const auto& piece : pieces) out += piece;
      return out;
    });

/// What a reader of multipart bodies says, as text, when it gets `body` in slices of those lengths.
std::string told_of(std::string_view body, const std::vector<std::size_t>& lengths,
                    const std::string& boundary = "b") {
  using Event = http::MultipartReader::Event;
  http::MultipartReader reader(boundary);
  std::string told;
  const auto tell = [&](Event event) {
    if (event == Event::part) told += "[" + reader.part().name + ":";
    if (event == Event::bytes) told += reader.bytes();
    if (event == Event::part_end) told += "]";
    if (event == Event::failed) told = reader.error().line();
    return event != Event::more && event != Event::end && event != Event::failed;
  };
  for (std::size_t at = 0, i = 0; at < body.size(); ++i) {
    std::string_view slice = body.substr(at, lengths[i % lengths.size()]);
    at += slice.size();
    while (tell(reader.next(slice))) continue;
  }
  while (tell(reader.finish())) continue;
  return told;
}

RC_GTEST_PROP(MultipartProperty, AnySplitGivesTheSameParts, ()) {
  const auto body = (*rc::gen::arbitrary<bool>() ? "--b\r\n" : "") + *near_delimiters;
  const auto lengths = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 30)));
  RC_ASSERT(told_of(body, lengths) == told_of(body, {body.size() + 1}));
}

RC_GTEST_PROP(MultipartProperty, AFileComesBack, ()) {
  const auto content = *near_delimiters + *any_bytes();
  // A boundary that the content does not hold, though it may hold beginnings of its delimiter.
  std::string boundary = "b";
  while (content.find("\r\n--" + boundary) != std::string::npos) boundary += 'b';
  const auto form = http::write_form({{"key", "v"}}, {"file", "a.txt", ""}, boundary);
  const auto lengths = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 30)));
  RC_ASSERT(told_of(form.head + content + form.tail, lengths, boundary) ==
            "[key:v][file:" + content + "]");
}

rc::Gen<s3::Condition> conditions() {
  return rc::gen::oneOf(rc::gen::apply(s3::equals, utf8_text(), utf8_text()),
                        rc::gen::apply(s3::starts_with, utf8_text(), utf8_text()),
                        rc::gen::apply(s3::size_between, rc::gen::arbitrary<std::int64_t>(),
                                       rc::gen::arbitrary<std::int64_t>()));
}

RC_GTEST_PROP(PolicyProperty, ParseUndoesWrite, ()) {
  const s3::Policy policy{*signing_times,
                          *rc::gen::container<std::vector<s3::Condition>>(conditions())};
  RC_ASSERT(s3::parse_policy(s3::write_policy(policy)) == policy);
}

RC_GTEST_PROP(PolicyProperty, AFormThatRepeatsItsPolicyIsTaken, ()) {
  const auto fields = *rc::gen::container<std::map<std::string, std::string>>(
      rc::gen::container<std::string>(rc::gen::element('a', 'b', '-')), utf8_text());
  const auto key = *utf8_text();
  s3::Policy policy{*signing_times, {s3::equals("bucket", "b"), s3::starts_with("KEY", key)}};
  http::Form form;
  for (const auto& [name, value] : fields) {
    policy.conditions.push_back(s3::equals(name, value));
    form.emplace_back(name, value);
  }
  RC_ASSERT(s3::check(policy, {form, "b", key + "x"}, policy.expires).has_value());
  form.emplace_back("c", "");
  RC_ASSERT(!s3::check(policy, {form, "b", key}, policy.expires).has_value());
}

/// Text that XML carries unchanged.
rc::Gen<std::string> xml_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", " ", "<", ">", "&", "\"", "\'", "&amp;", "]]>", "\n", "\r", "\t",
                          "\x7F", "é", "漢", "😀")),
                      [](const std::vector<std::string>& pieces) {
                        std::string out;
                        for (const auto& piece : pieces) out += piece;
                        return out;
                      });
}

RC_GTEST_PROP(XmlProperty, ParseUndoesWrite, ()) {
  xml::Element root{"A", "", {xml::leaf("B", *xml_text()), {"C", "", {}}}};
  for (auto i = *rc::gen::inRange(0, 5); i > 0; --i) {
    root.children.back().children.push_back(xml::leaf("D", *xml_text()));
  }
  RC_ASSERT(xml::parse(xml::write(root)) == root);
  const s3::StoredObject object{*xml_text(), *xml_text(), *xml_text(), *xml_text()};
  RC_ASSERT(s3::parse_post_response(s3::post_response(object)) == object);
}

RC_GTEST_PROP(XmlProperty, AnyBytesBecomeText, ()) {
  const auto root = xml::parse(xml::write(xml::leaf("A", *any_bytes())));
  RC_ASSERT(root.has_value());
  RC_ASSERT(json::is_utf8(root->text));
}

RC_GTEST_PROP(OpenHumansProperty, WhatAClientWritesIsTakenUnderBothContracts, ()) {
  openhumans::MetadataDraft draft;
  draft.tags = *rc::gen::container<std::vector<std::string>>(utf8_text());
  draft.description = *rc::gen::element<std::string>("", "a", "é\n\"");
  draft.start_date = http::format_rfc3339(*signing_times);
  for (const auto contract : {openhumans::Contract::server, openhumans::Contract::guide}) {
    const auto metadata = openhumans::parse_metadata(openhumans::to_json(draft), contract);
    RC_ASSERT(metadata.has_value());
    RC_ASSERT(metadata->tags == draft.tags);
    RC_ASSERT(metadata->description == draft.description);
  }
}

RC_GTEST_PROP(OpenHumansProperty, TheServerTakesEveryDateOfTheGuide, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('0', '1', '2', '9', '-', 'T', ':', 'W', 'Z', '+', '.', '/'));
  using openhumans::Contract;
  using openhumans::DateVerdict;
  if (openhumans::judge_date(text, Contract::guide) == DateVerdict::good) {
    RC_ASSERT(openhumans::judge_date(text, Contract::server) == DateVerdict::good);
  }
}

RC_GTEST_PROP(OpenHumansProperty, Listings, ()) {
  openhumans::MemberFiles files{*utf8_text(), *utf8_text(), {}, 0, *utf8_text(), {}, {}};
  for (auto i = *rc::gen::inRange(0, 3); i > 0; --i) {
    files.data.push_back({*rc::gen::arbitrary<std::uint64_t>(),
                          *utf8_text(),
                          *utf8_text(),
                          {*rc::gen::arbitrary<std::int64_t>(), *utf8_text()},
                          *utf8_text(),
                          R"({"a":[1,null]})",
                          *utf8_text(),
                          *utf8_text()});
  }
  RC_ASSERT(openhumans::parse_member_files(openhumans::to_json(files)) == files);
}

/// The pattern by definition: tries every way to cut the name into its three groups.
bool matches_by_definition(const std::string& name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  const auto all = [](std::string_view text, auto good) {
    return std::all_of(text.begin(), text.end(), good);
  };
  const auto middle = [&](char c) {
    return word(c) || std::string_view("-[](){} ").find(c) != std::string_view::npos;
  };
  const std::string_view text = name;
  for (std::size_t first = 1; first < text.size(); ++first) {
    for (std::size_t dot = first; dot + 1 < text.size(); ++dot) {
      if (text[dot] == '.' && all(text.substr(0, first), word) &&
          all(text.substr(first, dot - first), middle) && all(text.substr(dot + 1), word)) {
        return true;
      }
    }
  }
  return false;
}

RC_GTEST_PROP(OneCodexProperty, FileNamesAreThoseOfThePattern, ()) {
  const auto name = *rc::gen::container<std::string>(
      rc::gen::element('a', '1', '_', '.', '.', '-', ' ', '[', '}', '/', '!'));
  RC_ASSERT(onecodex::is_file_name(name, onecodex::Contract::guide) == matches_by_definition(name));
  RC_ASSERT(onecodex::is_file_name(name, onecodex::Contract::server) ==
            matches_by_definition(name));
}

RC_GTEST_PROP(OneCodexProperty, WhatAClientWritesIsTakenUnderBothContracts, ()) {
  using onecodex::Call;
  onecodex::SampleDraft draft;
  draft.filename = *rc::gen::element<std::string>("a.fa", "a b.fq.gz", "...");
  draft.size = *rc::gen::inRange<std::uint64_t>(1, 1ULL << 40U);
  draft.tags = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("", "a", "é\n\""));
  draft.sample_id = *utf8_text();
  for (const auto contract : {onecodex::Contract::server, onecodex::Contract::guide}) {
    RC_ASSERT(onecodex::parse_sample_draft(onecodex::to_json(draft), Call::init_sample, contract) ==
              draft);
  }
}

RC_GTEST_PROP(OneCodexProperty, Answers, ()) {
  using onecodex::Kind;
  const auto fields =
      *rc::gen::container<std::map<std::string, std::string>>(utf8_text(), utf8_text());
  const onecodex::Initiated initiated{*rc::gen::element(Kind::sample, Kind::document),
                                      *utf8_text(),
                                      {*utf8_text(), {fields.begin(), fields.end()}}};
  RC_ASSERT(onecodex::parse_initiated(onecodex::to_json(initiated), initiated.kind) == initiated);
  const onecodex::Confirmed confirmed{initiated.kind, *rc::gen::arbitrary<bool>(), *utf8_text(),
                                      *visible("/")};
  RC_ASSERT(onecodex::parse_confirmed(onecodex::to_json(confirmed), confirmed.kind) == confirmed);
}

}  // namespace
