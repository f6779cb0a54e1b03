// Turns bodies of writes into operations. A body is read and checked as a whole before anything is
// done with it.
#pragma once

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/http/rest/parse/ignored_members.h"
#include "host/model/collection.h"
#include "host/model/operation.h"

namespace rhumb::http::rest {

using Operations = std::vector<model::Operation>;

// The bodies of single operations. `points/batch` holds them by name. `ignored` receives the
// members of the body that are unknown. It may be null.
base::Result<model::Operation> parse_upsert(const std::string& body,
                                            const model::CollectionConfig& config,
                                            IgnoredMembers* ignored = nullptr);
base::Result<model::Operation> parse_delete_points(const std::string& body,
                                                   IgnoredMembers* ignored = nullptr);
base::Result<model::Operation> parse_update_vectors(const std::string& body,
                                                    const model::CollectionConfig& config,
                                                    IgnoredMembers* ignored = nullptr);
base::Result<model::Operation> parse_delete_vectors(const std::string& body,
                                                    const model::CollectionConfig& config,
                                                    IgnoredMembers* ignored = nullptr);
// Parses the bodies of set, overwrite, delete and clear.
base::Result<model::Operation> parse_payload_change(const std::string& body,
                                                    model::OperationKind kind,
                                                    IgnoredMembers* ignored = nullptr);
base::Result<Operations> parse_batch(const std::string& body, const model::CollectionConfig& config,
                                     IgnoredMembers* ignored = nullptr);

// Parses one line of an import, which is a point as in an upsert.
base::Result<model::PointWrite> parse_import_line(const std::string& line,
                                                  const model::CollectionConfig& config,
                                                  IgnoredMembers* ignored = nullptr);

}  // namespace rhumb::http::rest
