#include "results/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "protocol/json/decode.hpp"
#include "redact/printable.hpp"
#include "results/fields.hpp"

namespace loadgen {
namespace {

using Json = nlohmann::ordered_json;
using json::Cursor;

constexpr std::string_view tool = "dex-loadgen";

template <class E>
constexpr int last_of = 0;
template <>
constexpr int last_of<UploadState> = static_cast<int>(UploadState::interrupted);
template <>
constexpr int last_of<PhaseKind> = static_cast<int>(PhaseKind::drain);
template <>
constexpr int last_of<AttemptEnd> = static_cast<int>(AttemptEnd::unfinished);
template <>
constexpr int last_of<Method> = static_cast<int>(Method::other);
template <>
constexpr int last_of<Loses> = static_cast<int>(Loses::question);
template <>
constexpr int last_of<transport::Cut::Kind> = static_cast<int>(transport::Cut::Kind::silent);

template <class E>
concept Named = (last_of<E>) > 0;

/// Counts fit into the doubles of other languages, and sums of a hundred of them into ours.
constexpr std::uint64_t most = 1ULL << 53U;

Json number_of(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<std::int64_t>(value);
  return value;
}

// ---- writing

class Writer {
 public:
  explicit Writer(Json& to) : to_(to) { to_ = Json::object(); }

  template <class T>
  void operator()(const char* key, const T& value) {
    to_[key] = made(value);
  }
  template <class T>
  void operator()(const char* key, const std::optional<T>& value) {
    if (value) to_[key] = made(*value);
  }
  void hex(const char* key, std::uint64_t value) { to_[key] = fmt::format("{:016x}", value); }
  /// A value that may need all 64 bits.
  void whole(const char* key, std::uint64_t value) { to_[key] = value; }
  template <class Value>
  void derived(const char* key, Value value) {
    to_[key] = value();
  }
  void summary(const Stats& stats) {
    Json& all = to_["summary"] = Json::object();
    for (const auto& [name, value] : summary_fields(stats)) all[name] = number_of(value);
  }
  void seconds(const char* key, const std::vector<SecondResults>& seconds) {
    seconds_ = &seconds;
    columns_ = &(to_[key] = Json::object());
    Json& whole = *columns_;
    columns(*this, seconds.empty() ? 0 : seconds.front().figures.groups.size());
    if (!whole.contains("groups")) whole["groups"] = Json::array();
  }
  template <class Get>
  void column(const char* key, Get get) {
    Json& list = (*columns_)[key] = Json::array();
    for (const auto& second : *seconds_) list.push_back(made(get(second)));
  }
  void begin_group(std::size_t number) {
    whole_ = columns_;
    if (number == 0) (*whole_)["groups"] = Json::array();
    columns_ = &group_;
    group_ = Json::object();
  }
  void end_group() {
    columns_ = whole_;
    (*whole_)["groups"].push_back(group_);
  }

 private:
  template <class T>
  static Json made(const T& value) {
    if constexpr (std::is_same_v<T, double>) {
      return number_of(value);
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return value.value;
    } else if constexpr (std::is_same_v<T, ExitCode>) {
      return static_cast<int>(value);
    } else if constexpr (std::is_same_v<T, VerifyMethod> || Named<T>) {
      return std::string(to_string(value));
    } else if constexpr (std::is_same_v<T, Criterion>) {
      return value.text();
    } else {
      Json object;
      Writer writer(object);
      fields(writer, value);
      return object;
    }
  }
  static Json made(const Milliseconds& time) { return time.count(); }
  static Json made(const std::chrono::microseconds& time) { return time.count(); }
  static Json made(const Time& time) {
    return std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
  }
  static Json made(const Histogram& h) {
    return {{"count", h.count()},
            {"sum_us", h.sum_us()},
            {"min_us", h.min().count()},
            {"max_us", h.max().count()},
            {"buckets", made(h.counts())}};
  }
  static Json made(const BucketCounts& counts) {
    Json list = Json::array();
    for (const auto& [bucket, count] : counts) list.push_back({bucket, count});
    return list;
  }
  static Json made(const BytesByEnd& bytes) {
    Json object = Json::object();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      object[std::string(to_string(static_cast<AttemptEnd>(i)))] = bytes[i].value;
    }
    return object;
  }
  static Json made(const std::map<std::string, CauseCount>& causes) {
    Json list = Json::array();
    for (const auto& [what, cause] : causes) {
      list.push_back({{"cause", what}, {"count", cause.count}, {"example", cause.example}});
    }
    return list;
  }
  static Json made(const std::vector<std::pair<std::string, std::string>>& settings) {
    Json list = Json::array();
    for (const auto& [name, value] : settings) list.push_back({{"name", name}, {"value", value}});
    return list;
  }
  template <class T>
  static Json made(const std::vector<T>& all) {
    Json list = Json::array();
    for (const auto& one : all) list.push_back(made(one));
    return list;
  }

