#include "host/cli/command.h"

int main(int argc, char** argv) {
  return rhumb::cli::run(std::vector<std::string>(argv + 1, argv + argc));
}
