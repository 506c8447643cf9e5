#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "html/plot.hpp"
#include "page/findings.hpp"
#include "page/page.hpp"

namespace loadgen {
namespace {

using html::leaf;
using html::Markup;
using html::tag;

constexpr double width = 1060, left = 290, right = 110, top = 26, row = 22;
/// Between two requests.
constexpr double gap = 2;
/// The most requests of one upload in the folded table.
constexpr std::size_t most_requests = 16;

std::string n(double value) { return fmt::format("{:.6g}", std::round(value * 10) / 10); }

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

Time end_of(const UploadResult& upload) {
  Time end = std::max(upload.started, upload.intended);
  for (const auto& time : {upload.created, upload.uploaded, upload.ended, upload.delivered}) {
    if (time) end = std::max(end, *time);
  }
  for (const Attempt& attempt : upload.trace.attempts) {
    end = std::max(end, attempt.end.value_or(attempt.begin));
  }
  return end;
}

/// What stands beside a request that was not answered well.
std::string sign_of(const Attempt& attempt) {
  switch (attempt.how) {
    case AttemptEnd::answered:
      return "";
    case AttemptEnd::refused:
      return std::to_string(attempt.status);
    case AttemptEnd::network:
      return "\xc3\x97";  // multiplication sign
    case AttemptEnd::client:
      return "\xe2\x86\xbb";  // clockwise open circle arrow
    case AttemptEnd::silence:
      return "?";
    case AttemptEnd::connection:
      return "!";
    case AttemptEnd::unfinished:
      return "\xe2\x80\xa6";  // ellipsis
  }
  return "";
}

/// Which attempts ended because nothing came until the client gave up. For attempts that the
/// partner's network lost, its cuts tell, one after the other; without cuts it was an outage, which
/// is silent.
std::vector<bool> silent_of(const UploadResult& upload) {
  const auto& attempts = upload.trace.attempts;
  const auto lost =
      static_cast<std::size_t>(std::ranges::count(attempts, AttemptEnd::network, &Attempt::how));
  const bool in_order = lost == upload.cuts.size() && upload.trace.left_out == 0;
  std::vector<bool> silent;
  std::size_t cut = 0;
  for (const Attempt& attempt : attempts) {
    bool one = attempt.how == AttemptEnd::silence;
    if (attempt.how == AttemptEnd::network) {
      one = upload.cuts.empty() ||
            (in_order && upload.cuts[cut].kind == transport::Cut::Kind::silent);
      ++cut;
    }
    silent.push_back(one);
  }
  return silent;
}

std::string name_of(const Results& results, const UploadResult& upload) {
  const std::string group =
      results.groups.size() > 1 ? " " + results.groups.at(upload.group).name : "";
  return fmt::format("{}{}", upload.index, group);
}

/// When it was due.
std::string due_text(const UploadResult& upload) {
  const double due = std::chrono::duration<double>(upload.intended.time_since_epoch()).count();
  return due < 180 ? fmt::format("{:.1f} s", due) : html::time_text(due);
}

class Waterfall {
 public:
  Waterfall(const Results& results, std::vector<const UploadResult*> uploads)
      : results_(results), uploads_(std::move(uploads)) {
    for (const auto* upload : uploads_) {
      range_ = std::max(range_, seconds_between(upload->intended, end_of(*upload)));
    }
  }

  [[nodiscard]] Markup svg(const std::string& id, const std::string& title,
                           const std::string& description) const {
    const double height = top + row * static_cast<double>(uploads_.size()) + 6;
    Markup inside = tag("title", {{"id", id + "-title"}}, title) +
                    tag("desc", {{"id", id + "-text"}}, description) + axis(height);
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      inside += story(*uploads_[i], top + row * static_cast<double>(i));
    }
    return tag("svg",
               {{"viewBox", fmt::format("0 0 {} {}", width, height)},
                {"role", "img"},
                {"aria-labelledby", fmt::format("{0}-title {0}-text", id)}},
               inside);
  }

 private:
  [[nodiscard]] double x(double seconds) const {
    return left + std::clamp(seconds / range_, 0., 1.) * (width - left - right);
  }
  [[nodiscard]] static Markup text(double at, double y, const char* anchor, const char* look,
                                   const std::string& what) {
    return tag("text", {{"x", n(at)}, {"y", n(y)}, {"text-anchor", anchor}, {"class", look}}, what);
  }
  [[nodiscard]] static Markup box(double from, double to, double y, double high, const char* look) {
    return leaf("rect", {{"x", n(from)},
                         {"y", n(y)},
                         {"width", n(std::max(1.2, to - from))},
                         {"height", n(high)},
                         {"class", look}});
  }
  [[nodiscard]] static Markup line(double x1, double y1, double x2, double y2, const char* look) {
    return leaf("line",
                {{"x1", n(x1)}, {"y1", n(y1)}, {"x2", n(x2)}, {"y2", n(y2)}, {"class", look}});
  }

