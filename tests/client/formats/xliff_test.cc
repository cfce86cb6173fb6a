// SPDX-License-Identifier: Apache-2.0
#include "client/formats/xliff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

std::string Write(const AlignmentReply& reply, const std::vector<std::string>& files) {
  std::ostringstream output;
  WriteXliff(reply.Response(), files, output);
  return output.str();
}

std::string WriteOne(const std::string& source, const std::string& target) {
  return Write(AlignmentReply({"en", "fr"}).Bead(1, {{0}, {0}}, {{source}, {target}}), {"a", "b"});
}

TEST(XliffTest, AUnitIsABead) {
  EXPECT_EQ(
      Write(AlignmentReply({"en", "fr"}).Bead(0.97F, {{0}, {0, 1}}, {{"One."}, {"Un.", "Deux."}}),
            {"a.txt", "b.txt"}),
      R"xml(<?xml version="1.0" encoding="UTF-8"?>
<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" xmlns:mda="urn:oasis:names:tc:xliff:metadata:2.0" version="2.1" srcLang="en" trgLang="fr">
 <file id="f1" original="a.txt" xml:space="preserve">
  <mda:metadata>
   <mda:metaGroup category="hexapla">
    <mda:meta type="target-file">b.txt</mda:meta>
   </mda:metaGroup>
  </mda:metadata>
  <unit id="0">
   <mda:metadata>
    <mda:metaGroup category="hexapla">
     <mda:meta type="probability">0.9700</mda:meta>
    </mda:metaGroup>
   </mda:metadata>
   <segment state="translated">
    <source>One.</source>
    <target>Un. Deux.</target>
   </segment>
  </unit>
 </file>
</xliff>
)xml");
}

TEST(XliffTest, ABeadWithoutATargetIsInitial) {
  const std::string xml = Write(AlignmentReply({"en", "fr"}).Bead(1, {{0}, {}}), {"a", "b"});
  EXPECT_THAT(xml,
              HasSubstr("<segment state=\"initial\">\n    <source>0.0</source>\n   </segment>"));
}

TEST(XliffTest, ABeadWithoutASourceHasAnEmptyOne) {
  const std::string xml = Write(AlignmentReply({"en", "fr"}).Bead(1, {{}, {0}}), {"a", "b"});
  EXPECT_THAT(xml, HasSubstr("<source></source>\n    <target>1.0</target>"));
}

TEST(XliffTest, NoBeadsAreAnEmptyUnit) {
  EXPECT_THAT(Write(AlignmentReply({"en", "fr"}), {"a", "b"}),
              HasSubstr("<unit id=\"0\">\n   <segment>\n    <source />"));
}

TEST(XliffTest, MarkupInTextIsEscaped) {
  EXPECT_THAT(WriteOne("<b>&\"' ]]>", "x"), HasSubstr("<source>&lt;b&gt;&amp;\"' ]]&gt;</source>"));
}

TEST(XliffTest, CharactersThatXmlForbidsAreCodePoints) {
  EXPECT_THAT(WriteOne("\x1B[1m\uFFFF!", std::string("\0", 1)),
              HasSubstr("<source><cp hex=\"001B\" />[1m<cp hex=\"FFFF\" />!</source>\n"
                        "    <target><cp hex=\"0000\" /></target>"));
}

}  // namespace
}  // namespace hexapla
