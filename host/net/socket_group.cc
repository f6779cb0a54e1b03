#include "host/net/socket_group.h"

#include <unistd.h>

namespace rhumb::net {

Admission::~Admission() {
  if (fd_ >= 0) ::close(fd_);
  if (group_) group_->connections.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace rhumb::net
