# cmake -DIN=fixtures/openapi/control.json -DOUT=openapi.cpp -P embed.cmake
# Puts the contract of /_mock/ into the program, which serves it.
file(READ ${IN} json)
file(WRITE ${OUT} "#include \"control/call.hpp\"\n\nnamespace mock::control {\n\n"
     "std::string_view openapi_document() {\n  return R\"dex-json(${json})dex-json\";\n}\n\n"
     "}  // namespace mock::control\n")
