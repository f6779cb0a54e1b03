// Maps each op to the function that answers it on this node. host/app fills it at start, before the
// first message. After that it is read-only.
#pragma once

#include <functional>
#include <map>

#include "host/peer/message.h"

namespace rhumb::peer {

class Dispatcher {
 public:
  // The handler, called as handler(request, deadline, done), runs on any thread. It must call
  // `done` exactly once, on any thread.
  template <typename Req>
  void on(std::function<void(Req, base::Deadline,
                             std::function<void(base::Result<typename Req::Reply>)>)>
              handler) {
    Entry entry;
    entry.decode_request = &decode_box<Req>;
    entry.handle = [handler = std::move(handler)](Box request, base::Deadline deadline,
                                                  BoxCallback done) {
      handler(unbox<Req>(std::move(request)), deadline,
              [done = std::move(done)](base::Result<typename Req::Reply> reply) {
                if (!reply.ok()) return done(reply.status());
                done(box<typename Req::Reply>(std::move(*reply)));
              });
    };
    entries_[Req::kOp] = std::move(entry);
  }

  struct Entry {
    Decoder decode_request = nullptr;
    std::function<void(Box, base::Deadline, BoxCallback)> handle;
  };
  const Entry* find(Op op) const {
    auto it = entries_.find(op);
    return it == entries_.end() ? nullptr : &it->second;
  }

 private:
  std::map<Op, Entry> entries_;
};

}  // namespace rhumb::peer
