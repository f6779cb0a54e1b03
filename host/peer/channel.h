// A channel to another node or to this one. Calls are asynchronous and may complete on the calling
// thread. The callback runs exactly once.
#pragma once

#include <atomic>
#include <memory>

#include "host/peer/dispatcher.h"
#include "host/peer/message.h"

namespace rhumb::peer {

class Channel {
 public:
  virtual ~Channel() = default;

  template <typename Req>
  void call(Req request, base::Deadline deadline,
            std::function<void(base::Result<typename Req::Reply>)> done) {
    send(Req::kOp, box<Req>(std::move(request)), deadline, &decode_box<typename Req::Reply>,
         [done = std::move(done)](base::Result<Box> reply) {
           if (!reply.ok()) return done(reply.status());
           done(unbox<typename Req::Reply>(std::move(*reply)));
         });
  }

 private:
  virtual void send(Op op, Box request, base::Deadline deadline, Decoder decode_reply,
                    BoxCallback done) = 0;
};

// A channel to this process. kEncode encodes and decodes every message, as a network would.
enum class LoopbackMode : uint8_t { kDirect, kEncode };

class LoopbackChannel final : public Channel {
 public:
  LoopbackChannel(const Dispatcher& dispatcher, LoopbackMode mode)
      : dispatcher_(dispatcher), mode_(mode) {}

 private:
  void send(Op op, Box request, base::Deadline deadline, Decoder decode_reply,
            BoxCallback done) override;
  void send_encoded(const Dispatcher::Entry& entry, Op op, const Boxed& request,
                    base::Deadline deadline, Decoder decode_reply, BoxCallback done);

  const Dispatcher& dispatcher_;
  const LoopbackMode mode_;
  std::atomic<uint32_t> next_request_{1};
};

}  // namespace rhumb::peer
