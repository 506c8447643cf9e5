#include "payload/people.hpp"

#include <fmt/format.h>

#include <array>

namespace loadgen::detail {
namespace {
using std::string_view;

template <class T, std::size_t N>
const T& pick(Draws& draws, const std::array<T, N>& list) {
  return list[draws.below(N)];
}

constexpr std::array<string_view, 24> families{
    "Abernathy",    "Bluewater",   "Castellan", "Dovetail",  "Eastgate",     "Fernsby",
    "Goldacre",     "Hartwick",    "Ironside",  "Juniper",   "Kettlewell",   "Larkspur",
    "Merriweather", "Northcott",   "Oakhurst",  "Pemberton", "Quillfeather", "Rosewarne",
    "Silverton",    "Thistlewood", "Underhill", "Vantage",   "Winterbourne", "Yarrow"};
constexpr std::array<string_view, 20> givens{
    "Ada",  "Basil", "Clara", "Dorian", "Elsie", "Felix", "Greta", "Hugo",  "Iris",  "Jonas",
    "Kira", "Linus", "Maeve", "Nestor", "Opal",  "Piers", "Rhea",  "Silas", "Tilda", "Ulric"};
constexpr std::array<string_view, 12> streets{"Maple",   "Cedar",  "Harbor", "Mill",
                                              "Orchard", "Quarry", "River",  "Summit",
                                              "Tannery", "Union",  "Valley", "Wharf"};
struct Town {
  string_view city, state, zip;
};
constexpr std::array<Town, 8> towns{{{"Faketown", "GA", "30300"},
                                     {"Samplesville", "OH", "43000"},
                                     {"Mockton", "TX", "75000"},
                                     {"Testburg", "PA", "15000"},
                                     {"Fixture City", "CA", "94000"},
                                     {"Placebo Springs", "CO", "80000"},
                                     {"Dummyford", "NY", "12000"},
                                     {"Examplewood", "WA", "98000"}}};
struct Coded {
  string_view code, name;
};
constexpr std::array<Coded, 5> races{{{"2106-3", "White"},
                                      {"2054-5", "Black or African American"},
                                      {"2028-9", "Asian"},
                                      {"1002-5", "American Indian or Alaska Native"},
                                      {"2131-1", "Other Race"}}};
constexpr std::array<Coded, 3> ethnicities{
    {{"H", "Hispanic or Latino"}, {"N", "Not Hispanic or Latino"}, {"U", "Unknown"}}};
constexpr std::array<LabTest, 7> tests{{
    {"94500-6",
     "SARS-CoV-2 RNA Resp Ql NAA+probe",
     "",
     "Not detected",
     0,
     0,
     {{"260373001", "Detected"}, {"260415000", "Not detected"}}},
    {"5196-1",
     "HBV surface Ag SerPl Ql IA",
     "",
     "Negative",
     0,
     0,
     {{"10828004", "Positive"}, {"260385009", "Negative"}}},
    {"5671-3", "Lead Bld-mCnc", "ug/dL", "0.0-3.5", 0.2, 24.0, {}},
    {"718-7", "Hemoglobin Bld-mCnc", "g/dL", "12.0-17.5", 8.0, 18.5, {}},
    {"4548-4", "Hemoglobin A1c MFr Bld", "%", "4.0-5.6", 4.1, 11.8, {}},
    {"2345-7", "Glucose SerPl-mCnc", "mg/dL", "70-99", 55.0, 260.0, {}},
    {"6690-2", "WBC # Bld Auto", "10*3/uL", "4.5-11.0", 2.1, 18.0, {}},
}};
constexpr std::array<Facility, 4> facilities{{
    {"Harborview Synthetic Laboratory", "99D0000001", "2.16.840.1.113883.19.1.1"},
    {"Mill River Reference Lab", "99D0000002", "2.16.840.1.113883.19.1.2"},
    {"Summit Public Health Laboratory", "99D0000003", "2.16.840.1.113883.19.1.3"},
    {"Orchard County Clinic", "99D0000004", "2.16.840.1.113883.19.1.4"},
}};
constexpr std::array<string_view, 16> words{
    "specimen", "received", "in",      "good",   "condition", "repeat", "testing",   "within",
    "two",      "weeks",    "advised", "result", "confirmed", "by",     "reference", "method"};
}  // namespace

Person draw_person(Draws& draws) {
  Person p;
  p.family = pick(draws, families);
  p.given = pick(draws, givens);
  p.middle = static_cast<char>('A' + draws.below(26));
  p.sex = "FMU"[draws.below(20) == 0 ? 2 : draws.below(2)];
  p.birth_date = fmt::format("{:04}{:02}{:02}", 1930 + draws.below(90), 1 + draws.below(12),
                             1 + draws.below(28));
  const Coded& race = pick(draws, races);
  p.race_code = race.code;
  p.race = race.name;
  const Coded& ethnicity = pick(draws, ethnicities);
  p.ethnicity_code = ethnicity.code;
  p.ethnicity = ethnicity.name;
  p.street = fmt::format("{} {} St", 1 + draws.below(9899), pick(draws, streets));
  const Town& town = pick(draws, towns);
  p.city = town.city;
  p.state = town.state;
  p.zip = town.zip;
  p.phone_line = fmt::format("55501{:02}", draws.below(100));
  return p;
}

const LabTest& draw_test(Draws& draws) { return pick(draws, tests); }
const Facility& draw_facility(Draws& draws) { return pick(draws, facilities); }

std::string draw_time(Draws& draws) {
  return fmt::format("2024{:02}{:02}{:02}{:02}{:02}", 1 + draws.below(12), 1 + draws.below(28),
                     draws.below(24), draws.below(60), draws.below(60));
}

std::string filler(Draws& draws, std::size_t length) {
  std::string text;
  text.reserve(length + 16);
  while (text.size() < length) {
    if (!text.empty()) text += ' ';
    text += pick(draws, words);
  }
  text.resize(length);
  if (!text.empty() && text.back() == ' ') text.back() = '.';
  return text;
}

}  // namespace loadgen::detail
