// The codec's form of a filter that may be absent: a u8, and the filter if it is 1.
#pragma once

#include <optional>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/filter.h"

namespace rhumb::model {

void encode_optional(const std::optional<Filter>& filter, base::ByteWriter& out);
base::Status decode_optional(base::ByteReader& in, std::optional<Filter>& filter);

}  // namespace rhumb::model
