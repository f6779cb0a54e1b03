#include "host/http/rest/resources/points_write.h"

#include "host/http/rest/parse/parse_writes.h"

namespace rhumb::http::rest::points {
namespace {

using base::Result;
using model::Operation;
using model::OperationKind;

std::string update_json(const gateway::UpdateResult& r) {
  const std::string_view status = r.status == gateway::UpdateStatus::kAcknowledged ? "acknowledged"
                                  : r.status == gateway::UpdateStatus::kCompleted  ? "completed"
                                                                                   : "wait_timeout";
  std::string out = "{\"operation_id\":" + std::to_string(r.operation_id) + ",\"status\":\"" +
                    std::string(status) + "\"";
  if (r.status == gateway::UpdateStatus::kCompleted)
    out += ",\"affected\":" + std::to_string(r.affected);
  return out + "}";
}

enum class AnswerForm { kOne, kList };

void write(const CallPtr& x, const gateway::CollectionPtr& collection,
           Result<Operations> operations, AnswerForm form) {
  if (!operations.ok()) return x->fail(operations.status());
  const auto options = x->write_options();
  if (!options.ok()) return x->fail(options.status());
  if (options->wait) x->show_session(collection);
  x->gateway().write(collection, std::move(*operations), *options,
                     [x, form](Result<std::vector<gateway::UpdateResult>> results) {
                       if (!results.ok()) return x->fail(results.status());
                       if (form == AnswerForm::kOne) return x->ok(update_json(results->front()));
                       std::string out = "[";
                       for (const gateway::UpdateResult& r : *results)
                         out += (out.size() > 1 ? "," : "") + update_json(r);
                       x->ok(out + "]");
                     });
}

// Runs one operation, which `parse` reads from the body.
template <typename Parse>
void write_one(const CallPtr& x, Parse parse) {
  auto collection = x->collection();
  if (!collection.ok()) return x->fail(collection.status());
  IgnoredMembers ignored;
  Result<Operation> operation = parse(x->request->body, (*collection)->config, &ignored);
  x->warn(ignored);
  if (!operation.ok()) return x->fail(operation.status());
  Operations one;
  one.push_back(std::move(*operation));
  write(x, *collection, std::move(one), AnswerForm::kOne);
}

template <OperationKind kind>
void change_payload(const CallPtr& x) {
  write_one(x, [](const std::string& body, const model::CollectionConfig&,
                  IgnoredMembers* ignored) { return parse_payload_change(body, kind, ignored); });
}

}  // namespace

void upsert(const CallPtr& x) { write_one(x, parse_upsert); }
void remove(const CallPtr& x) {
  write_one(x, [](const std::string& body, const model::CollectionConfig&,
                  IgnoredMembers* ignored) { return parse_delete_points(body, ignored); });
}
void update_vectors(const CallPtr& x) { write_one(x, parse_update_vectors); }
void delete_vectors(const CallPtr& x) { write_one(x, parse_delete_vectors); }
void set_payload(const CallPtr& x) { change_payload<OperationKind::kSetPayload>(x); }
void overwrite_payload(const CallPtr& x) { change_payload<OperationKind::kOverwritePayload>(x); }
void delete_payload(const CallPtr& x) { change_payload<OperationKind::kDeletePayload>(x); }
void clear_payload(const CallPtr& x) { change_payload<OperationKind::kClearPayload>(x); }

void batch(const CallPtr& x) {
  auto collection = x->collection();
  if (!collection.ok()) return x->fail(collection.status());
  IgnoredMembers ignored;
  auto operations = parse_batch(x->request->body, (*collection)->config, &ignored);
  x->warn(ignored);
  write(x, *collection, std::move(operations), AnswerForm::kList);
}

}  // namespace rhumb::http::rest::points
