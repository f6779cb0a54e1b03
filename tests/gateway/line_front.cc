#include "tests/gateway/line_front.h"

#include <future>
#include <sstream>

#include "host/gateway/vector_bits.h"

namespace rhumb::gateway {
namespace {

using base::Result;
using base::Status;

template <typename T, typename Start>
Result<T> wait(Start start) {
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  start([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return promise->get_future().get();
}

base::Deadline soon() { return base::Deadline::after_ms(60'000); }

Result<std::string> read_vector(std::istream& in, const model::CollectionConfig& config) {
  RHUMB_ASSIGN(const auto* params, vector_params(config, "", "vector"));
  std::vector<float> components;
  for (float x = 0; in >> x;) components.push_back(x);
  in.clear();
  return final_bits(std::move(components), *params, "vector");
}

Result<std::string> create(Gateway& gateway, std::istream& in) {
  std::string name, distance;
  model::VectorParams vector;
  in >> name >> vector.size >> distance;
  for (const auto d :
       {model::Distance::kDot, model::Distance::kEuclid, model::Distance::kManhattan})
    if (model::distance_name(d) == distance) vector.distance = d;
  model::CollectionConfig config;
  config.vectors[""] = vector;
  RHUMB_ASSIGN(const Warnings warnings, wait<Warnings>([&](auto done) {
                 gateway.create_collection(name, config, soon(), done);
               }));
  return "ok" + (warnings.empty() ? "" : " " + warnings.front());
}

Result<std::string> upsert(Gateway& gateway, const CollectionPtr& to, std::istream& in) {
  std::vector<model::Operation> one(1);
  for (std::string text; std::getline(in, text, ',');) {
    std::istringstream point(text);
    uint64_t id = 0;
    point >> id;
    RHUMB_ASSIGN(std::string bits, read_vector(point, to->config));
    one[0].points.push_back({model::PointId::number(id), "", {{"", std::move(bits)}}});
  }
  WriteOptions options;
  options.wait = true;
  options.deadline = soon();
  RHUMB_ASSIGN(const auto results, wait<std::vector<UpdateResult>>([&](auto done) {
                 gateway.write(to, std::move(one), options, done);
               }));
  return "ok " + std::to_string(results.at(0).affected);
}

Result<std::string> query(Gateway& gateway, const std::string& how, const CollectionPtr& of,
                          std::istream& in) {
  std::vector<Query> one(1);
  in >> one[0].search.limit >> one[0].offset;
  if (how == "near") {
    RHUMB_ASSIGN(one[0].search.vector, read_vector(in, of->config));
  } else if (how == "like") {
    uint64_t id = 0;
    in >> id;
    one[0].like_id = model::PointId::number(id);
  }
  one[0].by_id_order = how == "order";
  ReadOptions options;
  options.deadline = soon();
  RHUMB_ASSIGN(const auto results, wait<std::vector<model::SearchResult>>([&](auto done) {
                 gateway.query(of, std::move(one), options, done);
               }));
  std::ostringstream out;
  out << "ok";
  for (const auto& p : results.at(0).points) out << ' ' << p.id.to_text() << ':' << p.score;
  return out.str();
}

Result<std::string> verify(Gateway& gateway, const CollectionPtr& of) {
  RHUMB_ASSIGN(const auto verified,
               wait<Verification>([&](auto done) { gateway.verify(of, soon(), done); }));
  return (verified.ok ? "ok " : "damaged ") + std::to_string(verified.points);
}

Result<std::string> answer(Gateway& gateway, const std::string& line) {
  std::istringstream in(line);
  std::string verb, name;
  in >> verb;
  if (verb == "create") return create(gateway, in);
  in >> name;
  RHUMB_ASSIGN(const CollectionPtr collection, gateway.find(name));
  if (verb == "upsert") return upsert(gateway, collection, in);
  if (verb == "verify") return verify(gateway, collection);
  return query(gateway, verb, collection, in);
}

}  // namespace

std::string LineFront::ask(const std::string& line) {
  const Result<std::string> result = answer(gateway_, line);
  if (result.ok()) return *result;
  const Status& status = result.status();
  std::ostringstream out;
  out << "error " << code_name(status.code()) << ' ' << status.detail().field << ' '
      << status.detail().limit.value_or(0) << ' ' << status.message();
  return out.str();
}

}  // namespace rhumb::gateway
