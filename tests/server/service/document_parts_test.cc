// SPDX-License-Identifier: Apache-2.0
#include "server/service/document_parts.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/request_error.h"
#include "server/service/proto_conversion.h"
#include "tests/server/service/test_models.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;

class DocumentPartsTest : public ::testing::Test {
 protected:
  absl::Status Open(int versions) {
    v1::OpenDocuments open;
    for (int v = 0; v < versions; ++v) open.add_versions();
    return Open(std::move(open));
  }
  absl::Status Open(v1::OpenDocuments open) { return parts_.Open(std::move(open), *models_); }
  absl::Status AddText(int version, const std::string& text) {
    v1::DocumentChunk chunk;
    chunk.set_version_index(version);
    chunk.set_text(text);
    return parts_.Add(std::move(chunk));
  }
  absl::Status AddSentences(int version, const std::vector<std::string>& sentences) {
    v1::DocumentChunk chunk;
    chunk.set_version_index(version);
    *chunk.mutable_sentences() = {sentences.begin(), sentences.end()};
    return parts_.Add(std::move(chunk));
  }
  absl::StatusOr<v1::AlignDocumentsRequest> End() { return std::move(parts_).End(); }

  ServiceLimits limits_ = {.document_bytes_max = 20, .sentences_max = 3};
  const std::shared_ptr<const ModelSet> models_ = TestModels();
  DocumentParts parts_{limits_};
};

TEST_F(DocumentPartsTest, PartsAreJoinedWithoutAnythingBetween) {
  v1::OpenDocuments open;
  open.add_versions()->set_text("One ");
  open.mutable_versions(0)->set_language("en");
  open.add_versions()->add_sentences("Un.");
  open.mutable_options()->set_no_merges(true);
  ASSERT_TRUE(Open(open).ok());
  ASSERT_TRUE(AddText(0, "tw").ok());
  ASSERT_TRUE(AddSentences(1, {"", "Deux."}).ok());
  ASSERT_TRUE(AddText(0, "o.").ok());
  EXPECT_EQ(parts_.bytes(), 8u + 8u + 3 * kSentenceOverhead);  // one of them empty
  const auto request = End();
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->versions(0).text(), "One two.");
  EXPECT_EQ(request->versions(0).language(), "en");
  EXPECT_THAT(request->versions(1).sentences(), ElementsAre("Un.", "", "Deux."));
  EXPECT_TRUE(request->options().no_merges());
}

TEST_F(DocumentPartsTest, CharacterMayBeCutBetweenParts) {
  ASSERT_TRUE(Open(2).ok());
  for (const char* part : {"\xF0\x9F", "\x98", "\x80\xC3", "\xA9"}) {
    ASSERT_TRUE(AddText(0, part).ok());
  }
  EXPECT_EQ(End()->versions(0).text(), "\xF0\x9F\x98\x80\xC3\xA9");
}

TEST_F(DocumentPartsTest, JoinedTextThatIsNotUtf8IsRefused) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(AddText(1, "ab\xC3").ok());
  ASSERT_TRUE(AddText(1, "c").ok());
  const absl::Status status = End().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FaultOf(status).reason, "TEXT_NOT_UTF8");
  EXPECT_EQ(FaultOf(status).field, "versions[1].text");
  EXPECT_EQ(FaultOf(status).value, "2");
}

TEST_F(DocumentPartsTest, WrongOpensAreRefusedAtOnce) {
  EXPECT_EQ(FaultOf(Open(1)).reason, "TOO_FEW_VERSIONS");
  EXPECT_EQ(FaultOf(Open(17)).reason, "TOO_MANY_VERSIONS");
  v1::OpenDocuments open;
  open.add_versions();
  open.add_versions()->set_language("f");
  EXPECT_EQ(FaultOf(Open(open)).reason, "LANGUAGE_MALFORMED");
  EXPECT_EQ(FaultOf(Open(open)).field, "versions[1].language");
  open.mutable_versions(1)->clear_language();
  open.mutable_options()->set_max_bead_size(9);
  EXPECT_EQ(FaultOf(Open(open)).reason, "VALUE_OUT_OF_RANGE");
}

TEST_F(DocumentPartsTest, LimitsHoldFromTheFirstPartOn) {
  ASSERT_TRUE(Open(2).ok());
  ASSERT_TRUE(AddText(0, std::string(20, 'x')).ok());
  const absl::Status status = AddText(0, "y");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FaultOf(status).reason, "TEXT_TOO_LONG");
  EXPECT_EQ(FaultOf(status).field, "versions[0].text");
  EXPECT_EQ(FaultOf(status).value, "21");
  ASSERT_TRUE(AddSentences(1, {"a", "b", "c"}).ok());
  EXPECT_EQ(FaultOf(AddSentences(1, {"d"})).reason, "TOO_MANY_SENTENCES");
}

TEST_F(DocumentPartsTest, ChunksThatMakeNoSenseAreRefused) {
  ASSERT_TRUE(Open(2).ok());
  EXPECT_EQ(FaultOf(AddText(2, "x")).reason, "VALUE_OUT_OF_RANGE");
  EXPECT_EQ(FaultOf(AddText(-1, "x")).field, "chunk.version_index");
  EXPECT_EQ(FaultOf(AddText(0, "")).reason, "TEXT_MISSING");
  ASSERT_TRUE(AddText(0, "x").ok());
  EXPECT_EQ(FaultOf(AddSentences(0, {"y"})).reason, "TEXT_AMBIGUOUS");
  ASSERT_TRUE(AddSentences(1, {"y"}).ok());
  EXPECT_EQ(FaultOf(AddText(1, "x")).reason, "TEXT_AMBIGUOUS");
}

}  // namespace
}  // namespace hexapla
