// The conformance suites, one for each kind. Each prints its cases and returns how many failed.
#pragma once

#include <string>

#include "rhumb/plugin.h"

namespace rhumb::check {

struct Subject {
  const rhumb_factory_t* factory;
  std::string config_json;  // handed to every open()
  uint64_t seed;            // of data and schedules; printed, so that a run can be repeated
};

int check_index(const Subject& subject);
int check_kv(const Subject& subject);
int check_log(const Subject& subject);
int check_auth(const Subject& subject);
int check_router(const Subject& subject);
int check_consensus(const Subject& subject);

}  // namespace rhumb::check
