// Synthetic people, laboratories and tests. Names, addresses and numbers are drawn from short lists
// and reserved ranges (555-01xx telephone numbers), so that no record can be about anyone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "payload/hash.hpp"

namespace loadgen::detail {

struct Person {
  std::string_view family, given;
  char middle = 'A';
  char sex = 'U';                              ///< HL7 table 0001
  std::string birth_date;                      ///< YYYYMMDD
  std::string_view race_code, race;            ///< CDC race and ethnicity code set
  std::string_view ethnicity_code, ethnicity;  ///< HL7 table 0189
  std::string street;
  std::string_view city, state, zip;
  std::string phone_line;  ///< the last seven digits, 55501nn
};
[[nodiscard]] Person draw_person(Draws& draws);

struct LabTest {
  std::string_view loinc, name;
  std::string_view unit;  ///< UCUM; empty for a coded result
  std::string_view range;
  double low = 0, high = 0;      ///< of drawn values
  std::string_view coded[2][2];  ///< SNOMED CT code and name: abnormal, normal
};
[[nodiscard]] const LabTest& draw_test(Draws& draws);

struct Facility {
  std::string_view name, clia, oid;
};
[[nodiscard]] const Facility& draw_facility(Draws& draws);

/// YYYYMMDDHHMMSS in 2024.
[[nodiscard]] std::string draw_time(Draws& draws);
/// `length` characters of plain words; never ends with a space.
[[nodiscard]] std::string filler(Draws& draws, std::size_t length);

}  // namespace loadgen::detail
