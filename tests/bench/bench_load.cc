// Puts load on a running rhumbd over REST and prints one JSON object.
//   bench_load ingest PORT COLLECTION DIR BATCH CONNECTIONS
//     Upserts DIR/base.fbin with the payload that filters use.
//   bench_load search PORT COLLECTION DIR CONNECTIONS SECONDS PID PARAMS [PERCENT [FORM [BATCH]]]
//     Searches with k=10 over DIR/queries.fbin. PARAMS is the JSON of "params"; PERCENT is the
//     share that a filter keeps; FORM of the vectors is text (default), wide (the digits and blanks
//     of a client whose numbers are doubles) or base64; BATCH is the number of queries per request.
//     First comes one pass for recall, then the timed part. CPU time is that of process PID (user
//     and system). All figures except latencies are per query.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "host/base/base64.h"
#include "tests/bench/data_set.h"
#include "tests/bench/http_client.h"

namespace rhumb::bench {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr uint32_t kK = 10;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void append_vector(std::string& out, const float* v, uint32_t n) {
  char text[32];
  out += '[';
  for (uint32_t i = 0; i < n; ++i) {
    if (i) out += ',';
    out.append(text, std::to_chars(text, text + sizeof text, v[i]).ptr);
  }
  out += ']';
}

void append_wide(std::string& out, const float* v, uint32_t n) {
  char text[32];
  out += '[';
  for (uint32_t i = 0; i < n; ++i) {
    if (i) out += ", ";
    out.append(text, std::to_chars(text, text + sizeof text, static_cast<double>(v[i])).ptr);
  }
  out += ']';
}

void append_base64(std::string& out, const float* v, uint32_t n) {
  out += R"({"vector_b64":")";
  out += base::to_base64({reinterpret_cast<const char*>(v), n * sizeof(float)});
  out += R"("})";
}

template <typename F>
void in_parallel(uint32_t threads, F work) {
  std::vector<std::thread> pool;
  for (uint32_t t = 0; t < threads; ++t) pool.emplace_back(work, t);
  for (std::thread& t : pool) t.join();
}

[[noreturn]] void fail(const HttpClient& client, int status) {
  std::fprintf(stderr, "HTTP %d: %.*s\n", status,
               static_cast<int>(std::min<size_t>(400, client.body().size())), client.body().data());
  std::exit(1);
}

std::string batch_body(const Matrix<float>& base, uint32_t first, uint32_t count) {
  std::string body = R"({"points":[)";
  for (uint32_t i = first; i < first + count; ++i) {
    if (i != first) body += ',';
    body += R"({"id":)" + std::to_string(i) + R"(,"vector":)";
    append_vector(body, base.row(i), base.columns);
    body += R"(,"payload":{)";
    for (uint32_t percent : {50u, 10u, 1u}) {
      body += "\"p" + std::to_string(percent) + (passes(i, percent) ? "\":\"in\"," : "\":\"out\",");
    }
    body.back() = '}';
    body += '}';
  }
  return body + "]}";
}

json ingest(uint16_t port, const std::string& collection, const std::string& dir, uint32_t batch,
            uint32_t connections) {
  const auto base = read_matrix<float>(dir + "/base.fbin");
  const uint32_t batches = (base.rows + batch - 1) / batch;
  std::vector<std::string> bodies(batches);  // made before the clock starts
  in_parallel(2, [&](uint32_t t) {
    for (uint32_t b = t; b < batches; b += 2)
      bodies[b] = batch_body(base, b * batch, std::min(batch, base.rows - b * batch));
  });
  const std::string path = "/collections/" + collection + "/points?wait=false";
  std::atomic<uint32_t> next{0}, refused{0};
  const auto start = Clock::now();
  in_parallel(connections, [&](uint32_t) {
    HttpClient client(port);
    for (uint32_t b; (b = next++) < batches;) {
      for (int status; (status = client.request("PUT", path, bodies[b])) != 200;) {
        if (status != 429) fail(client, status);
        ++refused;  // back-pressure: tries again after a while, as the reply says
        ::poll(nullptr, 0, 20);
      }
    }
  });
  const double s = seconds_since(start);
  return {{"acknowledged_s", s},
          {"points_per_s", base.rows / s},
          {"refused", refused.load()},
          {"sync", "every acknowledgement"}};
}

