// One small, broken plugin per rule: each is refused with file, field, expected and found, and the
// host goes on.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "host/base/executor.h"
#include "host/plugin/loader.h"
#include "host/plugin/registry.h"
#include "host/plugin/status.h"
#include "tests/places.h"

namespace rhumb::plugin {
namespace {

namespace fs = std::filesystem;

std::string rogue(const std::string& name) { return places::build() + "/rogue/" + name + ".so"; }

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/rhumb-abi-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TempDir() { fs::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Rule {
  const char* name;
  const char* text;  // part of the refusal: field, expected, found
};
void PrintTo(const Rule& rule, std::ostream* os) { *os << rule.name; }

const Rule kRules[] = {
    {"wrong_magic", "magic: expected 0x424d4852, found 0x12345678"},
    {"short_struct", "struct_size: expected >= 64, found 32"},
    {"wrong_major", "abi_major: expected 1, found 2"},
    {"future_minor", "abi_minor_min: expected <= 0, found 1"},
    {"wrong_draft", "found \"0000\""},
    {"null_draft", "found NULL or not terminated"},
    {"null_manifest", "rhumb_plugin_v1(): expected a manifest, found NULL"},
    {"bad_plugin_id", "id: expected [a-z0-9_]{1,64}, found \"../etc\""},
    {"no_license", "license: expected an SPDX expression, found \"\""},
    {"no_factories", "factory_count: expected 1 to 64, found 0"},
    {"many_factories", "factory_count: expected 1 to 64, found 18446744073709551615"},
    {"null_factory", "factories[0]: expected a factory, found NULL"},
    {"bad_factory_id", "factories[0].id: expected [a-z0-9_]{1,64}, found \"Big Index\""},
    {"null_ops", "factories[0].ops: expected the table of kind index, found NULL"},
    {"short_ops", "factories[0].ops.struct_size: expected >= 80, found 56"},
    {"null_op", "factories[0].ops.search: expected a function, found NULL"},
    {"duplicate_id",
     "factories[1].id: expected one factory of an id in kind index, found \"twin\" twice"},
    {"no_symbol", "symbol: expected rhumb_plugin_v1, found no such exported symbol"},
    {"unresolved", "nobody_has_this"},
};

class Rogue : public testing::TestWithParam<Rule> {};

TEST_P(Rogue, is_refused_by_file_field_expected_and_found) {
  const auto loaded = load_plugin(rogue(GetParam().name));
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(std::string::npos, loaded.status().message().find(GetParam().text))
      << loaded.status().message();
  EXPECT_EQ(0u, loaded.status().message().find(fs::canonical(places::build() + "/rogue").string()))
      << loaded.status().message();
}
INSTANTIATE_TEST_SUITE_P(All, Rogue, testing::ValuesIn(kRules),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RogueDirectory, leaves_the_honest_ones_loaded_and_lists_the_rest) {
  base::Executor executor("test", 1, 16);
  PluginRegistry registry(executor);
  ASSERT_TRUE(registry.load_directory(places::build() + "/rogue").ok());

  std::map<std::string, PluginInfo> by_name;
  for (const PluginInfo& info : registry.inventory()) by_name[fs::path(info.file).stem()] = info;
  for (const Rule& rule : kRules) {
    ASSERT_TRUE(by_name.contains(rule.name));
    EXPECT_FALSE(by_name[rule.name].loaded) << rule.name;
    EXPECT_NE(std::string::npos, by_name[rule.name].error.find(rule.text))
        << by_name[rule.name].error;
    EXPECT_TRUE(by_name[rule.name].engines.empty());
  }
  for (const char* good : {"honest", "later_minor", "later_kind", "throws"}) {
    EXPECT_TRUE(by_name[good].loaded) << by_name[good].error;
    EXPECT_EQ(1u, by_name[good].engines.size());
    EXPECT_TRUE(registry.find<rhumb_index_ops_t>(good).ok());
  }
  // "honest" comes first by name; who claims what it holds is told whom it belongs to.
  EXPECT_NE(std::string::npos, by_name["taken_id"].error.find("found \"honest\" of "))
      << by_name["taken_id"].error;
  EXPECT_NE(std::string::npos, by_name["taken_plugin_id"].error.find("found \"honest\" of "))
      << by_name["taken_plugin_id"].error;
  EXPECT_EQ(std::size(kRules) + 6, by_name.size()) << "a rogue without a rule";
}

TEST(RogueDirectory, find_names_what_there_is_and_why_not) {
  base::Executor executor("test", 1, 16);
  PluginRegistry registry(executor);
  ASSERT_TRUE(registry.load_file(rogue("honest")).ok());
  ASSERT_FALSE(registry.load_file(rogue("null_op")).ok());
  const auto missing = registry.find<rhumb_index_ops_t>("null_op");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(base::Code::kNotFound, missing.status().code());
  const std::string& text = missing.status().message();
  EXPECT_NE(std::string::npos, text.find("no index engine \"null_op\"; there is: honest")) << text;
  EXPECT_NE(std::string::npos, text.find("search: expected a function")) << text;
  EXPECT_FALSE(registry.find<rhumb_kv_ops_t>("honest").ok()) << "another kind";
}

TEST(RogueFile, that_is_no_library_is_refused) {
  TempDir dir;
  std::ofstream(dir.file("garbage.so")) << "this is not an ELF file, however long it goes on about "
                                           "it: more than the size of a header";
  std::ofstream(dir.file("empty.so")).flush();
  for (const char* name : {"garbage.so", "empty.so"}) {
    const auto loaded = load_plugin(dir.file(name));
    ASSERT_FALSE(loaded.ok()) << name;
    EXPECT_NE(std::string::npos,
              loaded.status().message().find("file: expected a loadable shared library"))
        << loaded.status().message();
  }
  EXPECT_EQ(base::Code::kIo, load_plugin(dir.file("absent.so")).status().code());
}

TEST(RogueFile, that_is_cut_short_anywhere_is_refused_or_still_whole) {
  const uint64_t size = fs::file_size(rogue("honest"));
  uint64_t refused = 0;
  for (uint64_t keep = 0; keep < size; keep += size / 40 + 1) {
    TempDir dir;  // the linker knows a file by its inode: each cut needs one of its own
    fs::copy_file(rogue("honest"), dir.file("cut.so"));
    fs::resize_file(dir.file("cut.so"), keep);
    // sections at the end are not needed to run
    const auto loaded = load_plugin(dir.file("cut.so"));
    if (loaded.ok()) continue;
    ++refused;
    EXPECT_NE(std::string::npos, loaded.status().message().find("cut.so: "))
        << loaded.status().message();
  }
  EXPECT_GT(refused, 3u);
}

TEST(RogueFile, that_others_could_have_written_is_refused) {
  TempDir dir;
  const std::string file = dir.file("p.so");
  fs::copy_file(rogue("honest"), file);
  ASSERT_EQ(0, ::chmod(file.c_str(), 0755));
  EXPECT_TRUE(check_plugin_file(file).ok());

  for (const mode_t mode : {0775, 0757, 0777}) {
    ASSERT_EQ(0, ::chmod(file.c_str(), mode));
    const auto checked = check_plugin_file(file);
    ASSERT_FALSE(checked.ok());
    EXPECT_NE(std::string::npos, checked.status().message().find("mode: expected not writable"))
        << checked.status().message();
  }
  ASSERT_EQ(0, ::chmod(file.c_str(), 0755));

  ASSERT_EQ(0, ::chmod(dir.path().c_str(), 0777));
  EXPECT_NE(std::string::npos,
            check_plugin_file(file).status().message().find("mode of the directory"));
  ASSERT_EQ(0, ::chmod(dir.path().c_str(), 01777));
  EXPECT_TRUE(check_plugin_file(file).ok()) << "sticky: others cannot replace it";
  ASSERT_EQ(0, ::chmod(dir.path().c_str(), 0700));

  EXPECT_NE(std::string::npos,
            check_plugin_file(dir.path()).status().message().find("type: expected a regular file"));
  fs::create_symlink(file, dir.file("link.so"));
  ASSERT_TRUE(check_plugin_file(dir.file("link.so")).ok()) << "a link stands for its target";
  EXPECT_EQ(fs::canonical(file).string(), *check_plugin_file(dir.file("link.so")));
}

TEST(RogueFile, of_another_user_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  TempDir dir;
  const std::string file = dir.file("p.so");
  fs::copy_file(rogue("honest"), file);
  ASSERT_EQ(0, ::chmod(file.c_str(), 0755));
  ASSERT_EQ(0, ::chown(file.c_str(), 65534, 65534));
  const auto checked = check_plugin_file(file);
  ASSERT_FALSE(checked.ok());
  EXPECT_NE(std::string::npos,
            checked.status().message().find("owner: expected root or uid 0, found uid 65534"))
      << checked.status().message();
}

class Throwing : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(registry_.load_file(rogue("throws")).ok());
    engine_ = *registry_.find<rhumb_index_ops_t>("throws");
  }
  base::Status open(uint64_t capacity) {
    rhumb_index_open_t open{};
    open.struct_size = sizeof open;
    open.capacity_hint = capacity;
    ErrorSlot error;
    return error.status(engine_.ops->open(engine_.host, &open, &self_, error.out()), "open");
  }
  base::Executor executor_{"test", 1, 16};
  PluginRegistry registry_{executor_};
  Engine<rhumb_index_ops_t> engine_{};
  rhumb_index_t* self_ = nullptr;
};

TEST_F(Throwing, exceptions_become_a_status_and_a_text) {
  EXPECT_EQ("open: out of memory", open(0).message());
  EXPECT_EQ(nullptr, self_);
  ASSERT_TRUE(open(1).ok());
  const auto& ops = *engine_.ops;

  ErrorSlot built;
  const auto no_room =
      built.status(ops.build(self_, nullptr, 0, nullptr, nullptr, built.out()), "build");
  EXPECT_EQ(base::Code::kNoSpace, no_room.code());
  EXPECT_EQ("build: no room (No space left on device)", no_room.message());

  ErrorSlot inserted;
  EXPECT_EQ(RHUMB_BUG, ops.insert(self_, nullptr, 0, 1, inserted.out()));
  EXPECT_EQ("insert: unknown exception", inserted.status(RHUMB_BUG, "insert").message());

  ErrorSlot searched;
  rhumb_query_t query{};
  rhumb_hits_t hits{};
  EXPECT_EQ(RHUMB_BUG, ops.search(self_, nullptr, &query, &hits, searched.out()));
  EXPECT_EQ(std::string("search: ") + std::string(247, 'x'),
            searched.status(RHUMB_BUG, "search").message())
      << "cut, not overrun";
  EXPECT_EQ(RHUMB_BUG, ops.search(self_, nullptr, &query, &hits, nullptr))
      << "the error is optional";

  rhumb_buffer_t buffer{};
  EXPECT_EQ(RHUMB_BUG, ops.describe(engine_.host, &buffer));
  EXPECT_EQ(RHUMB_BUG, ops.stats(self_, &buffer));
  EXPECT_EQ(nullptr, buffer.release);
  ops.close(self_);
}

TEST(LaterMinor, tables_are_normalised) {
  base::Executor executor("test", 1, 16);
  PluginRegistry registry(executor);
  ASSERT_TRUE(registry.load_file(rogue("later_minor")).ok());
  const auto engine = registry.find<rhumb_index_ops_t>("later_minor");
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(sizeof(rhumb_index_ops_t), engine->ops->struct_size);
  EXPECT_NE(nullptr, engine->ops->search);
  EXPECT_EQ(nullptr, engine->ops->insert) << "an optional function it does not have";
}

}  // namespace
}  // namespace rhumb::plugin