  Json& to_;
  const std::vector<SecondResults>* seconds_ = nullptr;
  Json* columns_ = nullptr;
  Json* whole_ = nullptr;
  Json group_;
};

// ---- reading

std::uint64_t count_at(const Cursor& at, std::uint64_t limit = most) {
  const std::uint64_t value = at.unsigned_integer();
  if (value > limit) at.fail(fmt::format("{} is more than there can be ({})", value, limit));
  return value;
}

std::int64_t time_at(const Cursor& at) {
  const std::int64_t value = at.integer();
  if (std::abs(value) > static_cast<std::int64_t>(most / 2)) at.fail("no time is so far away");
  return value;
}

class Reader {
 public:
  explicit Reader(Cursor at) : at_(std::move(at)) {}

  template <class T>
  void operator()(const char* key, T& value) {
    keys_.emplace_back(key);
    read(at_.at(key), value);
  }
  template <class T>
  void operator()(const char* key, std::optional<T>& value) {
    keys_.emplace_back(key);
    value.reset();
    if (const auto found = at_.find(key)) read(*found, value.emplace());
  }
  void hex(const char* key, std::uint64_t& value) {
    keys_.emplace_back(key);
    const Cursor at = at_.at(key);
    const std::string& text = at.string();
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value, 16);
    if (text.size() != 16 || code != std::errc{} || stop != end) at.fail("16 digits are expected");
  }
  void whole(const char* key, std::uint64_t& value) {
    keys_.emplace_back(key);
    value = at_.at(key).unsigned_integer();
  }
  template <class Value>
  void derived(const char* key, Value /*value*/) {
    keys_.emplace_back(key);
  }
  void summary(const Stats& /*stats*/) { keys_.emplace_back("summary"); }
  void seconds(const char* key, std::vector<SecondResults>& seconds) {
    keys_.emplace_back(key);
    Reader reader(at_.at(key));
    reader.seconds_ = &seconds;
    reader.keys_.emplace_back("groups");
    const auto groups = reader.at_.at("groups").items();
    seconds.assign(reader.at_.at("second").items().size(), {});
    for (auto& second : seconds) second.figures.groups.resize(groups.size());
    reader.groups_ = groups;
    columns(reader, groups.size());
    reader.done();
    std::uint64_t before = 0;
    for (const auto& second : seconds) {
      if (second.figures.number <= before) at_.at(key).at("second").fail("they do not go on");
      before = second.figures.number;
    }
  }
  template <class Get>
  void column(const char* key, Get get) {
    if (!group_) keys_.emplace_back(key);
    if (group_) group_keys_.emplace_back(key);
    const Cursor at = (group_ ? *group_ : at_).at(key);
    const auto items = at.items();
    if (items.size() != seconds_->size()) {
      at.fail(fmt::format("{} values for {} seconds", items.size(), seconds_->size()));
    }
    for (std::size_t i = 0; i < items.size(); ++i) read(items[i], get((*seconds_)[i]));
  }
  void begin_group(std::size_t number) {
    group_ = groups_.at(number);
    group_keys_.clear();
  }
  void end_group() {
    group_->only(group_keys_);
    group_.reset();
  }

  void done() { at_.only(keys_); }
  void also(std::string_view key) { keys_.push_back(key); }

