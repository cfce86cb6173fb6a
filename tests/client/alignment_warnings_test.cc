// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_warnings.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using v1::Warning;

std::string WarningsOf(const AlignmentReply& reply) {
  AlignCommand command;
  for (int file = 0; file < reply.Response().summary().versions_size(); ++file) {
    command.files.push_back(std::string(1, static_cast<char>('a' + file)));
  }
  std::ostringstream errors;
  WriteAlignmentWarnings(reply.Response().summary(), command, errors);
  return errors.str();
}

TEST(AlignmentWarningsTest, NothingToSayIsNothing) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "fr"}).Pair(0, 1, 0.5F)), "");
}

TEST(AlignmentWarningsTest, EveryUnrelatedPairHasOneLine) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "fr", "de"})
                           .Pair(0, 1, 0.9F)
                           .Pair(0, 2, 0.03F)
                           .Pair(1, 2, 0.25F)
                           .Warning(Warning::REASON_VERSIONS_UNRELATED, {0, 2}, "again")),
            "warning: a and c look unrelated (0.03)\n"
            "warning: b and c look unrelated (0.25)\n");
}

TEST(AlignmentWarningsTest, WithoutVectorsNoPairIsCalledUnrelated) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "tlh", "fr"})
                           .Pair(0, 1, 0.19F)
                           .Pair(0, 2, 0.2F)
                           .Pair(1, 2, 0.6F)
                           .Warning(Warning::REASON_LANGUAGE_NOT_COVERED, {1},
                                    "versions[1]: the embedding space does not cover tlh")),
            "warning: a and b: cannot tell whether they are related; the space does not cover tlh\n"
            "warning: a and c look unrelated (0.20)\n"
            "warning: b: the embedding space does not cover tlh\n");
}

TEST(AlignmentWarningsTest, TwoLanguagesWithoutVectorsAreBothNamed) {
  const auto reply = [](const std::vector<std::string>& languages) {
    return AlignmentReply(languages).Pair(0, 1, 0).Warning(Warning::REASON_LANGUAGE_NOT_COVERED,
                                                           {0, 1}, "no vectors");
  };
  EXPECT_EQ(WarningsOf(reply({"tlh", "ach"})),
            "warning: a and b: cannot tell whether they are related; the space does not cover ach; "
            "the space does not cover tlh\n"
            "warning: a, b: no vectors\n");
  EXPECT_EQ(WarningsOf(reply({"tlh", "tlh"})),
            "warning: a and b: cannot tell whether they are related; the space does not cover tlh\n"
            "warning: a, b: no vectors\n");
}

TEST(AlignmentWarningsTest, AnUnknownLanguageIsSaidOnce) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "und"})
                           .Pair(0, 1, 0.1F)
                           .Warning(Warning::REASON_LANGUAGE_NOT_COVERED, {1}, "versions[1]: one")
                           .Warning(Warning::REASON_LANGUAGE_UNCERTAIN, {1}, "versions[1]: two")),
            "warning: a and b: cannot tell whether they are related; the language of b is unknown\n"
            "warning: b: the language is unknown; aligned on length, numbers and names alone; "
            "name it with --languages if you know it\n");
}

TEST(AlignmentWarningsTest, AnUncertainLanguageIsPassedOn) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "fr"})
                           .Warning(Warning::REASON_LANGUAGE_UNCERTAIN, {1},
                                    "versions[1]: the language is uncertain")),
            "warning: b: the language is uncertain\n");
}

TEST(AlignmentWarningsTest, AWarningOfANewerServerIsPassedOn) {
  EXPECT_EQ(WarningsOf(AlignmentReply({"en", "fr"})
                           .Warning(static_cast<Warning::Reason>(77), {}, "odd\nthing")
                           .Warning(static_cast<Warning::Reason>(77), {0, 1}, "odd pair")),
            "warning: odd thing\nwarning: a, b: odd pair\n");
}

}  // namespace
}  // namespace hexapla