  [[nodiscard]] Markup axis(double height) const {
    Markup all;
    const double step = html::nice_step(range_, 8);
    for (double at = 0; at <= range_ * 1.0001; at += step) {
      all += line(x(at), top - 4, x(at), height, "grid");
      all += text(x(at), top - 10, "middle", "soft", html::time_text(at));
    }
    return all;
  }

  [[nodiscard]] Markup story(const UploadResult& upload, double y) const {
    const auto at = [&](Time time) { return x(seconds_between(upload.intended, time)); };
    const double middle = y + row / 2;
    Markup all = text(left - 10, middle + 4, "end", "",
                      fmt::format("{}, {}, at {}", name_of(results_, upload),
                                  to_string(upload.size), due_text(upload)));
    // From when it was due to its end; what is not a request is a wait.
    all += line(at(upload.intended), middle, at(end_of(upload)), middle, "wait");
    if (upload.started - upload.intended >= late_after) {
      all += line(at(upload.started), y + 5, at(upload.started), y + row - 5, "tick");
    }
    const auto& attempts = upload.trace.attempts;
    const std::vector<bool> silent = silent_of(upload);
    double free = 0;
    Markup marks;  // above all bars, and each at the end of its own
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      const Attempt& attempt = attempts[i];
      const double from = at(attempt.begin);
      double to = at(attempt.end.value_or(end_of(upload)));
      // So that two are not seen as one.
      const bool touches = i + 1 < attempts.size() && at(attempts[i + 1].begin) < to + gap;
      if (touches && to - from > 2 * gap) to -= gap;
      const bool good = attempt.how == AttemptEnd::answered;
      const double high = attempt.brings ? row - 8 : (row - 8) / 2.5;
      all += box(from, to, middle - high / 2, high, good ? "f1" : silent[i] ? "h2" : "f2");
      if (!good && to + 2 > free) {
        const std::string sign = sign_of(attempt);
        marks += text(to, middle + 4.5, "middle", "sign", sign);
        free = to + 7 * static_cast<double>(std::min<std::size_t>(sign.size(), 3));
      }
    }
    all += marks;
    const bool good =
        upload.state == UploadState::verified || upload.state == UploadState::uploaded;
    if (!good) {
      all += text(std::max(free, at(end_of(upload))) + 8, middle + 4, "start", "",
                  std::string(to_string(upload.state)));
    }
    return all;
  }

  const Results& results_;
  std::vector<const UploadResult*> uploads_;
  double range_ = 1e-3;
};

Markup requests_of(const Results& results, const std::string& title,
                   const std::vector<const UploadResult*>& uploads) {
  using html::Align;
  html::Table table{title + ": the requests, times from when the upload was due",
                    {{"upload"},
                     {"request"},
                     {"from", Align::number},
                     {"to", Align::number},
                     {"first byte", Align::number},
                     {"bytes", Align::number},
                     {"status", Align::number},
                     {"ended"}},
                    {}};
  for (const auto* upload : uploads) {
    const auto& attempts = upload->trace.attempts;
    const std::string name = name_of(results, *upload);
    for (std::size_t i = 0; i < std::min(attempts.size(), most_requests); ++i) {
      const Attempt& one = attempts[i];
      const auto time = [&](Time at) {
        return latency_text(1000 * seconds_between(upload->intended, at));
      };
      table.rows.push_back({name, std::string(to_string(one.method)), time(one.begin),
                            one.end ? time(*one.end) : "-",
                            one.brings ? fmt::format("{}", one.at.value) : "",
                            one.brings ? fmt::format("{}", one.sent.value) : "",
                            one.status != 0 ? fmt::format("{}", one.status) : "-",
                            one.how == AttemptEnd::answered ? "answered" : in_words(one.how)});
    }
    const std::uint64_t more =
        attempts.size() + upload->trace.left_out - std::min(attempts.size(), most_requests);
    if (more > 0) {
      table.rows.push_back(
          {name, fmt::format("and {} more: see results.json", more), "", "", "", "", "", ""});
    }
  }
  return html::fold("The requests of \"" + title + "\"", html::table(table));
}

/// Requests without an answer, whether by a cut or not, as the row of the drawing shows them.
std::string lost_text(const UploadResult& upload) {
  const auto lost = std::ranges::count_if(upload.trace.attempts, [](const Attempt& attempt) {
    return attempt.how == AttemptEnd::network || attempt.how == AttemptEnd::client ||
           attempt.how == AttemptEnd::silence || attempt.how == AttemptEnd::connection;
  });
  return fmt::format("{}{}", upload.trace.left_out > 0 ? "at least " : "", lost);
}

