// The placement role's message handlers: they answer metadata commands and map watches that arrive
// through host/peer.
#pragma once

#include "host/consensus/group_host.h"
#include "host/peer/dispatcher.h"
#include "host/peer/messages.h"
#include "host/placement/metadata.h"

namespace rhumb::placement {

// The borrowed parts outlive the service. Handlers run on the caller's thread and do not block.
class Service {
 public:
  Service(Metadata& metadata, consensus::GroupHost& groups)
      : metadata_(metadata), groups_(groups) {}
  void bind(peer::Dispatcher& dispatcher);

 private:
  void on_command(peer::MetadataCommand command,
                  std::function<void(base::Result<peer::MetadataReply>)> done);

  Metadata& metadata_;
  consensus::GroupHost& groups_;
};

}  // namespace rhumb::placement
