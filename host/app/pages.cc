#include "host/app/pages.h"

#include "host/app/command_table.h"
#include "host/base/completion.h"
#include "host/settings/settings.h"

namespace rhumb::app {
namespace {

base::NamedPage page_of_settings() {
  base::ManPage page("rhumb.yaml", 5, "configuration of rhumbd");
  page.heading("DESCRIPTION");
  page.paragraph(
      "rhumbd reads this file when it is called with --config. It is YAML: sections with keys "
      "below "
      "them. A key that is left out has its default. An unknown key is an error, and rhumbd does "
      "not "
      "start. Environment variables override the file, and the command line overrides both.");
  page.paragraph("The service of the package reads /etc/rhumb/rhumb.yaml.");
  const settings::Settings defaults;
  std::string section;
  for (const settings::Key& key : settings::keys()) {
    const size_t dot = key.path.find('.');
    if (key.path.substr(0, dot) != section) {
      section = key.path.substr(0, dot);
      page.heading("SECTION " + section);
    }
    const std::string standard = key.get(defaults);
    page.item(key.path.substr(dot + 1), "",
              key.help + " It is " + key.expects +
                  ". Default: " + (standard.empty() ? "empty" : standard) +
                  ". Environment: " + settings::environment_name(key.path) + ".");
  }
  page.see_also({{"rhumbd", 8}});
  return {"man5/rhumb.yaml.5", page.text()};
}

}  // namespace

std::vector<base::NamedPage> pages() {
  std::vector<base::NamedPage> out =
      base::man_pages(program(), {.section = 8, .see_also = {{"rhumb", 1}, {"rhumb.yaml", 5}}});
  out.push_back(page_of_settings());
  for (base::NamedPage& page : base::completions(program())) out.push_back(std::move(page));
  return out;
}

}  // namespace rhumb::app
