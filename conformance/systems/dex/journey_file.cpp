// The file on its way: pieces, a lost connection, and what becomes of it.
#include <fmt/format.h>

#include "dex/delivery_told.hpp"
#include "dex/journey.hpp"
#include "protocol/tus/headers.hpp"
#include "protocol/tus/numbers.hpp"
#include "tus/request.hpp"

namespace conformance::onboard {
namespace {

using transport::Exchange;
using transport::Request;

/// How often a connection may break by itself before the walk gives up.
constexpr int most_breaks = 3;

bool is_2xx(const Exchange& seen) { return seen.response && seen.response->status / 100 == 2; }

std::optional<std::uint64_t> offset_in(const Exchange& seen) {
  if (!seen.response) return std::nullopt;
  const auto text = seen.response->headers.find(tus::header::upload_offset);
  const auto value = text ? tus::parse_length(*text) : tl::unexpected(Error{});
  return value ? std::optional(value->value) : std::nullopt;
}

}  // namespace

// ---- the file ----------------------------------------------------------------------------------

Request DexJourney::piece(std::size_t size) const {
  return tus_request("PATCH", upload_,
                     {{std::string(tus::header::upload_offset), std::to_string(sent_)},
                      {"Content-Type", std::string(tus::offset_media_type)}},
                     baggage_.file.substr(sent_, size));
}

std::string DexJourney::renewed_since(int before) const {
  if (visit_.renewals() == before) return {};
  return " The token ended on the way; a new one was asked for, and the upload went on. Your "
         "program has to do the same.";
}

Told DexJourney::lost_bytes(std::uint64_t stored) const {
  return trouble({Whose::service,
                  fmt::format("The service lost bytes: it had confirmed {}, and now has {}.",
                              bytes_told(sent_), bytes_told(stored)),
                  fmt::format("Send this page to {}, and no real data before they have mended it.",
                              people())});
}

/// For an answer after which the walk cannot go on. The texts of the service are not repeated: they
/// may contain bytes of the file, which it has by now.
Told DexJourney::refusal(const Exchange& seen, std::string_view of) const {
  if (!seen.response) {
    return trouble(
        {Whose::network,
         fmt::format("{} It was lost at {}.", seen.failure ? lost_told(*seen.failure) : "", of),
         "Walk again. If it stays so, ask your IT whether a firewall or a proxy limits "
         "how much may be sent at once, or how long a connection may last."});
  }
  const int status = seen.response->status;
  if (status == 401 || status == 403) {
    if (visit_.logs_in()) {
      return at_service(fmt::format(
          "The service took your token at first, and refuses {} with a new one ({}).", of, status));
    }
    return trouble(
        {Whose::partner,
         fmt::format("The token ended on the way: the service took it at first, and refused it at "
                     "{} ({}).",
                     of, status),
         "Give your user name and password in place of a token (--username-env, --password-env), "
         "and let your program ask for a new token when one is refused, and go on with the same "
         "upload."});
  }
  if (status == 413) {
    return trouble({Whose::partner, "The file is too large for the service.",
                    fmt::format("Ask {} how large a file may be.", people())});
  }
  if (status == 404 || status == 410) {
    return at_service(
        fmt::format("The service does not know the upload any more, at {} ({}).", of, status));
  }
  return at_service(fmt::format("The service does not take {} (its answer: {}).", of, status));
}

std::optional<Told> DexJourney::ask_offset(std::size_t at_most) {
  const Exchange seen = visit_.ask(tus_request("HEAD", upload_), Who::partner);
  if (!is_2xx(seen)) return refusal(seen, "the question how much has arrived");
  const auto stored = offset_in(seen);
  if (!stored) return at_service("The service does not say how much has arrived.");
  if (*stored < sent_) return lost_bytes(*stored);
  if (*stored > at_most) {
    return at_service(fmt::format("The service says that {} have arrived, and {} were sent.",
                                  bytes_told(*stored), bytes_told(at_most)));
  }
  sent_ = *stored;
  return std::nullopt;
}

std::optional<Told> DexJourney::send_until(std::size_t end) {
  while (sent_ < end) {
    const std::size_t size = std::min(piece_, end - sent_);
    const Exchange seen = visit_.ask(piece(size), Who::partner, std::chrono::minutes{5});
    if (!seen.response && ++breaks_ <= most_breaks) {
      if (auto told = ask_offset(sent_ + size)) return told;
      continue;
    }
    // A 409 says that the offset is not what the service confirmed before: ask for it.
    if (seen.response && seen.response->status == 409) {
      if (auto told = ask_offset(sent_)) return told;
    }
    if (!is_2xx(seen)) return refusal(seen, "a piece of the file");
    const auto stored = offset_in(seen);
    if (stored && *stored < sent_) return lost_bytes(*stored);
    if (stored != sent_ + size) {
      return at_service(fmt::format(
          "The service took a piece of {} and confirms {} in all, where {} were sent.",
          bytes_told(size), stored ? bytes_told(*stored) : "nothing", bytes_told(sent_ + size)));
    }
    sent_ += size;
  }
  return std::nullopt;
}

Told DexJourney::send_first() {
  const int before = visit_.renewals();
  if (auto told = send_until(baggage_.file.size() / 2)) return *told;
  if (auto told = ask_offset(sent_)) return *told;
  if (sent_ == 0) return done("The file is so small that it goes in one piece.");
  return done(fmt::format("{} of {} are there, in pieces of {}.{}", bytes_told(sent_),
                          bytes_told(baggage_.file.size()), bytes_told(piece_),
                          renewed_since(before)));
}

Told DexJourney::lose_and_resume() {
  const int before = visit_.renewals();
  const std::size_t size = std::min(piece_, baggage_.file.size() - sent_);
  const std::size_t from = sent_;
  const auto cut = visit_.cut(piece(size), Who::partner, size / 2);
  std::string seen = "The connection could not be broken from here.";
  if (cut) {
    if (auto told = ask_offset(sent_ + size / 2)) return *told;
    seen = fmt::format(
        "With {} confirmed, the connection was broken in the middle of the next piece. The service "
        "had kept {}, and the upload went on from there.",
        bytes_told(from), bytes_told(sent_));
  }
  if (auto told = send_until(baggage_.file.size())) return *told;
  const std::size_t all = sent_;
  if (auto told = ask_offset(all)) return *told;
  seen += fmt::format(" All {} are confirmed.{}", bytes_told(all), renewed_since(before));
  return cut ? done(std::move(seen)) : remark(std::move(seen));
}

// ---- after the file ----------------------------------------------------------------------------

Told DexJourney::see_complete() {
  Request request;
  request.method = "GET";
  request.url = target_.info_url + "/" + id_;
  Exchange seen;
  InfoTold info;
  const bool complete = visit_.eventually([&] {
    seen = visit_.ask(request, Who::partner);
    info = is_2xx(seen) ? read_info(seen.response->body) : InfoTold{};
    return info.complete;
  });
  if (!complete && !is_2xx(seen)) return refusal(seen, "the question about the upload (/info)");
  if (!complete) {
    return at_service(
        fmt::format("The file was sent whole, and {} later /info still does not call it Complete.",
                    ::to_string(baggage_.patience)));
  }
  if (info.size && *info.size != baggage_.file.size()) {
    return at_service(fmt::format("/info says Complete with {}; the file has {}.",
                                  bytes_told(*info.size), bytes_told(baggage_.file.size())));
  }
  return done(info.size ? fmt::format("/info says Complete, with {}.", bytes_told(*info.size))
                        : std::string("/info says Complete; it does not tell the size."));
}

Told DexJourney::see_delivered() {
  Request request;
  request.method = "GET";
  request.url = target_.info_url + "/" + id_;
  Exchange seen;
  InfoTold info;
  const bool delivered = visit_.eventually([&] {
    seen = visit_.ask(request, Who::partner);
    info = is_2xx(seen) ? read_info(seen.response->body) : InfoTold{};
    return info.delivered();
  });
  if (delivered) {
    return done(info.targets == 1 ? "It was handed on to the one place that it is for."
                                  : fmt::format("It was handed on to all {} places that it is for.",
                                                info.targets));
  }
  if (!is_2xx(seen)) return refusal(seen, "the question about the delivery (/info)");
  if (info.failed > 0) {
    return at_service(fmt::format(
        "The file arrived whole and could not be handed on: {} of {} deliveries failed. The "
        "people of the service see why in /info of the upload.",
        info.failed, info.targets));
  }
  return trouble(
      {Whose::service,
       fmt::format("The file arrived whole, and was not handed on within {}.",
                   ::to_string(baggage_.patience)),
       fmt::format("Send this page to {}, and ask whether deliveries of your data stream "
                   "are set up there.",
                   people())});
}

Told DexJourney::compare_bytes() {
  if (!target_.delivered_dir.empty()) {
    const auto equal = delivered_equals_file(target_.delivered_dir, id_, baggage_.file);
    if (!equal) return at_service("Where deliveries can be read there is no file of this upload.");
    if (*equal) return done("They are the same.");
    return at_service("What was delivered is not the file that was sent.");
  }
  Request request = tus_request("GET", upload_);
  request.body_limit = Bytes{baggage_.file.size() + (64U << 10U)};
  const Exchange seen = visit_.ask(std::move(request), Who::partner);
  // A body of another length may be a page about the upload.
  if (is_2xx(seen) && seen.response->body == baggage_.file) {
    return done("Read back from the service, they are the same.");
  }
  if (is_2xx(seen) && seen.response->body.size() == baggage_.file.size()) {
    return at_service("Read back from the service, the file is not the one that was sent.");
  }
  return not_tried(
      fmt::format("They cannot be read from here. Ask {} to confirm that the upload "
                  "has {}.",
                  people(), bytes_told(baggage_.file.size())));
}

}  // namespace conformance::onboard
