# dex_test(NAME SOURCES... LIBRARIES... [LABEL unit|program|matrix] [TIMEOUT seconds]): a GoogleTest program
# whose tests are listed one by one in ctest. `unit` tests classes, `program` starts the real programs,
# `matrix` walks a whole catalogue with them (CONTRIBUTING.md says how long each takes).
include(CTest)
include(GoogleTest)

# ctest starts tests of a high cost first: what takes long begins early, so that no core is idle at the end.
set(DEX_COST_unit 1)
set(DEX_COST_program 10)
set(DEX_COST_matrix 100)

function(dex_test name)
  if(NOT DEX_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE dex_warnings ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}."
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS ${ARG_LABEL} COST ${DEX_COST_${ARG_LABEL}})
endfunction()

# dex_fuzz(NAME SOURCES... LIBRARIES...): a libFuzzer program, built by the 'fuzz' preset only.
function(dex_fuzz name)
  if(NOT DEX_SANITIZE STREQUAL "fuzzer")
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE dex_warnings ${ARG_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name})
endfunction()
