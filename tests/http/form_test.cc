#include "host/http/form.h"

#include <gtest/gtest.h>

#include <vector>

#include "host/base/limits.h"

namespace rhumb::http {
namespace {

namespace limits = base::limits;

const std::string kType = "multipart/form-data; boundary=XX";

struct Collected : FormSink {
  struct Part {
    std::string name;
    std::optional<std::string> filename;
    std::string body;
    bool whole = false;
    bool operator==(const Part&) const = default;
  };
  base::Status part(const FormPart& part) override {
    parts.push_back({part.name, part.filename, "", false});
    return base::ok();
  }
  base::Status data(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    parts.back().body += bytes;
    return base::ok();
  }
  base::Status part_end() override {
    parts.back().whole = true;
    return base::ok();
  }
  std::vector<Part> parts;
};

base::Status read(std::string_view body, size_t step, Collected& out,
                  const std::string& type = kType) {
  auto reader = FormReader::begin(type, out);
  if (!reader.ok()) return reader.status();
  for (; !body.empty(); body.remove_prefix(std::min(step, body.size())))
    RHUMB_TRY((*reader)->feed(body.substr(0, step)));
  return (*reader)->finish();
}

std::string part(const std::string& disposition, const std::string& body) {
  return "--XX\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + body + "\r\n";
}

std::vector<Collected::Part> good(const std::string& body) {
  std::vector<Collected::Part> first;
  for (const size_t step : {body.size(), size_t{1}, size_t{2}, size_t{7}}) {
    Collected out;
    const auto status = read(body, step, out);
    EXPECT_TRUE(status.ok()) << status.message() << " in steps of " << step;
    if (step == body.size()) first = out.parts;
    EXPECT_TRUE(out.parts == first) << "in steps of " << step;
  }
  return first;
}

void refused(const std::string& body, const std::string& words) {
  for (const size_t step : {body.size() + 1, size_t{1}}) {
    Collected out;
    const auto status = read(body, step, out);
    EXPECT_EQ(status.code(), base::Code::kInvalid) << body.substr(0, 200);
    EXPECT_NE(status.message().find(words), std::string::npos)
        << "said: " << status.message() << "\nwant: " << words;
  }
}

TEST(Form, parts_come_with_their_names_and_bytes) {
  const std::string binary("\r\n--X\r\n\0--XY\r\n-", 16);
  const auto parts = good(part("name=\"priority\"", "snapshot") +
                          part("name=\"snapshot\"; filename=\"a b.snapshot\"", binary) +
                          part("name=empty", "") + "--XX--\r\n");
  const std::vector<Collected::Part> want = {{"priority", {}, "snapshot", true},
                                             {"snapshot", "a b.snapshot", binary, true},
                                             {"empty", {}, "", true}};
  EXPECT_TRUE(parts == want);
}

TEST(Form, text_before_and_after_the_parts_is_passed_over) {
  const auto parts =
      good("a preamble\r\n" + part("name=\"x\"", "--XX inside\r\n-XX") + "--XX--\r\nan epilogue");
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].body, "--XX inside\r\n-XX");
  EXPECT_TRUE(good("--XX--").empty());
}

TEST(Form, what_clients_write_into_headers_is_understood) {
  const auto parts = good(
      "--XX \t\r\ncontent-type: application/octet-stream\r\n"
      "CONTENT-DISPOSITION: Form-Data; Name=\"a\\\"b\";filename=plain ; filename*=utf-8''x\r\n"
      "Content-Length: 1\r\n\r\n.\r\n--XX--");
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].name, "a\"b");
  EXPECT_EQ(parts[0].filename, "plain");
}

TEST(Form, the_content_type_names_the_boundary) {
  Collected out;
  for (const char* type :
       {"multipart/form-data; boundary=XX", "Multipart/Form-Data;charset=x;BOUNDARY=\"XX\"",
        "multipart/form-data ; boundary=XX ; a=b"})
    EXPECT_TRUE(read(part("name=a", "1") + "--XX--", 5, out, type).ok()) << type;
  EXPECT_TRUE(read("--a b--", 5, out, "multipart/form-data; boundary=\"a b\"").ok());
  for (const std::string& type :
       {std::string(), std::string("application/json"), std::string("multipart/form-data"),
        std::string("multipart/form-data; boundary="), std::string("multipart/mixed; boundary=XX"),
        std::string("multipart/form-data; boundary=\"XX"),
        std::string("multipart/form-data; boundary=\"X \""),
        "multipart/form-data; boundary=" + std::string(71, 'X')})
    EXPECT_EQ(read("--XX--", 5, out, type).code(), base::Code::kInvalid) << type;
}

TEST(Form, a_form_that_is_cut_anywhere_is_refused) {
  const std::string whole = part("name=a", "body") + part("name=b", "more") + "--XX--";
  for (size_t length = 0; length < whole.size(); ++length)
    refused(whole.substr(0, length), "cut short");
}

TEST(Form, malformed_forms_are_refused_in_words) {
  refused("--XX?\r\n", "followed by other text");
  refused("--XX\n\r\n", "followed by other text");
  refused("--XX\r\n\r\nbody\r\n--XX--", "no name");
  refused("--XX\r\nContent-Type: a\r\n\r\nbody\r\n--XX--", "no name");
  refused("--XX\r\nno colon\r\n\r\nbody\r\n--XX--", "no colon");
  refused("--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--XX--",
          "no content disposition of form-data");
  refused(
      "--XX\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; "
      "name=b\r\n\r\n\r\n--XX--",
      "or two");
  refused("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--XX--", "no name");
}

TEST(Form, limits_hold) {
  refused(std::string(limits::kMaxFormEpilogueBytes + 100, 'p'), "no boundary begins it");
  refused("--XX--" + std::string(limits::kMaxFormEpilogueBytes + 100, 'e'), "outside of its parts");
  refused("--XX\r\nA: " + std::string(limits::kMaxFormHeaderBytes, 'h'), "the header of a part");
  refused("--XX" + std::string(limits::kMaxFormHeaderBytes + 1, ' '), "followed by other text");
  std::string many;
  for (uint32_t i = 0; i <= limits::kMaxFormParts; ++i) many += part("name=a", "");
  refused(many + "--XX--", "more than " + std::to_string(limits::kMaxFormParts) + " parts");
}

TEST(Form, a_sink_that_refuses_ends_the_reading) {
  struct Refusing : Collected {
    base::Status data(std::string_view) override { return base::unprocessable("not this"); }
  } sink;
  EXPECT_EQ(read(part("name=a", "x") + "--XX--", 1000, sink).code(), base::Code::kUnprocessable);
}

}  // namespace
}  // namespace rhumb::http
