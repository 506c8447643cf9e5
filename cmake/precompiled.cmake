# In a plain Debug build targets use precompiled headers of the standard library, and tests those of
# GoogleTest too (decision 28). Sources still include what they use: release, sanitizers, a compiler launcher
# and the preset tidy go without.
#
# No header here reads a macro that only some targets define: g++ refuses a precompiled header that was made
# with other macros or warnings.
set(DEX_PRECOMPILED_STD
    <algorithm> <array> <charconv> <chrono> <cstdint> <filesystem> <fstream> <functional> <map>
    <memory> <optional> <set> <span> <stdexcept> <string> <string_view> <system_error> <thread>
    <unordered_map> <utility> <vector>)

# dex_precompiled(TARGET LIBRARIES... HEADERS...)
function(dex_precompiled target)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;HEADERS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${target}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(${target} OBJECT ${source})
  target_link_libraries(${target} PRIVATE dex_warnings ${ARG_LIBRARIES})
  target_precompile_headers(${target} PRIVATE ${ARG_HEADERS})
endfunction()

set(DEX_PRECOMPILE OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(DEX_PRECOMPILE ON)
endif()
if(DEX_PRECOMPILE)
  dex_precompiled(precompiled_std HEADERS ${DEX_PRECOMPILED_STD})
endif()
if(DEX_PRECOMPILE AND DEX_BUILD_TESTS)
  dex_precompiled(precompiled_gtest LIBRARIES GTest::gmock
                  HEADERS ${DEX_PRECOMPILED_STD} <gmock/gmock.h> <gtest/gtest.h>)
endif()

# dex_use_precompiled(FOLDER): for all targets of FOLDER and below.
function(dex_use_precompiled folder)
  if(NOT DEX_PRECOMPILE)
    return()
  endif()
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(below DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(STATIC_LIBRARY|OBJECT_LIBRARY|EXECUTABLE)$")
      get_target_property(linked ${target} LINK_LIBRARIES)
      if("GTest::gmock" IN_LIST linked)
        target_precompile_headers(${target} REUSE_FROM precompiled_gtest)
      else()
        target_precompile_headers(${target} REUSE_FROM precompiled_std)
      endif()
    endif()
  endforeach()
  foreach(directory IN LISTS below)
    dex_use_precompiled(${directory})
  endforeach()
endfunction()

