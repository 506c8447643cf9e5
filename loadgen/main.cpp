#include "cli.hpp"

int main(int argc, char** argv) { return loadgen::command_line(argc, argv); }
