#include "host/payload/index/index_set.h"

#include <atomic>
#include <set>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/mutex.h"
#include "host/payload/index/field_index.h"
#include "host/payload/index/index_file.h"

namespace rhumb::payload {
namespace {

base::Result<IndexFile> read_index_file(const std::string& path, const std::string& field,
                                        model::FieldType type) {
  if (!base::exists(path)) return base::not_found(path);
  RHUMB_ASSIGN(const std::string bytes, base::read_file(path, base::limits::kMaxPayloadIndexBytes));
  base::Result<IndexFile> file = decode_index_file(bytes);
  if (!file.ok()) return file.status().within(path);
  if (file->field != field || file->type != type)
    return base::corrupt("the payload index belongs to another field").within(path);
  return file;
}

}  // namespace

struct IndexSet::Field {
  std::string given;  // the path as it was configured
  model::FieldType type = model::FieldType::kKeyword;
  std::shared_ptr<FieldIndex> index;
  base::Mutex building;  // one build() or load at a time
  std::atomic<bool> ready = false;

  void make_ready() {
    index->end_build();
    ready.store(true, std::memory_order_release);
  }
  bool is_ready() const { return ready.load(std::memory_order_acquire); }
};

IndexSet::IndexSet() : fields_(std::make_shared<const Fields>()) {}
IndexSet::~IndexSet() = default;

std::shared_ptr<const IndexSet::Fields> IndexSet::fields() const {
  const base::MutexLock lock(mutex_);
  return fields_;
}

base::Status IndexSet::configure(const FieldConfigs& configs) {
  if (configs.size() > base::limits::kMaxPayloadIndexes) {
    return base::invalid("more than " + std::to_string(base::limits::kMaxPayloadIndexes) +
                         " payload indexes");
  }
  const std::shared_ptr<const Fields> old = fields();
  auto next = std::make_shared<Fields>();
  for (const auto& [given, config] : configs) {
    RHUMB_ASSIGN(JsonPath path, JsonPath::parse(given));
    const std::string name = path.to_text();
    const auto kept = old->find(name);
    if (kept != old->end() && kept->second->type == config.type) {
      next->insert(*kept);
      continue;
    }
    auto field = std::make_shared<Field>();
    field->given = given;
    field->type = config.type;
    field->index = FieldIndex::make(config.type, std::move(path));
    if (field->index == nullptr) {
      return base::unsupported("payload index of type `" +
                               std::string(model::field_type_name(config.type)) + "`");
    }
    next->emplace(name, std::move(field));
  }
  const base::MutexLock lock(mutex_);
  fields_ = std::move(next);
  return base::ok();
}

std::vector<std::string> IndexSet::unready() const {
  std::vector<std::string> names;
  const auto all = fields();
  for (const auto& [name, field] : *all) {
    if (!field->is_ready()) names.push_back(field->given);
  }
  return names;
}

base::Status IndexSet::build(const std::string& field_name, uint32_t slot_end,
                             const std::function<std::string_view(uint32_t slot)>& payload_of,
                             const std::function<bool()>& cancelled) {
  RHUMB_ASSIGN(const JsonPath path, JsonPath::parse(field_name));
  const auto all = fields();
  const auto found = all->find(path.to_text());
  if (found == all->end()) return base::not_found("payload index `" + field_name + "`");
  Field& field = *found->second;
  const base::MutexLock lock(field.building);
  if (field.is_ready()) return base::ok();
  for (uint32_t slot = 0; slot < slot_end; ++slot) {
    if (slot % base::limits::kFilterPollRows == 0 && cancelled && cancelled()) {
      return {base::Code::kCancelled, "building payload index `" + field_name + "` was cancelled"};
    }
    field.index->put_untouched(slot, payload_of(slot));
  }
  field.make_ready();
  return base::ok();
}

void IndexSet::make_ready() {
  const auto all = fields();
  for (const auto& [name, field] : *all) {
    const base::MutexLock lock(field->building);
    if (!field->is_ready()) field->make_ready();
  }
}

void IndexSet::put(uint32_t slot, std::string_view payload) {
  const auto all = fields();
  for (const auto& [name, field] : *all) field->index->put(slot, payload);
}

void IndexSet::remove(uint32_t slot) {
  const auto all = fields();
  for (const auto& [name, field] : *all) field->index->remove(slot);
}

base::Status IndexSet::save(const std::string& dir, uint32_t slots,
                            uint64_t through_version) const {
  const auto all = fields();
  std::set<std::string> kept;
  for (const auto& [name, field] : *all) {
    const std::string file = index_file_name(name);
    kept.insert(file);
    if (!field->is_ready()) continue;
    RHUMB_TRY(base::write_file_atomic(
        dir + "/" + file, encode_index_file(field->index->encode(slots, through_version))));
  }
  RHUMB_ASSIGN(const std::vector<std::string> present, base::list_dir(dir));
  for (const std::string& file : present) {
    if (is_index_file_name(file) && kept.count(file) == 0)
      RHUMB_TRY(base::remove_all(dir + "/" + file));
  }
  return base::ok();
}

std::vector<LoadedField> IndexSet::load_fields(const std::string& dir) {
  std::vector<LoadedField> loaded;
  const auto all = fields();
  for (const auto& [name, field] : *all) {
    const base::MutexLock lock(field->building);
    if (field->is_ready()) continue;
    LoadedField& one = loaded.emplace_back();
    one.field = field->given;
    const std::string path = dir + "/" + index_file_name(name);
    base::Result<IndexFile> file = read_index_file(path, name, field->type);
    one.status = file.status();
    if (!file.ok()) continue;
    if (base::Status status = field->index->decode(file.value()); !status.ok()) {
      one.status = status.within(path);
      continue;
    }
    one.slots = file->slots;
    one.through_version = file->through_version;
    field->make_ready();
  }
  return loaded;
}

std::vector<std::pair<std::string, uint64_t>> IndexSet::points(
    std::span<const uint64_t> live) const {
  std::vector<std::pair<std::string, uint64_t>> counts;
  const auto all = fields();
  for (const auto& [name, field] : *all)
    counts.emplace_back(field->given, field->index->points(live));
  return counts;
}

uint64_t IndexSet::memory_bytes() const {
  uint64_t bytes = 0;
  const auto all = fields();
  for (const auto& [name, field] : *all) bytes += field->index->memory_bytes();
  return bytes;
}

std::shared_ptr<const FieldIndex> IndexSet::find(std::string_view field) const {
  const auto all = fields();
  const auto found = all->find(field);
  return found == all->end() || !found->second->is_ready() ? nullptr : found->second->index;
}

}  // namespace rhumb::payload
