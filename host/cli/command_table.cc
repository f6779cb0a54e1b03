#include "host/cli/command_table.h"

namespace rhumb::cli {
namespace {

using base::CommandRow;

CommandRow status() {
  return {.name = "status",
          .synopsis = "status",
          .summary = "Show the server's version, whether it is ready, and what it holds",
          .examples = {"rhumb status", "rhumb status --url http://db1:6333 -o json"}};
}

CommandRow collections() {
  return {.name = "collections",
          .synopsis = "collections [list | show NAME | create NAME --size N | drop NAME]",
          .summary = "List, show, create and drop collections",
          .positions = {{.name = "ACTION",
                         .help = "list (the default), show, create or drop",
                         .choices = {"list", "show", "create", "drop"}},
                        {.name = "NAME", .help = "the collection"}},
          .options = {{.name = "size",
                       .value = "N",
                       .help = "create: number of dimensions of the vectors",
                       .min = 1,
                       .max = UINT32_MAX},
                      {.name = "distance",
                       .value = "NAME",
                       .help = "create: Cosine, Dot, Euclid or Manhattan (default Cosine)"},
                      {.name = "shards",
                       .value = "N",
                       .help = "create: number of shards (default 1)",
                       .min = 1,
                       .max = UINT32_MAX},
                      {.name = "index",
                       .value = "FIELD:TYPE",
                       .help = "create: payload index, e.g. section:keyword; may be repeated",
                       .repeated = true}},
          .examples = {"rhumb collections",
                       "rhumb collections create articles --size 384 --index lang:keyword",
                       "rhumb collections show articles", "rhumb collections drop articles"}};
}

CommandRow import() {
  return {
      .name = "import",
      .synopsis = "import COLLECTION FILE [--vectors FILE]",
      .summary =
          "Load points from NDJSON (one point per line; plain, .zst, or - for standard "
          "input)",
      .positions = {{.name = "COLLECTION", .help = "the collection", .required = true},
                    {.name = "FILE",
                     .help = "the points; - reads standard input",
                     .required = true}},
      .options = {{.name = "vectors",
                   .value = "FILE",
                   .help = "rows of .f16 or .f32 that belong to the lines, in order"},
                  {.name = "create",
                   .help = "create the collection if it is missing (the size is taken from the "
                           "vectors)"},
                  {.name = "distance", .value = "NAME", .help = "with --create (default Cosine)"},
                  {.name = "size",
                   .value = "N",
                   .help = "dimensions of the rows in --vectors, when the collection does not "
                           "exist yet",
                   .min = 1,
                   .max = UINT32_MAX},
                  {.name = "index",
                   .value = "FIELD:TYPE",
                   .help = "with --create: payload index; may be repeated",
                   .repeated = true},
                  {.name = "batch",
                   .value = "N",
                   .help = "points per request (default 1000)",
                   .min = 1,
                   .max = 10000},
                  {.name = "skip",
                   .value = "N",
                   .help = "lines to skip: those that an interrupted import had acknowledged",
                   .max = UINT64_MAX}},
      .examples = {"rhumb import articles articles.ndjson",
                   "rhumb import programs points.ndjson.zst --vectors vectors.f16 --create --size "
                   "384 --index section:keyword"}};
}

CommandRow export_() {
  return {.name = "export",
          .synopsis = "export COLLECTION [FILE]",
          .summary = "Write all points as NDJSON to FILE or standard output",
          .positions = {{.name = "COLLECTION", .help = "the collection", .required = true},
                        {.name = "FILE", .help = "the file that is written"}},
          .examples = {"rhumb export articles articles.ndjson",
                       "rhumb export articles | zstd > articles.ndjson.zst"}};
}

CommandRow search() {
  return {
      .name = "search",
      .synopsis = "search COLLECTION (--like ID | --vector FILE[:ROW])",
      .summary = "Find the nearest points to a point or a vector",
      .positions = {{.name = "COLLECTION", .help = "the collection", .required = true}},
      .options = {{.name = "like", .value = "ID", .help = "find points like this one"},
                  {.name = "vector",
                   .value = "FILE[:ROW]",
                   .help = "a row of a .f16 or .f32 file, or a JSON array in a .json file"},
                  {.name = "using", .value = "NAME", .help = "which named vector"},
                  {.name = "filter",
                   .value = "JSON",
                   .help = "only points that match, e.g. "
                           "'{\"must\":[{\"key\":\"section\",\"match\":{\"value\":\"games\"}}]}'"},
                  {.name = "limit",
                   .short_name = 'n',
                   .value = "N",
                   .help = "how many (default 10)",
                   .min = 1,
                   .max = UINT32_MAX},
                  {.name = "fields",
                   .value = "A,B",
                   .help = "payload members to show as columns (default: the first few)"},
                  {.name = "ef",
                   .value = "N",
                   .help = "breadth of the graph search (hnsw_ef)",
                   .min = 1,
                   .max = UINT32_MAX},
                  {.name = "exact", .help = "compare with every point"},
                  {.name = "explain", .help = "show how it was answered"}},
      .examples = {"rhumb search programs --like gimp",
                   "rhumb search programs --vector questions.f16:3 --limit 5 --fields summary",
                   "rhumb search programs --like gimp --filter "
                   "'{\"must\":[{\"key\":\"installed_kb\",\"range\":{\"lt\":1000}}]}'"}};
}

CommandRow optimizations() {
  return {.name = "optimizations",
          .synopsis = "optimizations COLLECTION",
          .summary = "Show which segments are merged, were merged lately, or wait for it",
          .positions = {{.name = "COLLECTION", .help = "the collection", .required = true}},
          .examples = {"rhumb optimizations articles"}};
}

CommandRow snapshot() {
  return {
      .name = "snapshot",
      .synopsis = "snapshot ACTION (COLLECTION | --all) [NAME | FILE]",
      .summary = "Make, list, fetch, restore and delete snapshots",
      .positions =
          {{.name = "ACTION",
            .help = "create, list, fetch NAME, restore FILE or URL, drop NAME, or prune",
            .required = true,
            .choices = {"create", "list", "fetch", "restore", "drop", "prune"}},
           {.name = "COLLECTION", .help = "the collection; not with --all"},
           {.name = "NAME",
            .help =
                "fetch, drop: the snapshot; restore: the file, or a URL that the server fetches"},
           {.name = "FILE", .help = "fetch: the file that is written (default NAME)"}},
      .options = {{.name = "all", .help = "all collections and aliases"},
                  {.name = "keep",
                   .value = "N",
                   .help = "prune: how many of the newest stay",
                   .max = UINT32_MAX}},
      .examples = {"rhumb snapshot create articles",
                   "rhumb snapshot fetch articles NAME articles.snapshot",
                   "rhumb snapshot restore articles articles.snapshot",
                   "rhumb snapshot prune articles --keep 7", "rhumb snapshot create --all"}};
}

CommandRow branch() {
  return {.name = "branch",
          .synopsis = "branch COLLECTION NAME",
          .summary = "Make a second collection of the points that a collection has now",
          .positions = {{.name = "COLLECTION", .help = "the collection", .required = true},
                        {.name = "NAME", .help = "the new collection", .required = true}},
          .examples = {"rhumb branch articles articles-try"}};
}

CommandRow diff() {
  return {.name = "diff",
          .synopsis = "diff COLLECTION OTHER",
          .summary = "List the points that are new, gone or changed in another collection",
          .positions = {{.name = "COLLECTION", .help = "the collection", .required = true},
                        {.name = "OTHER",
                         .help = "the collection that it is compared with, such as a branch of it",
                         .required = true}},
          .examples = {"rhumb diff articles articles-try",
                       "rhumb diff articles articles-try -o json | tail -1"}};
}

CommandRow size() {
  const auto count = [](const char* name, const char* value, const char* help, uint64_t max) {
    return base::OptionRow{.name = name, .value = value, .help = help, .min = 1, .max = max};
  };
  return {
      .name = "size",
      .synopsis = "size --points N --dim D [--datatype TYPE] [--payload BYTES]",
      .summary = "Estimate the disk and memory that a collection takes, without a server",
      .options = {count("points", "N", "number of points", 1'000'000'000'000),
                  count("dim", "D", "dimensions of the vectors", 65536),
                  {.name = "datatype",
                   .value = "TYPE",
                   .help = "type of the components: float32, float16 or uint8 (default float32)",
                   .choices = {"float32", "float16", "uint8"}},
                  {.name = "payload",
                   .value = "BYTES",
                   .help = "bytes of one point's payload as JSON (default 0)",
                   .max = 4 << 20},
                  count("shards", "N", "number of shards (default 1)", 256),
                  count("replicas", "N", "copies of each shard (default 1)", 64)},
      .examples = {"rhumb size --points 10000000 --dim 768 --datatype float16"}};
}

// `rhumbd doctor` reads the options.
CommandRow doctor() {
  return {.name = "doctor",
          .synopsis = "doctor [--config FILE] [--set SECTION.KEY=VALUE]...",
          .summary =
              "Examine the configuration, data and machine of the server on this machine, with a "
              "remedy for each fault. Exit codes: 0 all is well, 1 warnings, 2 failures, 3 rhumbd "
              "is not installed or was called wrongly",
          .options = {{.name = "config",
                       .value = "FILE",
                       .help = "the server's configuration (default: that of the service)"},
                      {.name = "data",
                       .value = "DIR",
                       .help = "the data directory, instead of node.data_dir"},
                      {.name = "set",
                       .value = "SECTION.KEY=VALUE",
                       .help = "any key of the configuration; may be repeated",
                       .repeated = true},
                      {.name = "insecure",
                       .help = "the server listens beyond loopback without authentication"}},
          .examples = {"rhumb doctor", "rhumb doctor --config /etc/rhumb/rhumb.yaml -o json"}};
}

}  // namespace

const base::ProgramTable& program() {
  static const base::ProgramTable table = {
      .name = "rhumb",
      .summary = "the command line of a Rhumb server",
      .commands = {status(), collections(), import(), export_(), search(), optimizations(),
                   snapshot(), branch(), diff(), size(), doctor()},
      .common = {{.name = "url",
                  .value = "URL",
                  .help = "server (default $RHUMB_URL or http://127.0.0.1:6333)",
                  .environment = "RHUMB_URL"},
                 {.name = "api-key",
                  .value = "KEY",
                  .help = "API key (default $RHUMB_API_KEY)",
                  .environment = "RHUMB_API_KEY"},
                 {.name = "output",
                  .short_name = 'o',
                  .value = "table|json",
                  .help = "for people or for programs (default table)",
                  .choices = {"table", "json"}},
                 {.name = "quiet", .short_name = 'q', .help = "no progress"},
                 {.name = "help", .short_name = 'h', .help = "show this text"},
                 {.name = "version", .help = "show the version"}},
      .notes = {"Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reached, 4 "
                "not found"}};
  return table;
}

}  // namespace rhumb::cli
