# DEX_SANITIZE applies to everything that is compiled here, so that no object escapes it.
if(DEX_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -O1 -g)
  add_link_options(-fsanitize=address,undefined)
elseif(DEX_SANITIZE)
  add_compile_options(-fsanitize=${DEX_SANITIZE} -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${DEX_SANITIZE})
  if(DEX_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(DEX_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented, g++ 12 takes members of <regex> itself for uninitialised (GCC bug 105562).
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(DEX_SANITIZE MATCHES "thread")
    # Asio's fenced block uses atomic_thread_fence, which TSan does not model.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
    add_compile_options(-Wno-tsan)
  endif()
endif()
