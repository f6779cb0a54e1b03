#include "host/base/span.h"

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/random_id.h"

namespace rhumb::base {
namespace {

// Cuts before the character that does not fit.
std::string_view cut(std::string_view text) {
  if (text.size() <= limits::kMaxSpanTextBytes) return text;
  size_t end = limits::kMaxSpanTextBytes;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

Span::Span(const TraceContext& context, const SpanId& parent_id, std::string_view name,
           SpanKind kind)
    : record_(std::make_unique<SpanRecord>()), started_ns_(monotonic_ns()) {
  record_->context = context;
  record_->context.span_id = random_id<SpanId>();
  record_->parent_id = parent_id;
  record_->name = name;
  record_->kind = kind;
  record_->start_ns = wall_ns();
}

Span Span::root(SpanSink& sink, const TraceId& trace_id, const SpanId& parent_id) {
  return {{trace_id, {}, &sink}, parent_id, "", SpanKind::kServer};
}

Span Span::begin_child(std::string_view name, SpanKind kind) {
  const TraceContext& parent = current_trace();
  return {parent, parent.span_id, name, kind};
}

TraceContext Span::context() const { return record_ ? record_->context : TraceContext(); }

void Span::rename(std::string name) {
  if (record_) record_->name = std::move(name);
}

void Span::set(std::string_view key, std::string_view text) {
  if (record_) record_->attributes.emplace_back(key, std::string(cut(text)));
}

void Span::set(std::string_view key, uint64_t number) {
  if (record_) record_->attributes.emplace_back(key, number);
}

void Span::fail(std::string_view why) {
  if (!record_) return;
  record_->failed = true;
  record_->error = cut(why);
}

void Span::outcome(const Status& status) {
  if (!record_ || status.ok()) return;
  set("error.type", code_name(status.code()));
  fail(status.message());
}

void Span::end() {
  if (!record_) return;
  record_->end_ns = record_->start_ns + (monotonic_ns() - started_ns_);
  SpanSink* const sink = record_->context.sink;
  sink->take(std::move(record_));
}

}  // namespace rhumb::base
