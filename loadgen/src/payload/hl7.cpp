// HL7 v2.5.1 ORU^R01 as an electronic laboratory report is sent to public health: MSH,
// PID, ORC, OBR, OBX, NTE, SPM (HL7 v2.5.1 chapters 2, 3 and 7; segments end with CR, 2.5.2).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <vector>

#include "payload/payload.hpp"
#include "payload/people.hpp"
#include "payload/stencil.hpp"

namespace loadgen::detail {
namespace {

constexpr std::string_view note_head = "NTE|1|L|";
constexpr std::size_t shortest_note = 16;  // note_head, some words, CR
constexpr std::size_t longest_note = 120;

void add_message(std::string& out, Draws& draws) {
  const Person p = draw_person(draws);
  const Facility& lab = draw_facility(draws);
  const std::string time = draw_time(draws);
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 "MSH|^~\\&|LIS^{}^ISO|{}^{}^CLIA|DEX^2.16.840.1.114222.4.1.3661^ISO|"
                 "CDC^2.16.840.1.114222.4^ISO|{}-0500||ORU^R01^ORU_R01|{}|T|2.5.1|||NE|NE|||||"
                 "PHLabReport-NoAck^ELR_Receiver^2.16.840.1.113883.9.11^ISO\r",
                 lab.oid, lab.name, lab.clia, time, id_place);
  fmt::format_to(to,
                 "PID|1||{}^^^{}&{}&ISO^MR||{}^{}^{}^^^^L||{}|{}||{}^{}^HL70005|"
                 "{}^^{}^{}^{}^USA^H||^PRN^PH^^1^555^{}|||||||||{}^{}^HL70189\r",
                 person_place, lab.clia, lab.oid, p.family, p.given, p.middle, p.birth_date, p.sex,
                 p.race_code, p.race, p.street, p.city, p.state, p.zip, p.phone_line,
                 p.ethnicity_code, p.ethnicity);
  const auto order = order_place;
  fmt::format_to(to, "ORC|RE|P{}^EHR^{}^ISO|F{}^LIS^{}^ISO\r", order, lab.oid, order, lab.oid);
  const LabTest& first = draw_test(draws);
  fmt::format_to(
      to,
      "OBR|1|P{}^EHR^{}^ISO|F{}^LIS^{}^ISO|{}^{}^LN|||{}-0500|||||||||"
      "1234567893^Provider^Pat^^^Dr^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI||||||{}-0500|||F\r",
      order, lab.oid, order, lab.oid, first.loinc, first.name, time, time);
  const std::uint64_t results = 1 + draws.below(4);
  for (std::uint64_t i = 1; i <= results; ++i) {
    const LabTest& test = i == 1 ? first : draw_test(draws);
    if (test.unit.empty()) {
      const bool normal = draws.below(4) != 0;
      const auto& result = test.coded[normal ? 1 : 0];
      fmt::format_to(to, "OBX|{}|CWE|{}^{}^LN||{}^{}^SCT|||{}|||F|||{}-0500|||||{}-0500\r", i,
                     test.loinc, test.name, result[0], result[1], normal ? "N" : "A", time, time);
    } else {
      const double value = test.low + (test.high - test.low) * unit(draws.next());
      fmt::format_to(to, "OBX|{}|NM|{}^{}^LN||{:.1f}|{}^{}^UCUM|{}||||F|||{}-0500|||||{}-0500\r", i,
                     test.loinc, test.name, value, test.unit, test.unit, test.range, time, time);
    }
  }
  fmt::format_to(to,
                 "SPM|1|S{}&LIS&{}&ISO||119297000^Blood specimen^SCT|||||||||||||{}-0500|{}-0500\r",
                 order, lab.oid, time, time);
}

/// Notes on the last specimen, which together fill `room`.
void add_notes(std::uint64_t key, std::span<char> room) {
  Draws draws(key);
  while (!room.empty()) {
    std::size_t take = room.size();
    if (take > longest_note) {
      take = longest_note;
      if (room.size() - take < shortest_note) take = room.size() - shortest_note;
    }
    std::memcpy(room.data(), note_head.data(), note_head.size());
    fill_words(draws.next(), room.subspan(note_head.size(), take - note_head.size() - 1));
    room[take - 1] = '\r';
    room = room.subspan(take);
  }
}

Stencil make_stencil(std::uint64_t number) {
  Draws draws(hash_of({number}));
  std::string text;
  std::vector<std::size_t> ends;
  while (text.size() < longest_block) {
    add_message(text, draws);
    ends.push_back(text.size());
  }
  return {std::move(text), std::move(ends)};
}

}  // namespace

void hl7_block(std::uint64_t key, std::uint64_t block, std::span<char> into) {
  static const std::vector<Stencil> stencils = make_stencils(make_stencil);
  const Stencil& stencil = stencils[(key + block) % stencils.size()];
  std::size_t end = stencil.end_within(into.size());
  if (end != into.size()) end = stencil.end_within(into.size() - shortest_note);
  const std::uint64_t own = hash_of({key, block});
  stencil.copy(own, into.first(end));
  add_notes(own, into.subspan(end));
}

}  // namespace loadgen::detail
