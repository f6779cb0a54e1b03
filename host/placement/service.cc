#include "host/placement/service.h"

namespace rhumb::placement {

void Service::bind(peer::Dispatcher& dispatcher) {
  dispatcher.on<peer::MetadataCommand>(
      [this](peer::MetadataCommand command, base::Deadline,
             std::function<void(base::Result<peer::MetadataReply>)> done) {
        on_command(std::move(command), std::move(done));
      });
  // A watcher that goes away with its process leaves nothing behind, because in one process both
  // end together.
  dispatcher.on<peer::WatchMap>([this](peer::WatchMap watch, base::Deadline, auto done) {
    metadata_.watch(watch.known_version, [done = std::move(done)](base::Result<MapPtr> map) {
      if (!map.ok()) return done(map.status());
      done(peer::MapReply{std::move(*map)});
    });
  });
}

void Service::on_command(peer::MetadataCommand command,
                         std::function<void(base::Result<peer::MetadataReply>)> done) {
  // A command that cannot be parsed must never reach the log.
  auto parsed = command_from_json(command.json);
  if (!parsed.ok()) return done(base::invalid(parsed.status().message()));
  groups_.propose(model::kMetadataGroup, std::move(command.json),
                  [this, done = std::move(done)](base::Result<uint64_t> index) {
                    if (!index.ok()) return done(index.status());
                    metadata_.await(*index, [done, index = *index](const Applied& applied) {
                      if (!applied.status.ok()) return done(applied.status);
                      done(peer::MetadataReply{index, applied.changed});
                    });
                  });
}

}  // namespace rhumb::placement
