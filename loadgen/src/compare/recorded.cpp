#include "compare/recorded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "compare/table.hpp"
#include "protocol/json/decode.hpp"
#include "protocol/units.hpp"

namespace loadgen {
namespace {

namespace fs = std::filesystem;

constexpr double month_s = 31.0 * 24 * 3600;
constexpr std::uint64_t most_of_summary = 16U << 20U;
constexpr std::uint64_t most_of_table = 1U << 30U;

Result<void> regular(const fs::path& file, std::uint64_t most) {
  std::error_code error;
  const auto status = fs::status(file, error);
  if (!fs::exists(status)) {
    return failure(file.string(), "is not there", "give a folder that --report wrote");
  }
  if (!fs::is_regular_file(status)) return failure(file.string(), "is no regular file");
  const auto size = fs::file_size(file, error);
  if (error) return failure(file.string(), error.message());
  if (size > most) {
    return failure(file.string(), fmt::format("has {}; at most {} are read", to_string(Bytes{size}),
                                              to_string(Bytes{most})));
  }
  return {};
}

std::string text_of(const json::Cursor& value) {
  return value.is_string() ? value.string() : value.raw().dump();
}

/// Adds what the objects of a list are, without their results.
void add_parts(const json::Cursor& root, const char* list,
               std::vector<std::pair<std::string, std::string>>& to) {
  const auto items = root.at(list).items();
  to.emplace_back(fmt::format("number of {}", list), std::to_string(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (const auto& [key, value] : items[i].members()) {
      if (key == "summary") continue;
      to.emplace_back(fmt::format("{}[{}].{}", list, i, key), text_of(value));
    }
  }
}

Recorded read_summary(const json::Cursor& root) {
  if (root.at("tool").string() != "dex-loadgen") root.at("tool").fail("this is another tool's");
  Recorded run;
  run.version = root.at("version").string();
  if (const auto id = root.find("run_id")) run.run_id = id->string();
  if (const auto code = root.at("exit_code"); code.integer() < 0 || code.integer() > 1) {
    code.fail("this run did not come to its end (" + root.at("verdict").string() +
              "): there is nothing to compare");
  }
  run.verdict = root.at("verdict").string();
  run.target = root.at("target").string();
  run.system = root.at("system").string();
  run.seed = root.at("seed").unsigned_integer();
  for (const char* name :
       {"system", "network", "payload", "size", "concurrency", "rate_per_s", "verify"}) {
    run.scenario.emplace_back(name, text_of(root.at(name)));
  }
  if (root.find("groups") && root.find("phases")) {
    run.parts.emplace();
    add_parts(root, "groups", *run.parts);
    add_parts(root, "phases", *run.parts);
  }
  for (const auto& [name, value] : root.at("summary").members()) {
    run.summary.emplace(name, value.number());
  }
  return run;
}

Result<void> read_uploads(const fs::path& file, Recorded& run) {
  auto table = Table::open(file.string());
  if (!table) return tl::unexpected(table.error());
  const auto columns =
      table->columns({"index", "state", "intended_ms", "started_ms", "created_ms", "uploaded_ms",
                      "delivered_ms", "retries", "sent", "acknowledged"});
  if (!columns) return tl::unexpected(columns.error());
  enum : std::size_t {
    index,
    state,
    intended,
    started,
    created,
    uploaded,
    delivered,
    retries,
    sent,
    acknowledged
  };
  const auto ended = table->column("ended_ms");
  const auto verify =
      std::ranges::find(run.scenario, "verify", &std::pair<std::string, std::string>::first);
  const bool nobody_looked = verify->second == "none";
  run.begin = std::numeric_limits<double>::infinity();
  for (;;) {
    const auto more = table->next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    RecordedUpload upload;
    const auto time = [&](std::size_t column) {
      return table->number(column, 0, 1000 * month_s).map([](double ms) { return ms / 1000; });
    };
    const auto maybe = [&](std::size_t column, std::optional<double>& into) -> Result<void> {
      if (table->field(column).empty()) return {};
      return time(column).map([&](double at) { into = at; });
    };
    const auto put = [&](std::size_t column, double most, double& into) -> Result<void> {
      return table->number(column, 0, most).map([&](double value) { into = value; });
    };
    double number = 0;
    for (const auto& read :
         {put((*columns)[index], 9e15, number),
          time((*columns)[intended]).map([&](double at) { upload.due = at; }),
          time((*columns)[started]).map([&](double at) { upload.started = at; }),
          maybe((*columns)[created], upload.created), maybe((*columns)[uploaded], upload.uploaded),
          maybe((*columns)[delivered], upload.delivered),
          ended ? maybe(*ended, upload.ended) : Result<void>{},
          put((*columns)[retries], 9e15, upload.retries), put((*columns)[sent], 9e18, upload.sent),
          put((*columns)[acknowledged], 9e18, upload.acknowledged)}) {
      if (!read) return read;
    }
    upload.index = static_cast<std::uint64_t>(number);
    if (!run.uploads.empty() && upload.index <= run.uploads.back().index) {
      return table->wrong("its index is not above that of the line before");
    }
    const auto became = table->field((*columns)[state]);
    upload.good = became == "verified" || (nobody_looked && became == "unverified");
    upload.over = became != "interrupted" && became != "running";
    run.begin = std::min(run.begin, upload.started);
    if (const auto end = upload.end()) run.end = std::max(run.end, *end);
    run.uploads.push_back(upload);
  }
  if (static_cast<double>(run.uploads.size()) != run.number("uploads")) {
    return failure(file.string(),
                   fmt::format("has {} uploads, and summary.json tells of {:.0f}",
                               run.uploads.size(), run.number("uploads")),
                   "are both of one run, and whole?");
  }
  if (run.uploads.empty()) return failure(file.string(), "tells of no upload");
  return {};
}

Result<void> read_seconds(const fs::path& file, Recorded& run) {
  auto table = Table::open(file.string());
  if (!table) return tl::unexpected(table.error());
  const auto columns = table->columns({"second", "acknowledged"});
  if (!columns) return tl::unexpected(columns.error());
  for (;;) {
    const auto more = table->next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    const auto number = table->number((*columns)[0], 1, month_s);
    if (!number) return tl::unexpected(number.error());
    const auto bytes = table->number((*columns)[1], 0, 9e18);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto second = static_cast<std::size_t>(*number);
    if (second <= run.acknowledged.size()) {
      return table->wrong("its second is not after that of the line before");
    }
    // On a busy machine one line may stand for several seconds.
    const auto seconds = static_cast<double>(second - run.acknowledged.size());
    run.acknowledged.resize(second, *bytes / seconds);
  }
}

}  // namespace

double Recorded::number(const std::string& name) const {
  const auto found = summary.find(name);
  return found == summary.end() ? 0 : found->second;
}

Result<Recorded> read_recorded(const std::string& folder) {
  const fs::path path(folder);
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return failure(folder, "is no folder", "give one that dex-loadgen run --report wrote");
  }
  const auto summary = path / "summary.json";
  const auto uploads = path / "uploads.csv";
  const auto seconds = path / "seconds.csv";
  if (const auto good = regular(summary, most_of_summary); !good) {
    return tl::unexpected(good.error());
  }
  auto run = json::decode_file(summary.string(), read_summary);
  if (!run) return run;
  run->folder = folder;
  if (const auto good = regular(uploads, most_of_table); !good) return tl::unexpected(good.error());
  if (const auto done = read_uploads(uploads, *run); !done) return tl::unexpected(done.error());
  if (fs::exists(seconds, error)) {
    if (const auto good = regular(seconds, most_of_table); !good) {
      return tl::unexpected(good.error());
    }
    if (const auto done = read_seconds(seconds, *run); !done) return tl::unexpected(done.error());
  }
  return run;
}

}  // namespace loadgen
