# dex_embed(TARGET FUNCTION ROOM::NAME FILES...): compiles files below fixtures/ into TARGET, as
# `std::span<const EmbeddedFile> ROOM::NAME()` (libs/embedded), in the order given. The room declares
# the function.
function(dex_embed target)
  cmake_parse_arguments(ARG "" "FUNCTION" "FILES" ${ARGN})
  string(REGEX MATCH "^(.*)::([^:]+)$" matched ${ARG_FUNCTION})
  set(namespace ${CMAKE_MATCH_1})
  set(function ${CMAKE_MATCH_2})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  list(JOIN ARG_FILES "|" files)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DOUT=${source} -DNAMESPACE=${namespace} -DFUNCTION=${function}
            -DBELOW=${PROJECT_SOURCE_DIR}/fixtures "-DFILES=${files}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${ARG_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding ${ARG_FUNCTION}"
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
  target_link_libraries(${target} PUBLIC embedded)
endfunction()
