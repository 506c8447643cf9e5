# Saves time in a plain Debug build (decision 28).

# g++ begins to collect garbage at 128 MiB, which a precompiled header alone fills. To begin at 256 MiB saves
# a twelfth of the compile time.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("SHELL:--param ggc-min-heapsize=262144")
endif()

# dex_optimised(SOURCES...): compiles these at -O1 in Debug too. They take most of the time of the tests,
# which start programs by the thousand: what every start waits for, and the arithmetic of loads. They do
# without the precompiled headers, which are made with other options.
function(dex_optimised)
  if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT DEX_SANITIZE)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS -O1)
    set_property(SOURCE ${ARGN} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()
