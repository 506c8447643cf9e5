// A line list as RFC 4180 writes it: a header record, CRLF after every record, quotes where needed.
#include <fmt/format.h>

#include "payload/payload.hpp"
#include "payload/people.hpp"

namespace loadgen::detail {
namespace {

constexpr std::string_view header =
    "record_id,reporting_facility,clia,family_name,given_name,birth_date,sex,race,ethnicity,"
    "address,city,state,zip,collected_at,loinc,test,result,unit,comment\r\n";

/// One record without its comment and line end.
void add_record(std::string& out, Draws& draws, std::uint64_t id) {
  const Person p = draw_person(draws);
  const Facility& lab = draw_facility(draws);
  const LabTest& test = draw_test(draws);
  const std::string t = draw_time(draws);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{:016x},\"{}\",{},{},{},{}-{}-{},{},{},{},\"{}\",{},{},{},", id, lab.name,
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

}  // namespace

std::string csv_block(std::uint64_t key, std::uint64_t block, std::size_t length) {
  Draws draws(hash_of({key, block}));
  std::string out;
  out.reserve(length + 1024);
  if (block == 0) out += header;
  // The last record's comment takes what is left, so the room for a whole record is kept until
  // then.
  constexpr std::size_t longest_record = 500;
  for (std::uint64_t record = 0;; ++record) {
    add_record(out, draws, hash_of({key, block, record}));
    const std::size_t left = length - out.size();
    if (left < longest_record + 2) {
      out += filler(draws, left - 2);
      out += "\r\n";
      return out;
    }
    if (draws.below(3) == 0) out += filler(draws, 10 + draws.below(30));
    out += "\r\n";
  }
}

}  // namespace loadgen::detail
