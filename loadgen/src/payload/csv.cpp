// A line list as RFC 4180 writes it: a header record, CRLF after every record, quotes where needed.
#include <fmt/format.h>

#include <cstring>
#include <iterator>
#include <vector>

#include "payload/payload.hpp"
#include "payload/people.hpp"
#include "payload/stencil.hpp"

namespace loadgen::detail {
namespace {

constexpr std::string_view header =
    "record_id,reporting_facility,clia,family_name,given_name,birth_date,sex,race,ethnicity,"
    "address,city,state,zip,collected_at,loinc,test,result,unit,comment\r\n";

constexpr std::string_view line_end = "\r\n";

/// One record without its comment and line end.
void add_record(std::string& out, Draws& draws) {
  const Person p = draw_person(draws);
  const Facility& lab = draw_facility(draws);
  const LabTest& test = draw_test(draws);
  const std::string t = draw_time(draws);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{},\"{}\",{},{},{},{}-{}-{},{},{},{},\"{}\",{},{},{},", id_place, lab.name,
                 lab.clia, p.family, p.given, p.birth_date.substr(0, 4), p.birth_date.substr(4, 2),
                 p.birth_date.substr(6, 2), p.sex, p.race, p.ethnicity, p.street, p.city, p.state,
                 p.zip);
  fmt::format_to(to, "{}-{}-{}T{}:{}:{}-05:00,{},\"{}\",", t.substr(0, 4), t.substr(4, 2),
                 t.substr(6, 2), t.substr(8, 2), t.substr(10, 2), t.substr(12, 2), test.loinc,
                 test.name);
  if (test.unit.empty()) {
    fmt::format_to(to, "{},,", test.coded[draws.below(4) == 0 ? 0 : 1][1]);
  } else {
    fmt::format_to(to, "{:.1f},{},", test.low + (test.high - test.low) * unit(draws.next()),
                   test.unit);
  }
}

/// The text may end where the comment of a record begins.
Stencil make_stencil(std::uint64_t number) {
  Draws draws(hash_of({number}));
  std::string text;
  std::vector<std::size_t> ends;
  while (text.size() < longest_block) {
    add_record(text, draws);
    ends.push_back(text.size());
    if (draws.below(3) == 0) text += filler(draws, 10 + draws.below(30));
    text += line_end;
  }
  return {std::move(text), std::move(ends)};
}

}  // namespace

// The last record's comment takes what is left.
void csv_block(std::uint64_t key, std::uint64_t block, std::span<char> into) {
  static const std::vector<Stencil> stencils = make_stencils(make_stencil);
  if (block == 0) {
    std::memcpy(into.data(), header.data(), header.size());
    into = into.subspan(header.size());
  }
  const Stencil& stencil = stencils[(key + block) % stencils.size()];
  const std::size_t end = stencil.end_within(into.size() - line_end.size());
  const std::uint64_t own = hash_of({key, block});
  stencil.copy(own, into.first(end));
  fill_words(own, into.subspan(end, into.size() - end - line_end.size()));
  std::memcpy(into.last(line_end.size()).data(), line_end.data(), line_end.size());
}

}  // namespace loadgen::detail
