// HL7 v2.5.1 ORU^R01 as an electronic laboratory report is sent to public health: MSH,
// PID, ORC, OBR, OBX, NTE, SPM (HL7 v2.5.1 chapters 2, 3 and 7; segments end with CR, 2.5.2).
#include <fmt/format.h>

#include "payload/payload.hpp"
#include "payload/people.hpp"

namespace loadgen::detail {
namespace {

constexpr std::size_t note_head = 8;       // "NTE|1|L|"
constexpr std::size_t shortest_note = 16;  // note_head, some words, CR
constexpr std::size_t longest_note = 120;

void add_message(std::string& out, Draws& draws, std::uint64_t control) {
  const Person p = draw_person(draws);
  const Facility& lab = draw_facility(draws);
  const std::string time = draw_time(draws);
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 "MSH|^~\\&|LIS^{}^ISO|{}^{}^CLIA|DEX^2.16.840.1.114222.4.1.3661^ISO|"
                 "CDC^2.16.840.1.114222.4^ISO|{}-0500||ORU^R01^ORU_R01|{:016X}|T|2.5.1|||NE|NE|||||"
                 "PHLabReport-NoAck^ELR_Receiver^2.16.840.1.113883.9.11^ISO\r",
                 lab.oid, lab.name, lab.clia, time, control);
  fmt::format_to(to,
                 "PID|1||{}^^^{}&{}&ISO^MR||{}^{}^{}^^^^L||{}|{}||{}^{}^HL70005|"
                 "{}^^{}^{}^{}^USA^H||^PRN^PH^^1^555^{}|||||||||{}^{}^HL70189\r",
                 p.record_number, lab.clia, lab.oid, p.family, p.given, p.middle, p.birth_date,
                 p.sex, p.race_code, p.race, p.street, p.city, p.state, p.zip, p.phone_line,
                 p.ethnicity_code, p.ethnicity);
  const std::uint64_t order = draws.below(100'000'000);
  fmt::format_to(to, "ORC|RE|P{:08}^EHR^{}^ISO|F{:08}^LIS^{}^ISO\r", order, lab.oid, order,
                 lab.oid);
  const LabTest& first = draw_test(draws);
  fmt::format_to(
      to,
      "OBR|1|P{:08}^EHR^{}^ISO|F{:08}^LIS^{}^ISO|{}^{}^LN|||{}-0500|||||||||"
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
  fmt::format_to(
      to, "SPM|1|S{:08}&LIS&{}&ISO||119297000^Blood specimen^SCT|||||||||||||{}-0500|{}-0500\r",
      order, lab.oid, time, time);
}

/// Notes on the last specimen, which together take exactly `room` characters.
void add_notes(std::string& out, Draws& draws, std::size_t room) {
  while (room > 0) {
    std::size_t take = room;
    if (take > longest_note) {
      take = longest_note;
      if (room - take < shortest_note) take = room - shortest_note;
    }
    out += "NTE|1|L|";
    out += filler(draws, take - note_head - 1);
    out += '\r';
    room -= take;
  }
}

}  // namespace

std::string hl7_block(std::uint64_t key, std::uint64_t block, std::size_t length) {
  Draws draws(hash_of({key, block}));
  std::string out;
  out.reserve(length + 2048);
  for (std::uint64_t message = 0;; ++message) {
    const std::size_t before = out.size();
    add_message(out, draws, hash_of({key, block, message}));
    if (out.size() == length) return out;
    if (out.size() + shortest_note > length) {
      out.resize(before);
      break;
    }
  }
  add_notes(out, draws, length - out.size());
  return out;
}

}  // namespace loadgen::detail
