// SPDX-License-Identifier: Apache-2.0
#include "training/labelled_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "training/xz_lines.h"

namespace hexapla::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Packed(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                6, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

class LabelledTextsTest : public testing::Test {
 protected:
  ~LabelledTextsTest() override { std::filesystem::remove(path_); }

  absl::StatusOr<LabelledTexts> Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return ReadLabelledTexts(path_);
  }

  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/labelled_texts_test.", getpid(), ".xz");
};

TEST_F(LabelledTextsTest, ReadsColumnsByTheHeader) {
  const auto texts = Read(Packed(
      "set\tlabel\tone\ttwo\ttext\nnews\tdeu\tde\tnl\tguten Tag\nwords\tsrp-Latn\thr\tsr\tkuća\n"));
  ASSERT_TRUE(texts.ok()) << texts.status();
  EXPECT_THAT(texts->identifiers, ElementsAre("one", "two"));
  ASSERT_THAT(texts->texts, SizeIs(2));
  EXPECT_EQ(texts->texts[0].set, "news");
  EXPECT_EQ(texts->texts[0].language, "de");
  EXPECT_EQ(texts->texts[0].text, "guten Tag");
  EXPECT_THAT(texts->texts[0].answers, ElementsAre("de", "nl"));
  EXPECT_EQ(texts->texts[1].code, "srp");
  EXPECT_EQ(texts->texts[1].language, "sr");
}

TEST_F(LabelledTextsTest, TextsInScriptsOutOfUseAreLeftOut) {
  const auto texts =
      Read(Packed("set\tlabel\ttext\na\tara-Latn\tmarhaba\na\tvie-Hani\t越\na\tara\tمرحبا\n"));
  ASSERT_TRUE(texts.ok()) << texts.status();
  ASSERT_THAT(texts->texts, SizeIs(1));
  EXPECT_EQ(texts->texts[0].language, "ar");
}

TEST_F(LabelledTextsTest, DamageIsRefused) {
  EXPECT_EQ(Read("no xz at all").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Read(Packed("set\ttext\n")).status().code(), absl::StatusCode::kDataLoss);
  const auto columns = Read(Packed("set\tlabel\ttext\na\tdeu\n"));
  EXPECT_EQ(columns.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(columns.status().message()), HasSubstr("a line has 2 columns"));
  std::string rows = "set\tlabel\ttext\n";
  for (int64_t i = 0; i < 50000; ++i)
    absl::StrAppend(&rows, "a\tdeu\tgut ", i * 7919 % 104729, "\n");
  const std::string packed = Packed(rows);
  EXPECT_EQ(Read(packed.substr(0, packed.size() / 2)).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(LabelledTextsTest, AMissingFileIsNamed) {
  const auto texts = ReadLabelledTexts("no/such/file.tsv.xz");
  EXPECT_EQ(texts.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(texts.status().message()), HasSubstr("no/such/file.tsv.xz"));
}

TEST(LanguageOfLabelTest, NamesTheLanguageWithoutScript) {
  EXPECT_EQ(LanguageOfLabel("eng"), "en");
  EXPECT_EQ(LanguageOfLabel("nob-Latn"), "nb");
  EXPECT_EQ(LanguageOfLabel("kor-Hang"), "ko");
  EXPECT_EQ(LanguageOfLabel("zho_Hant"), "zh");
  EXPECT_EQ(LanguageOfLabel("srp-Cyrl"), "sr");
  EXPECT_EQ(LanguageOfLabel("ara-Latn"), "");
}

TEST(ReadCodesTest, ReadsWhatIsQuoted) {
  const std::string path = absl::StrCat(testing::TempDir(), "/codes_test.", getpid(), ".json");
  std::ofstream(path) << "[\"eng\", \"fra\"]\n";
  EXPECT_THAT(ReadCodes(path), ElementsAre("eng", "fra"));
  std::filesystem::remove(path);
  EXPECT_THAT(ReadCodes(path), ElementsAre());
}

TEST(XzLinesTest, GivesLinesAcrossItsBlocks) {
  const std::string path = absl::StrCat(testing::TempDir(), "/xz_lines_test.", getpid(), ".xz");
  const std::string longest(3 << 20, 'x');
  std::ofstream(path, std::ios::binary) << Packed("one\n\n" + longest + "\nlast");
  XzLines lines(path);
  std::string line;
  ASSERT_TRUE(lines.ok());
  for (const std::string& expected :
       {std::string("one"), std::string(), longest, std::string("last")}) {
    ASSERT_TRUE(lines.Next(line));
    EXPECT_EQ(line, expected);
  }
  EXPECT_FALSE(lines.Next(line));
  EXPECT_TRUE(lines.ok());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace hexapla::training