double process_cpu_s(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << in.rdbuf();
  std::istringstream fields(text.str().substr(text.str().rfind(')') + 2));
  std::string word;
  for (int i = 0; i < 11; ++i) fields >> word;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Form {
  std::string vectors = "text";
  uint32_t batch = 1;
};

struct Queries {
  std::string path;
  std::vector<std::string> bodies;
  Matrix<int32_t> truth;
  uint32_t batch;
};

Queries make_queries(const std::string& collection, const std::string& dir,
                     const std::string& params, uint32_t percent, const Form& form) {
  Queries q{"/collections/" + collection + "/points/query",
            {},
            read_matrix<int32_t>(dir + "/truth" + std::to_string(percent) + ".ibin"),
            form.batch};
  if (form.batch > 1) q.path += "/batch";
  const auto append = form.vectors == "base64" ? append_base64
                      : form.vectors == "wide" ? append_wide
                                               : append_vector;
  const auto vectors = read_matrix<float>(dir + "/queries.fbin");
  for (uint32_t i = 0; i < vectors.rows; ++i) {
    std::string body = R"({"query":)";
    append(body, vectors.row(i), vectors.columns);
    body += R"(,"limit":)" + std::to_string(kK) + R"(,"params":)" + params;
    if (percent < 100)
      body += R"(,"filter":{"must":[{"key":"p)" + std::to_string(percent) +
              R"(","match":{"value":"in"}}]})";
    body += '}';
    if (form.batch == 1)
      q.bodies.push_back(std::move(body));
    else if (i % form.batch == 0)
      q.bodies.push_back(R"({"searches":[)" + body + "]}");
    else
      q.bodies.back().replace(q.bodies.back().size() - 2, 0, "," + body);
  }
  return q;
}

json measure_recall(uint16_t port, const Queries& q) {
  HttpClient client(port);
  double recall_sum = 0, few = 0;
  size_t row = 0;
  for (const std::string& body : q.bodies) {
    if (const int status = client.request("POST", q.path, body); status != 200)
      fail(client, status);
    json answers = json::parse(client.body()).at("result");
    if (q.batch == 1) answers = json::array({answers});
    for (const json& answer : answers) {
      std::vector<int32_t> found;
      for (const json& point : answer.at("points")) found.push_back(point.at("id").get<int32_t>());
      few += found.size() < kK;
      recall_sum +=
          recall(q.truth.row(row++), found.data(), static_cast<uint32_t>(found.size()), kK);
    }
  }
  return {{"recall", recall_sum / static_cast<double>(row)}, {"fewer_than_k", few}};
}

json search(uint16_t port, const Queries& q, uint32_t connections, double seconds, int pid) {
  json result = measure_recall(port, q);
  if (seconds <= 0) return result;
  std::vector<std::vector<double>> latency_us(connections);
  std::atomic<size_t> next{0};
  const double cpu = process_cpu_s(pid);
  const auto start = Clock::now();
  in_parallel(connections, [&](uint32_t t) {
    HttpClient client(port);
    while (seconds_since(start) < seconds) {
      const auto sent = Clock::now();
      if (const int status = client.request("POST", q.path, q.bodies[next++ % q.bodies.size()]);
          status != 200)
        fail(client, status);
      latency_us[t].push_back(seconds_since(sent) * 1e6);
    }
  });
  const double wall_s = seconds_since(start), cpu_s = process_cpu_s(pid) - cpu;
  std::vector<double> all;
  for (const auto& one : latency_us) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  const auto n = static_cast<double>(all.size() * q.batch);
  result.update({{"connections", connections},
                 {"queries", all.size() * q.batch},
                 {"queries_per_s", n / wall_s},
                 {"server_cpu_us", cpu_s * 1e6 / n},
                 {"p50_us", all[all.size() / 2]},
                 {"p99_us", all[all.size() * 99 / 100]}});
  return result;
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const auto number = [&](int i) { return static_cast<uint32_t>(std::stoul(argv[i])); };
  if (what == "ingest" && argc == 7) {
    std::printf("%s\n",
                ingest(static_cast<uint16_t>(number(2)), argv[3], argv[4], number(5), number(6))
                    .dump()
                    .c_str());
  } else if (what == "search" && argc >= 9) {
    const Form form{argc > 10 ? argv[10] : "text", argc > 11 ? number(11) : 1};
    const Queries q = make_queries(argv[3], argv[4], argv[8], argc > 9 ? number(9) : 100, form);
    std::printf("%s\n", search(static_cast<uint16_t>(number(2)), q, number(5), std::stod(argv[6]),
                               std::atoi(argv[7]))
                            .dump()
                            .c_str());
  } else {
    std::fprintf(stderr,
                 "usage: bench_load ingest PORT COLLECTION DIR BATCH CONNECTIONS\n"
                 "       bench_load search PORT COLLECTION DIR CONNECTIONS SECONDS PID PARAMS "
                 "[PERCENT [FORM [BATCH]]]\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace rhumb::bench

int main(int argc, char** argv) { return rhumb::bench::run(argc, argv); }
