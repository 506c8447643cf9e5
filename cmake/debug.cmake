# What costs time in a plain Debug build (docs/decisions/0028).

# g++ collects its garbage from 128 MiB on, which a precompiled header alone fills: a twelfth of the time
# that it compiles for. Twice that is enough.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("SHELL:--param ggc-min-heapsize=262144")
endif()

# dex_optimised(SOURCES...): what takes most of the time of the tests, at -O1 in Debug too: what every
# start of a program waits for, as they start programs by the thousand, and the arithmetic of loads. Of
# other options than the precompiled headers, they go without.
function(dex_optimised)
  if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -O1)
    set_property(SOURCE ${ARGN} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()