 private:
  template <class T>
  static void read(const Cursor& at, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = at.boolean();
    } else if constexpr (std::is_same_v<T, double>) {
      value = at.number();
      if (!std::isfinite(value) || value < 0) at.fail("a number from 0 on is expected");
    } else if constexpr (std::is_unsigned_v<T>) {
      value = static_cast<T>(
          count_at(at, std::min<std::uint64_t>(most, std::numeric_limits<T>::max())));
    } else if constexpr (std::is_same_v<T, int>) {
      value = static_cast<int>(count_at(at, 999));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = redact::printable(at.string());
    } else if constexpr (std::is_same_v<T, Bytes>) {
      value = Bytes{count_at(at)};
    } else if constexpr (std::is_same_v<T, ExitCode>) {
      value =
          static_cast<ExitCode>(count_at(at, static_cast<std::uint64_t>(ExitCode::interrupted)));
    } else if constexpr (std::is_same_v<T, VerifyMethod>) {
      value = at.unwrap(parse_verify_method(at.string()));
    } else if constexpr (Named<T>) {
      for (int i = 0; i <= last_of<T>; ++i) {
        value = static_cast<T>(i);
        if (to_string(value) == at.string()) return;
      }
      at.fail(fmt::format("{} is none of those that there are", quote(at.string())));
    } else if constexpr (std::is_same_v<T, Criterion>) {
      value = at.unwrap(Criterion::parse(at.string()));
    } else {
      Reader reader(at);
      fields(reader, value);
      reader.done();
    }
  }
  static void read(const Cursor& at, Milliseconds& time) { time = Milliseconds{time_at(at)}; }
  static void read(const Cursor& at, std::chrono::microseconds& time) {
    time = std::chrono::microseconds{time_at(at)};
  }
  static void read(const Cursor& at, Time& time) {
    time = Time{} + std::chrono::microseconds{time_at(at)};
  }
  static void read(const Cursor& at, BucketCounts& counts) {
    counts.clear();
    for (const auto& item : at.items()) {
      const auto pair = item.items();
      if (pair.size() != 2) item.fail("a bucket and its count are expected");
      const std::int64_t bucket = pair[0].integer();
      const bool good = bucket >= Histogram::first_bucket && bucket <= Histogram::last_bucket;
      if (!good) pair[0].fail("there is no such bucket");
      if (!counts.empty() && counts.back().first >= bucket) item.fail("buckets ascend");
      const std::uint64_t count = count_at(pair[1]);
      if (count == 0) pair[1].fail("empty buckets are left out");
      counts.emplace_back(static_cast<int>(bucket), count);
    }
  }
  static void read(const Cursor& at, Histogram& histogram) {
    at.only({"count", "sum_us", "min_us", "max_us", "buckets"});
    BucketCounts counts;
    read(at.at("buckets"), counts);
    const auto least = std::chrono::microseconds{count_at(at.at("min_us"))};
    const auto largest = std::chrono::microseconds{count_at(at.at("max_us"))};
    auto made =
        Histogram::of(counts, static_cast<double>(count_at(at.at("sum_us"))), least, largest);
    if (!made) at.fail("these buckets do not have that least or largest value");
    if (made->count() != count_at(at.at("count"))) at.at("count").fail("the buckets have another");
    histogram = *std::move(made);
  }
  static void read(const Cursor& at, BytesByEnd& bytes) {
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      keys.push_back(to_string(static_cast<AttemptEnd>(i)));
      bytes[i] = Bytes{count_at(at.at(keys.back()))};
    }
    at.only(keys);
  }
  static void read(const Cursor& at, std::map<std::string, CauseCount>& causes) {
    causes.clear();
    for (const auto& item : at.items()) {
      item.only({"cause", "count", "example"});
      CauseCount cause;
      cause.count = count_at(item.at("count"));
      read(item.at("example"), cause.example);
      std::string what;
      read(item.at("cause"), what);
      if (!causes.emplace(what, cause).second) item.fail("this cause comes twice");
    }
  }
  static void read(const Cursor& at, std::vector<std::pair<std::string, std::string>>& settings) {
    settings.clear();
    for (const auto& item : at.items()) {
      item.only({"name", "value"});
      auto& [name, value] = settings.emplace_back();
      read(item.at("name"), name);
      read(item.at("value"), value);
    }
  }
  template <class T>
  static void read(const Cursor& at, std::vector<T>& all) {
    all.clear();
    for (const auto& item : at.items()) read(item, all.emplace_back());
  }

  Cursor at_;
  std::vector<std::string_view> keys_;
  std::vector<SecondResults>* seconds_ = nullptr;
  std::vector<Cursor> groups_;
  std::optional<Cursor> group_;
  std::vector<std::string_view> group_keys_;
};

Results read(const Cursor& at) {
  if (at.at("tool").string() != tool) at.at("tool").fail("these are results of another program");
  if (const auto format = at.at("format").unsigned_integer(); format != results_format) {
    at.at("format").fail(
        fmt::format("it is {}, and dex-loadgen of this version reads {}: take that which wrote it",
                    format, results_format));
  }
  Results results;
  Reader reader(at);
  reader.also("tool");
  reader.also("format");
  fields(reader, results);
  reader.done();
  const std::size_t groups = results.groups.size();
  const std::size_t phases = results.phases.size();
  for (const auto& second : results.seconds) {
    const auto of_groups = second.figures.groups.size();
    if (of_groups != 0 && of_groups != groups) at.at("seconds").at("groups").fail("not all groups");
    if (second.figures.phase >= phases) at.at("seconds").at("phase").fail("there is no such phase");
  }
  for (const auto& one : results.specimens) {
    if (one.upload.group >= groups || one.upload.phase >= phases) {
      at.at("uploads").fail(fmt::format("upload {} is of no group or phase", one.upload.index));
    }
  }
  return results;
}

}  // namespace

std::string results_json(const Results& results) {
  Json root;
  Json all;
  Writer writer(all);
  fields(writer, results);
  root["tool"] = tool;
  root["format"] = results_format;
  root.update(all);
  return root.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<Results> parse_results(std::string_view text, const std::string& document) {
  if (text.size() > results_limit.value) {
    return failure(document, fmt::format("it is larger than {}, and no results are",
                                         to_string(results_limit)));
  }
  return json::decode(text, document, [](const Cursor& at) { return read(at); });
}

Result<Results> read_results(const std::string& path) {
  std::error_code error;
  auto file = std::filesystem::path(path);
  if (std::filesystem::is_directory(file, error)) file /= "results.json";
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > results_limit.value) {
    return failure(file.string(), fmt::format("it is larger than {}, and no results are",
                                              to_string(results_limit)));
  }
  return json::decode_file(file.string(), [](const Cursor& at) { return read(at); });
}

}  // namespace loadgen
