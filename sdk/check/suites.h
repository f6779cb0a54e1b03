// The conformance suites, one for each kind. Each prints its cases and returns the number of
// failures.
#pragma once

#include <string>

#include "rhumb/plugin.h"

namespace rhumb::check {

struct Subject {
  const rhumb_factory_t* factory;
  std::string config_json;  // the parameters for every open()
  uint64_t seed;            // the seed of data and schedules; main.cc prints it for the next run
};

int check_index(const Subject& subject);
int check_kv(const Subject& subject);
int check_log(const Subject& subject);
int check_auth(const Subject& subject);
int check_router(const Subject& subject);
int check_consensus(const Subject& subject);

}  // namespace rhumb::check
