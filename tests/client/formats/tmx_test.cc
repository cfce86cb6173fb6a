// SPDX-License-Identifier: Apache-2.0
#include "client/formats/tmx.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <sstream>

#include "client/version.h"
#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

std::string Write(const AlignmentReply& reply, const std::vector<std::string>& files) {
  std::ostringstream output;
  WriteTmx(reply.Response(), files, output);
  return output.str();
}

// What a reader of XML finds; white space as it stands.
pugi::xml_document Read(const std::string& xml) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str(), pugi::parse_default | pugi::parse_ws_pcdata_single))
      << xml;
  return document;
}

TEST(TmxTest, AUnitIsABead) {
  const std::string xml = Write(
      AlignmentReply({"en", "zh-Hant"}).Bead(0.97F, {{0}, {0, 1}}, {{"One."}, {"一。", "二。"}}),
      {"a.txt", "b.txt"});
  EXPECT_EQ(absl::StrReplaceAll(xml, {{absl::StrCat("version=\"", kVersion, "\" segtype"),
                                       "version=\"VERSION\" segtype"}}),
            R"xml(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
 <header creationtool="hexapla" creationtoolversion="VERSION" segtype="sentence" o-tmf="hexapla" adminlang="en" srclang="en" datatype="plaintext">
  <prop type="x-file-1">a.txt</prop>
  <prop type="x-file-2">b.txt</prop>
 </header>
 <body>
  <tu tuid="0">
   <prop type="x-probability">0.9700</prop>
   <tuv xml:lang="en">
    <seg>One.</seg>
   </tuv>
   <tuv xml:lang="zh-Hant">
    <seg>一。二。</seg>
   </tuv>
  </tu>
 </body>
</tmx>
)xml");
}

TEST(TmxTest, AnAbsentVersionHasNoVariant) {
  const std::string xml =
      Write(AlignmentReply({"en", "fr", "ar"}).Bead(1, {{0}, {}, {0}}), {"a", "b", "c"});
  EXPECT_THAT(xml, HasSubstr("xml:lang=\"ar\""));
  EXPECT_EQ(xml.find("xml:lang=\"fr\""), std::string::npos);
}

TEST(TmxTest, TextOfAnyKindIsReadBack) {
  const std::string hostile = " <seg>&amp; ]]> \"quoted\" 'too'\t\u202Eא\n second line ";
  const auto document =
      Read(Write(AlignmentReply({"en", "fr"}).Bead(1, {{0}, {0}}, {{hostile}, {"\x1B[0m"}}),
                 {"<&>\".txt", "b"}));
  const pugi::xml_node unit = document.child("tmx").child("body").child("tu");
  const pugi::xml_node first = unit.child("tuv");
  EXPECT_EQ(first.child("seg").text().get(), hostile);
  EXPECT_STREQ(first.next_sibling("tuv").child("seg").text().get(), "\uFFFD[0m");
  EXPECT_STREQ(document.child("tmx").child("header").child("prop").text().get(), "<&>\".txt");
}

TEST(TmxTest, NoBeadsAreAnEmptyBody) {
  EXPECT_THAT(Write(AlignmentReply({"en", "fr"}), {"a", "b"}), HasSubstr("<body />"));
}

}  // namespace
}  // namespace hexapla
