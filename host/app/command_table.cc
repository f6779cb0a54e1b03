#include "host/app/command_table.h"

namespace rhumb::app {

const base::ProgramTable& program() {
  static const base::ProgramTable table =
      {.name = "rhumbd",
       .summary = "the Rhumb vector database",
       .commands =
           {{.synopsis = "[--config FILE] [--data DIR] [--host ADDRESS] [--port N] [--set "
                         "SECTION.KEY=VALUE]...",
             .summary = "Serve the data directory"},
            {.name = "check",
             .synopsis = "check [DIR] [-o text|json] [--config FILE] [--set SECTION.KEY=VALUE]...",
             .summary = "check opens the data directory as a start does (the log is replayed) and "
                        "listens nowhere. It compares every stored point with its checksums and "
                        "hashes, and reports each problem with file and offset. Exit codes: 0 = no "
                        "problems, 1 = durable data are damaged, 2 = only derived data are damaged "
                        "(graphs and payload indexes, which are rebuilt from the rest), 3 = cannot "
                        "be checked.",
             .positions = {{.name = "DIR", .help = "the data directory (node.data_dir)"}},
             .options = {{.name = "output",
                          .short_name = 'o',
                          .value = "text|json",
                          .help = "check: for people or for programs (default text)",
                          .choices = {"text", "json"}}}},
            {.name = "doctor",
             .synopsis = "doctor [-o text|json] [--config FILE] [--set SECTION.KEY=VALUE]...",
             .summary = "doctor examines what a start depends on: configuration, plugins, data "
                        "directory, disk, port, memory, limits and the machine. It changes nothing "
                        "and may run beside a server. Each finding is OK, WARN or FAIL, and has a "
                        "remedy unless it is OK. Without --config it reads the configuration of "
                        "the installed service, if there is one. Exit codes: 0 = all is well, 1 = "
                        "warnings, 2 = failures, 3 = wrong usage.",
             .options = {{.name = "output",
                          .short_name = 'o',
                          .value = "text|json",
                          .help = "doctor: for people or for programs (default text)",
                          .choices = {"text", "json"}},
                         {.name = "system-root",
                          .value = "DIR",
                          .help = "where proc and sys lie, for tests",
                          .hidden = true}}},
            {.name = "upgrade",
             .synopsis = "upgrade [--status|--rollback|--commit] [DIR] [--config FILE]",
             .summary = "upgrade shows, restores or removes the backup that the first start of a "
                        "release makes in DIR/upgrade-backup when the format of the files changes. "
                        "What was written since the upgrade is lost in a rollback. Both --rollback "
                        "and --commit refuse while a server has the directory open. Exit codes: 0 "
                        "= done, 1 = refused or failed, 2 = wrong usage.",
             .positions = {{.name = "DIR", .help = "the data directory (node.data_dir)"}},
             .options = {{.name = "status",
                          .help = "upgrade: say whether there is a backup, and of when (the "
                                  "default)"},
                         {.name = "rollback",
                          .help = "upgrade: put the files back as they were before the upgrade"},
                         {.name = "commit",
                          .help = "upgrade: remove the backup; then there is no way back"}}}},
       .common = {{.name = "config",
                   .value = "FILE",
                   .help = "YAML (config/rhumb.yaml documents every key); the files conf.d/*.yaml "
                           "beside it are read after it"},
                  {.name = "data",
                   .value = "DIR",
                   .help = "the data directory (node.data_dir, default ./data)"},
                  {.name = "host",
                   .value = "ADDRESS",
                   .help = "address to listen on (http.host, default 127.0.0.1)"},
                  {.name = "port",
                   .value = "N",
                   .help = "port of the REST API (http.port, default 6333; 0 takes a free one)"},
                  {.name = "set",
                   .value = "SECTION.KEY=VALUE",
                   .help = "any key of the configuration; may be repeated",
                   .repeated = true},
                  {.name = "insecure", .help = "listen beyond loopback without authentication"},
                  {.name = "check-config",
                   .help = "read the configuration, say whether it is valid, and end"},
                  {.name = "print-config",
                   .help = "print the configuration in effect as YAML, and end"},
                  {.name = "print-metrics",
                   .help = "print the table of all metrics (docs/METRICS.md), and end"},
                  {.name = "version", .help = "show the version"},
                  {.name = "help", .short_name = 'h', .help = "show this text"}},
       .notes = {"The environment overrides the files (RHUMB_HTTP_PORT for http.port); the command "
                 "line overrides both.",
                 "Signals: SIGTERM and SIGINT stop cleanly; SIGHUP reads log.level from the files "
                 "again."}};
  return table;
}

}  // namespace rhumb::app
