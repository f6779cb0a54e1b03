// The kinds of values that settings have. Each function makes an entry of the table of keys.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/settings/settings.h"

namespace rhumb::settings {

inline constexpr uint64_t kMaxBytes = 1ull << 50;

base::Status refuse(const std::string& path, const std::string& value, const std::string& expects);
// The seconds of "90s", "30m", "12h", "7d" or "0".
std::optional<uint64_t> seconds_of(const std::string& text);
std::string duration_text(uint64_t seconds);  // in the largest unit that fits
// http(s)://host[:port][/path], where a host may be an IPv6 address in brackets.
bool is_url(const std::string& text);
bool is_url_list(const std::string& text);  // with commas between the URLs

template <typename Section, typename Field>
Key number(std::string path, Section Settings::*section, Field field, uint64_t min, uint64_t max,
           std::string help) {
  const std::string expects =
      "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  return {
      path,
      expects,
      std::move(help),
      false,
      [=](Settings& s, const std::string& text) -> base::Status {
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < min || value > max)
          return refuse(path, text, expects);
        (s.*section).*field = value;
        return base::ok();
      },
      [=](const Settings& s) { return std::to_string((s.*section).*field); }};
}

template <typename Section, typename Field>
Key share(std::string path, Section Settings::*section, Field field, double min, double max,
          std::string help) {
  const auto text_of = [](double v) {
    char text[32];
    return std::string(text, std::to_chars(text, text + sizeof(text), v).ptr);
  };
  const std::string expects = "a number from " + text_of(min) + " to " + text_of(max);
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> base::Status {
            double value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc() || end != text.data() + text.size() ||
                !(value >= min && value <= max))
              return refuse(path, text, expects);
            (s.*section).*field = value;
            return base::ok();
          },
          [=](const Settings& s) { return text_of((s.*section).*field); }};
}

template <typename Section, typename Field>
Key text(std::string path, Section Settings::*section, Field field, std::string expects,
         std::string help, bool secret = false) {
  return {path,
          std::move(expects),
          std::move(help),
          secret,
          [=](Settings& s, const std::string& value) -> base::Status {
            (s.*section).*field = value;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key choice(std::string path, Section Settings::*section, Field field,
           std::vector<std::string> values, std::string help) {
  std::string expects = "one of";
  for (const std::string& v : values) expects += " " + v + (v == values.back() ? "" : ",");
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& value) -> base::Status {
            for (const std::string& v : values) {
              if (v != value) continue;
              (s.*section).*field = value;
              return base::ok();
            }
            return refuse(path, value, expects);
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key flag(std::string path, Section Settings::*section, Field field, std::string help) {
  return {path,
          "true or false",
          std::move(help),
          false,
          [=](Settings& s, const std::string& value) -> base::Status {
            if (value != "true" && value != "false") return refuse(path, value, "true or false");
            (s.*section).*field = value == "true";
            return base::ok();
          },
          [=](const Settings& s) { return std::string((s.*section).*field ? "true" : "false"); }};
}

// A number of bytes or "auto".
template <typename Section, typename Field>
Key bytes(std::string path, Section Settings::*section, Field field, std::string help) {
  const std::string expects = "auto or a whole number of bytes up to " + std::to_string(kMaxBytes);
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> base::Status {
            uint64_t value = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool number =
                error == std::errc() && end == text.data() + text.size() && value <= kMaxBytes;
            if (text != "auto" && !number) return refuse(path, text, expects);
            (s.*section).*field = text;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key duration(std::string path, Section Settings::*section, Field field, uint64_t max_seconds,
             std::string help) {
  const std::string expects =
      "0, or a whole number with s, m, h or d, up to " + duration_text(max_seconds);
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> base::Status {
            const auto value = seconds_of(text);
            if (!value || *value > max_seconds) return refuse(path, text, expects);
            (s.*section).*field = *value;
            return base::ok();
          },
          [=](const Settings& s) { return duration_text((s.*section).*field); }};
}

template <typename Section, typename Field>
Key url(std::string path, Section Settings::*section, Field field, std::string help) {
  const std::string expects = "empty or a URL like http://host:port";
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> base::Status {
            const bool known = text.starts_with("http://") && is_url(text);
            if (!text.empty() && !known) return refuse(path, text, expects);
            (s.*section).*field = text;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

template <typename Section, typename Field>
Key url_list(std::string path, Section Settings::*section, Field field, std::string help) {
  const std::string expects = "empty or URLs like https://host:port/path with commas between them";
  return {path,
          expects,
          std::move(help),
          false,
          [=](Settings& s, const std::string& text) -> base::Status {
            if (!is_url_list(text)) return refuse(path, text, expects);
            (s.*section).*field = text;
            return base::ok();
          },
          [=](const Settings& s) { return (s.*section).*field; }};
}

}  // namespace rhumb::settings
