// /_mock/uploads: what is really stored, whatever clients were told.
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/call.hpp"
#include "control/scan.hpp"
#include "loop/loop.hpp"
#include "protocol/digest.hpp"
#include "protocol/http/date.hpp"
#include "protocol/http/form.hpp"
#include "services.hpp"
#include "store/in_background.hpp"
#include "store/locks.hpp"
#include "store/store.hpp"

namespace mock::control {
namespace {

Json summary(Call& call, const Upload& upload) {
  auto& services = call.lane.services();
  Json json{
      {"id", upload.id},
      {"kind", kind_of(upload.attributes.get())},
      {"state", state_of(upload, services.loop.now())},
      {"offset", upload.offset.value},
      {"length", upload.length ? Json(upload.length->value) : Json(nullptr)},
      {"complete", upload.complete()},
      {"locked", services.locks.locked(upload.id)},
      {"created", ::http::format_rfc3339(upload.created)},
      {"modified", ::http::format_rfc3339(upload.modified)},
      {"expires", upload.expires ? Json(::http::format_rfc3339(*upload.expires)) : Json(nullptr)}};
  if (const auto system = system_of(upload.attributes.get()); !system.empty())
    json["system"] = system;
  return json;
}

/// What /_mock/uploads/{id} tells of the bytes.
struct StoredDigest {
  DigestAlgorithm algorithm = DigestAlgorithm::sha256;
  std::optional<std::string> hex;  ///< nullopt: they are not kept
};

Reply describe(Call& call, const Upload& upload, const StoredDigest& digest) {
  auto json = summary(call, upload);
  auto metadata = Json::object();
  auto attributes = Json::object();
  const auto into = [](Json& all) {
    return
        [&all](std::string_view name, const std::string& value) { all[std::string(name)] = value; };
  };
  if (upload.attributes) {
    upload.attributes->visit_metadata(into(metadata));
    upload.attributes->visit(into(attributes));
  }
  json["metadata"] = std::move(metadata);
  if (!attributes.empty()) json["attributes"] = std::move(attributes);
  json["parts"] = upload.parts;
  const Json hex = digest.hex ? Json(*digest.hex) : Json(nullptr);
  json["sha256"] = digest.algorithm == DigestAlgorithm::sha256 ? hex : Json(nullptr);
  if (digest.algorithm == DigestAlgorithm::xxh128) json["xxh128"] = hex;
  return reply_json(200, json);
}

struct Page {
  std::size_t limit = 1000;
  std::string after;
};

std::optional<Page> page_of(Call& call) {
  constexpr std::size_t most = 10'000;
  const auto refuse = [&call](std::string_view what) {
    call.answer(reply_error(400, what,
                            "the query takes limit (1 to 10000) and after (the last id of the page "
                            "before)"));
    return std::nullopt;
  };
  const auto form = ::http::parse_form(call.request.query);
  if (!form) return refuse("the query is not validly percent-encoded");
  Page page;
  for (const auto& [key, value] : *form) {
    if (key == "after") {
      page.after = value;
    } else if (key == "limit") {
      const auto* last = value.data() + value.size();
      const auto [end, error] = std::from_chars(value.data(), last, page.limit);
      if (error != std::errc{} || end != last || page.limit == 0 || page.limit > most) {
        return refuse("limit: expected a whole number from 1 to 10000");
      }
    } else {
      return refuse(quote(key) + " is not known here");
    }
  }
  return page;
}

}  // namespace

void list_uploads(Call& call) {
  const auto page = page_of(call);
  if (!page) return;
  auto listed = call.lane.services().store.list_after(page->after, page->limit + 1);
  if (!listed) {
    return call.answer(
        reply_error(500, "the store cannot list its uploads: " + listed.error().detail));
  }
  auto& ids = *listed;
  const bool more = ids.size() > page->limit;
  if (more) ids.resize(page->limit);
  const std::string next = more ? ids.back() : std::string();
  auto list = std::make_shared<Json>(Json::array());
  scan_uploads(
      call, std::move(ids),
      [&call, list](const Upload& upload) {
        list->push_back(summary(call, upload));
        return true;
      },
      [&call, list, next] {
        call.answer(reply_json(
            200, {{"uploads", *list}, {"next", next.empty() ? Json(nullptr) : Json(next)}}));
      });
}

namespace {

/// SHA-256 unless the query says digest=xxh128; nullopt: it was refused.
std::optional<DigestAlgorithm> algorithm_of(Call& call) {
  const auto refuse = [&call](std::string_view what) {
    call.answer(reply_error(400, what, "the query takes digest (sha256 or xxh128)"));
    return std::nullopt;
  };
  const auto form = ::http::parse_form(call.request.query);
  if (!form) return refuse("the query is not validly percent-encoded");
  auto algorithm = DigestAlgorithm::sha256;
  for (const auto& [key, value] : *form) {
    if (key != "digest") return refuse(quote(key) + " is not known here");
    if (value == "xxh128") {
      algorithm = DigestAlgorithm::xxh128;
    } else if (value != "sha256") {
      return refuse("digest: expected sha256 or xxh128");
    }
  }
  return algorithm;
}

}  // namespace

// The digest of a large upload takes seconds, so it is made off the loop; the client may be gone
// when it is done.
void get_upload(Call& call) {
  const auto& id = call.argument;
  if (!is_upload_id(id)) return call.answer(reply_error(404, "there is no such upload"));
  const auto algorithm = algorithm_of(call);
  if (!algorithm) return;
  auto& services = call.lane.services();
  auto upload = services.store.find(id);
  if (!upload) {
    if (upload.error().kind == StoreError::Kind::not_found) {
      return call.answer(reply_error(404, "there is no such upload"));
    }
    return call.answer(reply_error(upload.error()));
  }
  auto reader = services.store.open(id);
  if (!reader) {
    if (reader.error().kind != StoreError::Kind::not_kept) {
      return call.answer(reply_error(reader.error()));
    }
    return call.answer(describe(call, *upload, {*algorithm, std::nullopt}));
  }
  in_background(
      services.loop,
      [reader = *std::move(reader), algorithm = *algorithm] {
        return digest_of(*reader, algorithm);
      },
      call.if_wanted([&call, upload = *std::move(upload),
                      algorithm = *algorithm](const StoreResult<std::string>& hex) {
        if (!hex) return call.answer(reply_error(hex.error()));
        call.answer(describe(call, upload, {algorithm, *hex}));
      }));
}

void remove_upload(Call& call) {
  const auto& id = call.argument;
  if (!is_upload_id(id)) return call.answer(reply_error(404, "there is no such upload"));
  auto& services = call.lane.services();
  const auto upload = services.store.find(id);
  // A damaged one can be removed too; there is nothing to tell hooks about it.
  if (!upload && upload.error().kind == StoreError::Kind::not_found) {
    return call.answer(reply_error(404, "there is no such upload"));
  }
  const auto lease = services.locks.acquire(id, {});
  if (!lease) {
    return call.answer(
        reply_error(409, "another request holds the upload and does not let go", "try again"));
  }
  if (const auto removed = services.store.remove(id); !removed) {
    const bool gone = removed.error().kind == StoreError::Kind::not_found;
    return call.answer(reply_error(gone ? 404 : 500, removed.error().detail));
  }
  if (upload) call.lane.removed(*upload);
  Reply reply;
  reply.status = 204;
  call.answer(std::move(reply));
}

}  // namespace mock::control
