#include "host/http/rest/resources/collections.h"

#include <charconv>
#include <sstream>

#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/http/rest/parse/collection_body.h"
#include "host/http/rest/reply/collection_info.h"
#include "host/http/rest/reply/json_write.h"
#include "host/http/rest/reply/optimizations.h"
#include "host/http/rest/reply/reports.h"

namespace rhumb::http::rest::collections {
namespace {

using base::Status;

// Returns the collection of the path. If there is none, answers with the failure and returns null.
gateway::CollectionPtr found(const CallPtr& x) {
  auto collection = x->collection();
  if (collection.ok()) return *collection;
  x->fail(collection.status());
  return nullptr;
}

gateway::Done answer_true(const CallPtr& x) {
  return [x](const Status& status) {
    if (status.ok())
      x->ok("true");
    else
      x->fail(status);
  };
}

gateway::Callback<gateway::Warnings> answer_warned(const CallPtr& x) {
  return [x](base::Result<gateway::Warnings> warnings) {
    if (!warnings.ok()) return x->fail(warnings.status());
    for (const std::string& text : *warnings) x->warn(text);
    x->ok("true");
  };
}

void answer_aliases(const CallPtr& x, const std::string& only_of) {
  std::string out = "{\"aliases\":[";
  for (const auto& [alias, name] : x->gateway().map()->aliases) {
    if (!only_of.empty() && name != only_of) continue;
    if (out.back() != '[') out += ',';
    out += "{\"alias_name\":";
    base::append_json_string(out, alias);
    out += ",\"collection_name\":";
    base::append_json_string(out, name);
    out += '}';
  }
  x->ok(out + "]}");
}

std::string_view status_name(gateway::UpdateStatus s) {
  if (s == gateway::UpdateStatus::kAcknowledged) return "acknowledged";
  return s == gateway::UpdateStatus::kCompleted ? "completed" : "wait_timeout";
}

gateway::Callback<gateway::UpdateResult> answer_update(const CallPtr& x) {
  return [x](base::Result<gateway::UpdateResult> result) {
    if (!result.ok()) return x->fail(result.status());
    x->ok("{\"operation_id\":" + std::to_string(result->operation_id) + ",\"status\":\"" +
          std::string(status_name(result->status)) + "\"}");
  };
}

}  // namespace

void list(const CallPtr& x) {
  std::string out = "{\"collections\":[";
  for (const auto& [name, collection] : x->gateway().map()->collections) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    base::append_json_string(out, name);
    out += '}';
  }
  x->ok(out + "]}");
}

void info(const CallPtr& x) {
  const auto collection = found(x);
  const auto deadline = x->deadline();
  if (collection == nullptr) return;
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().state(collection, *deadline, [x](base::Result<gateway::CollectionState> state) {
    if (!state.ok()) return x->fail(state.status());
    x->ok(collection_info_json(*state));
  });
}

void exists(const CallPtr& x) {
  x->ok(x->collection().ok() ? R"({"exists":true})" : R"({"exists":false})");
}

void create(const CallPtr& x) {
  const std::string& name = x->capture("collection_name");
  if (const Status status = check_name(name, "collection_name", base::limits::kMaxNameBytes);
      !status.ok())
    return x->fail(status);
  IgnoredMembers ignored;
  auto config = parse_create_collection(x->request->body, &ignored);
  x->warn(ignored);
  if (!config.ok()) return x->fail(config.status());
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().create_collection(name, std::move(*config), *deadline, answer_warned(x));
}

void update(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  IgnoredMembers ignored;
  auto config = parse_update_collection(x->request->body, collection->config, &ignored);
  x->warn(ignored);
  if (!config.ok()) return x->fail(config.status());
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().update_collection(collection->name, {std::move(*config), collection->config_version},
                                 *deadline, answer_warned(x));
}

void drop(const CallPtr& x) {
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().drop_collection(x->capture("collection_name"), *deadline,
                               [x](base::Result<bool> dropped) {
                                 if (!dropped.ok()) return x->fail(dropped.status());
                                 x->ok(*dropped ? "true" : "false");
                               });
}

void change_aliases(const CallPtr& x) {
  IgnoredMembers ignored;
  auto actions = parse_alias_actions(x->request->body, &ignored);
  x->warn(ignored);
  if (!actions.ok()) return x->fail(actions.status());
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().change_aliases(std::move(*actions), *deadline, answer_true(x));
}

void all_aliases(const CallPtr& x) { answer_aliases(x, ""); }

void aliases(const CallPtr& x) {
  if (const auto collection = found(x)) answer_aliases(x, collection->name);
}

void create_index(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  IgnoredMembers ignored;
  auto index = parse_create_index(x->request->body, &ignored);
  x->warn(ignored);
  if (!index.ok()) return x->fail(index.status());
  const auto options = x->write_options();
  if (!options.ok()) return x->fail(options.status());
  x->gateway().create_payload_index(collection, index->first, index->second, *options,
                                    answer_update(x));
}

void drop_index(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  const auto options = x->write_options();
  if (!options.ok()) return x->fail(options.status());
  x->gateway().drop_payload_index(collection, x->capture("field_name"), *options, answer_update(x));
}

void cluster(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().state(collection, *deadline, [x](base::Result<gateway::CollectionState> state) {
    if (!state.ok()) return x->fail(state.status());
    x->ok(collection_cluster_json(*state));
  });
}

namespace {

base::Result<OptimizationsAsked> optimizations_asked(const CallPtr& x) {
  OptimizationsAsked asked;
  if (const auto with = x->query.find("with"); with != x->query.end()) {
    std::istringstream names(with->second);
    for (std::string name; std::getline(names, name, ',');) {
      if (name != "queued" && name != "completed" && name != "idle_segments")
        return base::invalid("with: `" + name + "` is none of queued, completed, idle_segments");
      asked.with.insert(name);
    }
  }
  if (const auto limit = x->query.find("completed_limit"); limit != x->query.end()) {
    const auto end = limit->second.data() + limit->second.size();
    const auto read = std::from_chars(limit->second.data(), end, asked.completed_limit);
    if (read.ec != std::errc() || read.ptr != end)
      return base::invalid("completed_limit: `" + limit->second + "` is no number");
  }
  return asked;
}

}  // namespace

void optimizations(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  const auto asked = optimizations_asked(x);
  if (!asked.ok()) return x->fail(asked.status());
  x->gateway().optimizations(collection, *deadline,
                             [x, asked = *asked](const base::Result<gateway::Optimizations>& all) {
                               if (!all.ok()) return x->fail(all.status());
                               x->ok(optimizations_json(*all, asked));
                             });
}

void contract(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().contract(collection, *deadline, [x](base::Result<gateway::ContractReport> report) {
    if (!report.ok()) return x->fail(report.status());
    x->ok(contract_json(*report));
  });
}

void verify(const CallPtr& x) {
  const auto collection = found(x);
  if (collection == nullptr) return;
  const auto deadline = x->deadline();
  if (!deadline.ok()) return x->fail(deadline.status());
  x->gateway().verify(collection, *deadline, [x](base::Result<gateway::Verification> verified) {
    if (!verified.ok()) return x->fail(verified.status());
    x->ok(verification_json(*verified));
  });
}

}  // namespace rhumb::http::rest::collections
