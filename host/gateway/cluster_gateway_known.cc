// New vectors can only be given to points that exist. A request that names a missing point fails
// before any part of it is proposed, so that a lost id does not look like a success and no part of
// a batch is carried out.
#include <unordered_set>

#include "host/gateway/cluster_gateway.h"

namespace rhumb::gateway {
namespace {

using base::Status;
using model::Operation;
using model::OperationKind;

Status unknown(const model::PointId& id) {
  return base::not_found("No point with id " + id.to_text() + " found");
}

// The ids that must exist already. An operation sees what the operations before it in the batch
// did. What an operation by filter deletes in between is not known here, and new vectors for such
// points have no effect.
class Needed {
 public:
  Status look_at(const Operation& operation) {
    switch (operation.kind) {
      case OperationKind::kUpsert:
        if (operation.mode == model::UpdateMode::kUpdateOnly) break;
        for (const model::PointWrite& point : operation.points) {
          made_.insert(point.id.key());
          gone_.erase(point.id.key());
        }
        break;
      case OperationKind::kDelete:
        for (const model::PointId& id : operation.ids) {
          gone_.insert(id.key());
          made_.erase(id.key());
        }
        break;
      case OperationKind::kUpdateVectors:
        if (operation.update_filter) break;  // a missing id does not match the filter
        for (const model::PointWrite& point : operation.points) {
          if (gone_.contains(point.id.key())) return unknown(point.id);
          if (!made_.contains(point.id.key()) && asked_.insert(point.id.key()).second)
            ids_.push_back(point.id);
        }
        break;
      default:
        break;
    }
    return base::ok();
  }
  std::vector<model::PointId> take() { return std::move(ids_); }

 private:
  std::unordered_set<std::string> made_, gone_, asked_;
  std::vector<model::PointId> ids_;
};

}  // namespace

void ClusterGateway::check_known(const CollectionPtr& collection,
                                 const std::vector<Operation>& operations, base::Deadline deadline,
                                 Done done) {
  Needed needed;
  for (const Operation& operation : operations) {
    if (const Status status = needed.look_at(operation); !status.ok()) return done(status);
  }
  std::vector<model::PointId> ids = needed.take();
  if (ids.empty()) return done(base::ok());
  ReadOptions options;
  options.linearizable = true;  // shows what was acknowledged without a wait, too
  options.deadline = deadline;
  get(collection, {ids, {}, {}}, std::move(options),
      [ids, done = std::move(done)](base::Result<std::vector<model::Record>> found) {
        if (!found.ok()) return done(found.status());
        size_t next = 0;  // the records come in the order asked
        for (const model::PointId& id : ids) {
          if (next == found->size() || !((*found)[next].id == id)) return done(unknown(id));
          ++next;
        }
        done(base::ok());
      });
}

}  // namespace rhumb::gateway