/// The slowest and the failed as a table, with what became of them.
Markup ends_of(const Results& results, const std::vector<const UploadResult*>& uploads) {
  using html::Align;
  html::Table table{"What became of them",
                    {{"upload"},
                     {"state"},
                     {"due at", Align::number},
                     {"took", Align::number},
                     {"size", Align::number},
                     {"requests lost", Align::number},
                     {"retries", Align::number},
                     {"resumes", Align::number},
                     {"begun again", Align::number},
                     {"cause"}},
                    {}};
  for (const auto* u : uploads) {
    const auto end = u->uploaded ? u->uploaded : u->ended;
    std::string cause;
    if (u->cause) {
      cause = u->cause->what;
      if (!u->cause->detail.empty()) cause += " - " + u->cause->detail.substr(0, 200);
    }
    table.rows.push_back({name_of(results, *u), std::string(to_string(u->state)), due_text(*u),
                          end ? latency_text(1000 * seconds_between(u->intended, *end)) : "-",
                          to_string(u->size), lost_text(*u), fmt::format("{}", u->retries),
                          fmt::format("{}", u->resumes), fmt::format("{}", u->new_uploads), cause});
  }
  return html::table(table);
}

Markup key() {
  const auto entry = [](const Markup& drawn, const char* text) {
    return tag("li", tag("svg", {{"viewBox", "0 0 34 14"}, {"aria-hidden", "true"}}, drawn) + text);
  };
  const auto box = [](double y, double high, const char* look) {
    return leaf("rect",
                {{"x", "2"}, {"y", n(y)}, {"width", "30"}, {"height", n(high)}, {"class", look}});
  };
  const Markup wait =
      leaf("line", {{"x1", "2"}, {"y1", "7"}, {"x2", "32"}, {"y2", "7"}, {"class", "wait"}});
  return tag(
      "ul", {{"class", "key"}},
      entry(box(1, 12, "f1"), "brings bytes, answered") +
          entry(box(4.5, 5, "f1"), "asks or begins, answered") +
          entry(box(1, 12, "f2"),
                "not answered well: \xc3\x97 cut by the network, ! closed by the other end, "
                "\xe2\x86\xbb client restarted, or the status") +
          entry(box(1, 12, "h2"),
                "nothing came until the client gave up: \xc3\x97 lost in the network (an outage), "
                "? by the other end") +
          entry(wait, "waits: for a retry, its turn, a delivery"));
}

}  // namespace

Markup stories_of(const Results& results, const std::string& prefix) {
  std::vector<const UploadResult*> sampled, slow, bad;
  for (const Specimen& one : results.specimens) {
    if (one.sampled) sampled.push_back(&one.upload);
    if (one.slow) slow.push_back(&one.upload);
    if (one.bad) bad.push_back(&one.upload);
  }
  const auto took = [](const UploadResult* u) {
    return u->uploaded.value_or(u->intended) - u->intended;
  };
  std::ranges::sort(slow, std::greater{}, took);
  std::ranges::sort(sampled, {}, [](const UploadResult* u) { return u->intended; });
  if (bad.size() > 20) bad.resize(20);
  Markup all;
  const auto show = [&](const char* id, const std::string& title, const std::string& text,
                        const std::vector<const UploadResult*>& uploads, bool ends) {
    if (uploads.empty()) return;
    all += tag("h3", title) + html::paragraph(text);
    if (ends) all += ends_of(results, uploads);
    all +=
        tag("figure", key() + tag("div",
                                  {{"class", "scroll"},
                                   {"role", "group"},
                                   {"aria-label", title + ", drawn"},
                                   {"tabindex", "0"}},
                                  tag("div", {{"class", "wide"}},
                                      Waterfall(results, uploads)
                                          .svg(prefix + id, title,
                                               text + " All requests are in the table below."))));
    all += requests_of(results, title, uploads);
  };
  show("bad", "Uploads that did not end well",
       fmt::format("Up to three of each cause, {} in all; the others are in uploads.csv.",
                   bad.size()),
       bad, true);
  show("slow", "The slowest uploads", "Those that took longest from when they were due.", slow,
       true);
  show("sample", "A sample of all uploads",
       "Chosen by their number alone, in the order in which they were due: what an upload is "
       "usually like.",
       sampled, false);
  if (all.empty()) return html::paragraph("No upload started.");
  return html::paragraph(
             "Each row begins when its upload was due, at the second of the run that stands in "
             "front of it; the axis counts from there.") +
         all;
}

}  // namespace loadgen
