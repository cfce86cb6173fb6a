// SPDX-License-Identifier: Apache-2.0
#include "tests/load/calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/load/echo_text.h"

namespace hexapla::load {
namespace {

using ::testing::HasSubstr;

std::string Echo(const std::string& payload, size_t size) {
  std::string out = "before";
  SetEcho(payload, size, out);
  return out;
}

TEST(EchoTextTest, RepeatsOrCuts) {
  EXPECT_EQ(Echo("abc", 3), "abc");
  EXPECT_EQ(Echo("abc", 2), "ab");
  EXPECT_EQ(Echo("abc", 7), "abcabca");
  EXPECT_EQ(Echo("abc", 0), "");
}

TEST(CallsTest, UnknownNameIsNamed) {
  const auto caller = MakeCaller("detekt", nullptr, {});
  EXPECT_EQ(caller.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(caller.status().message()), HasSubstr("no call \"detekt\""));
}

v1::DetectLanguagesResponse RightReply(const v1::DetectLanguagesRequest& request) {
  static constexpr const char* kLanguages[] = {"en", "fr", "de", "es", "ru", "vi"};
  v1::DetectLanguagesResponse reply;
  for (int i = 0; i < request.texts_size(); ++i) {
    reply.add_results()->mutable_detection()->set_language(kLanguages[i % 6]);
  }
  return reply;
}

TEST(CallsTest, DetectionIsChecked) {
  const auto request = MakeDetectRequest(256);
  ASSERT_EQ(request.texts_size(), 256);
  auto reply = RightReply(request);
  EXPECT_EQ(CheckDetectReply(request, reply), absl::OkStatus());
  reply.mutable_results(255)->mutable_detection()->set_language("sv");
  EXPECT_THAT(std::string(CheckDetectReply(request, reply).message()), HasSubstr("text 255"));
  reply.mutable_results()->RemoveLast();
  EXPECT_THAT(std::string(CheckDetectReply(request, reply).message()),
              HasSubstr("255 results of 256"));
}

v1::AlignDocumentsResponse OneToOne(int sentences) {
  v1::AlignDocumentsResponse reply;
  for (int i = 0; i < sentences; ++i) {
    v1::Bead& bead = *reply.add_beads();
    bead.add_sides()->add_sentence_indices(i);
    bead.add_sides()->add_sentence_indices(i);
  }
  reply.mutable_summary()->set_document_probability(1);
  return reply;
}

TEST(CallsTest, AlignmentMustHoldEachSentenceOnce) {
  EXPECT_EQ(CheckAlignReply(8, OneToOne(8)), absl::OkStatus());
  EXPECT_FALSE(CheckAlignReply(8, OneToOne(7)).ok());
  EXPECT_FALSE(CheckAlignReply(7, OneToOne(8)).ok());
  auto twice = OneToOne(8);
  *twice.add_beads() = twice.beads(0);
  EXPECT_FALSE(CheckAlignReply(8, twice).ok());
  auto one_sided = OneToOne(8);
  one_sided.mutable_beads(0)->mutable_sides()->RemoveLast();
  EXPECT_FALSE(CheckAlignReply(8, one_sided).ok());
  auto strangers = OneToOne(8);
  strangers.mutable_summary()->set_document_probability(0.1f);
  EXPECT_FALSE(CheckAlignReply(8, strangers).ok());
}

TEST(CallsTest, AlignmentRequestsHaveTheirSentences) {
  const auto request = MakeAlignRequest(60, /*as_text=*/false);
  ASSERT_EQ(request.versions_size(), 2);
  EXPECT_EQ(request.versions(0).sentences_size(), 480);
  EXPECT_EQ(request.versions(1).sentences_size(), 480);
  EXPECT_THAT(request.versions(0).sentences(472), HasSubstr("60"));
  const auto text = MakeAlignRequest(1, /*as_text=*/true);
  EXPECT_EQ(text.versions(0).sentences_size(), 0);
  EXPECT_FALSE(text.versions(1).text().empty());
}

}  // namespace
}  // namespace hexapla::load
