# What cmake --install brings: the programs, which need nothing else of ours at run time, and for
# their users the fixtures (rules, scenarios, baselines, schemas) and the documents.
set(DEX_INSTALL_DATADIR ${CMAKE_INSTALL_DATADIR}/${PROJECT_NAME})

install(TARGETS dex-mock-server dex-conformance dex-loadgen
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/fixtures
        DESTINATION ${DEX_INSTALL_DATADIR} COMPONENT fixtures)
install(FILES README.md LICENSE CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
