// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_output.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

constexpr char kDone[] = R"({"id":"a","beads":[],"document_probability":1})";
constexpr char kFailed[] = R"({"id":"b","error":{"code":"UNKNOWN","message":"line 2: x"}})";
constexpr char kBadLine[] = R"({"id":null,"line":3,"error":{"code":"UNKNOWN","message":"x"}})";

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CorpusOutputTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<CorpusOutput>> Open(const std::string& path,
                                                     OutputFormat format = OutputFormat::kJsonl) {
    return CorpusOutput::Open(path, CorpusFormat(format, {"en", "fr"}), standard_output_);
  }
  std::ostringstream standard_output_;
};

TEST_F(CorpusOutputTest, NewFileHasNothingDoneAndTakesWholeLines) {
  const TemporaryFile file("");
  auto output = Open(file.name());
  ASSERT_TRUE(output.ok());
  EXPECT_EQ((*output)->done(), 0);
  ASSERT_TRUE((*output)->Append(kDone).ok());
  ASSERT_TRUE((*output)->Append(kFailed).ok());
  EXPECT_EQ(ContentOf(file.name()), std::string(kDone) + "\n" + kFailed + "\n");
  EXPECT_TRUE((*output)->Sync().ok());
}

TEST_F(CorpusOutputTest, EarlierLinesAreKnownAndKept) {
  const std::string content = std::string(kDone) + "\n" + kFailed + "\n" + kBadLine + "\n";
  const TemporaryFile file(content);
  auto output = Open(file.name());
  ASSERT_TRUE(output.ok());
  EXPECT_EQ((*output)->done(), 3);
  EXPECT_EQ((*output)->failed(), 2);
  EXPECT_TRUE((*output)->HasId("a"));
  EXPECT_TRUE((*output)->HasId("b"));
  EXPECT_FALSE((*output)->HasId("c"));
  EXPECT_TRUE((*output)->HasLine(3));
  EXPECT_FALSE((*output)->HasLine(2));
  ASSERT_TRUE((*output)->Append("x").ok());
  EXPECT_EQ(ContentOf(file.name()), content + "x\n");
}

TEST_F(CorpusOutputTest, LineCutAtAnyByteIsDropped) {
  const std::string whole = std::string(kDone) + "\n";
  for (size_t cut = 1; cut <= sizeof(kFailed) - 1; ++cut) {
    const TemporaryFile file(whole + std::string(kFailed, cut));
    auto output = Open(file.name());
    ASSERT_TRUE(output.ok()) << cut;
    EXPECT_EQ((*output)->done(), 1) << cut;
    EXPECT_EQ((*output)->dropped_bytes(), static_cast<int64_t>(cut));
    EXPECT_FALSE((*output)->HasId("b"));
    EXPECT_EQ(ContentOf(file.name()), whole) << cut;
  }
  for (size_t cut = 1; cut <= sizeof(kDone) - 1; ++cut) {
    const TemporaryFile file(std::string(kDone, cut));
    ASSERT_TRUE(Open(file.name()).ok()) << cut;
    EXPECT_EQ(ContentOf(file.name()), "") << cut;
  }
}

TEST_F(CorpusOutputTest, OtherFilesAreRefusedAndLeftAsTheyAre) {
  for (const std::string content :
       {"notes", "notes\n", "{\"id\":\"a\",\"versions\":[]}", "{\"id\":\"a\",\"versions\":[]}\n",
        "{\"id\":\"a\",\"beads\":[]}\nnotes\n", "{\"key\": 1", "\n"}) {
    const TemporaryFile file(content);
    const absl::Status status = Open(file.name()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file.name() + ": line "));
    EXPECT_EQ(ContentOf(file.name()), content);
  }
}

TEST_F(CorpusOutputTest, TwoRunsCannotHoldOneFile) {
  const TemporaryFile file("");
  auto first = Open(file.name());
  ASSERT_TRUE(first.ok());
  const absl::Status status = Open(file.name()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another run"));
  first->reset();
  EXPECT_TRUE(Open(file.name()).ok());
}

TEST_F(CorpusOutputTest, FilesThatCannotBeWrittenAreNamed) {
  const absl::Status status = Open("/no such folder/out.jsonl").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no such folder/out.jsonl: "));
  EXPECT_FALSE(Open("/tmp").ok());
}

TEST_F(CorpusOutputTest, FullDiskIsAnError) {
  auto output = Open("/dev/full");
  ASSERT_TRUE(output.ok());
  EXPECT_FALSE((*output)->Append(kDone).ok());
}

TEST_F(CorpusOutputTest, StandardOutputAndDevicesKnowNoEarlierRun) {
  auto output = Open("-");
  ASSERT_TRUE(output.ok());
  ASSERT_TRUE((*output)->Append("x").ok());
  EXPECT_EQ(standard_output_.str(), "x\n");
  EXPECT_TRUE((*output)->Sync().ok());
  EXPECT_TRUE((*Open("/dev/null"))->Append("x").ok());
}

TEST_F(CorpusOutputTest, AFileOfSomethingElseIsLeftAsItIs) {
  const std::string done = std::string(kDone) + "\n";
  for (const std::string& content :
       {std::string("{\"id\":\"q\",\"versions\":[{\"text\":\"x\"},{\"text\":\""),
        done + "{\"id\":\"q\",\"versions\":[", done + "{\"my config\": 1", done + "notes",
        std::string("{\"id\":7"), std::string("notes")}) {
    const TemporaryFile file(content);
    EXPECT_FALSE(Open(file.name()).ok()) << content;
    EXPECT_EQ(ContentOf(file.name()), content);
  }
}

TEST_F(CorpusOutputTest, WhatAPowerFailureLeavesIsDropped) {
  const std::string done = std::string(kDone) + "\n";
  const TemporaryFile file(done + std::string(4, '\0'));
  ASSERT_TRUE(Open(file.name()).ok());
  EXPECT_EQ(ContentOf(file.name()), done);
}

// Of a document of XML, which has lines before and after those of the sets.
class CorpusDocumentTest : public CorpusOutputTest {
 protected:
  const CorpusFormat format_{OutputFormat::kTmx, {}};
  const std::string head_ = format_.head() + "\n";
  const std::string foot_ = format_.foot(true) + "\n";
  const std::string set_ = "<!--{\"id\":\"a\",\"beads\":0}-->";
};

TEST_F(CorpusDocumentTest, HeadAndFootFrameTheSets) {
  const TemporaryFile file("");
  auto output = Open(file.name(), OutputFormat::kTmx);
  ASSERT_TRUE(output.ok());
  ASSERT_TRUE((*output)->Append(set_).ok());
  ASSERT_TRUE((*output)->End(true).ok());
  EXPECT_EQ(ContentOf(file.name()), head_ + set_ + "\n" + foot_);
}

TEST_F(CorpusDocumentTest, WhatIsWholeStaysUntilThereIsMore) {
  const std::string whole = head_ + set_ + "\n" + foot_;
  const TemporaryFile file(whole);
  {
    auto output = Open(file.name(), OutputFormat::kTmx);
    ASSERT_TRUE(output.ok());
    EXPECT_TRUE((*output)->HasId("a"));
    EXPECT_EQ((*output)->dropped_bytes(), 0);
    EXPECT_EQ(ContentOf(file.name()), whole);
    ASSERT_TRUE((*output)->End(true).ok());
    EXPECT_EQ(ContentOf(file.name()), whole);
    ASSERT_TRUE((*output)->Append("x").ok());
    EXPECT_EQ(ContentOf(file.name()), head_ + set_ + "\nx\n");
    ASSERT_TRUE((*output)->End(true).ok());
  }
  EXPECT_EQ(ContentOf(file.name()), head_ + set_ + "\nx\n" + foot_);
}

TEST_F(CorpusDocumentTest, DocumentsCutAnywhereAreGoneOnWith) {
  const std::string whole = head_ + set_ + "\n" + foot_;
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    const TemporaryFile file(whole.substr(0, cut));
    auto output = Open(file.name(), OutputFormat::kTmx);
    ASSERT_TRUE(output.ok()) << cut << output.status();
    if (!(*output)->HasId("a")) {
      ASSERT_TRUE((*output)->Append(set_).ok());
    }
    ASSERT_TRUE((*output)->End(true).ok());
    EXPECT_EQ(ContentOf(file.name()), whole) << cut;
  }
}

TEST_F(CorpusDocumentTest, TheFootSaysWhetherThereAreResults) {
  const CorpusFormat format(OutputFormat::kXliff, {"en", "fr"});
  const std::string failed = std::string("<!--") + kFailed + "-->\n";
  const std::string begin = format.head() + "\n" + failed;
  const std::string empty = begin + format.foot(false) + "\n";
  // Whatever is there of the foot of a document without results.
  for (size_t size = begin.size(); size <= empty.size(); ++size) {
    for (const bool has_results : {false, true}) {
      const TemporaryFile file(empty.substr(0, size));
      auto output = Open(file.name(), OutputFormat::kXliff);
      ASSERT_TRUE(output.ok()) << size << output.status();
      EXPECT_EQ((*output)->failed(), 1);
      ASSERT_TRUE((*output)->End(has_results).ok());
      EXPECT_EQ(ContentOf(file.name()), begin + format.foot(has_results) + "\n") << size;
    }
  }
}

TEST_F(CorpusDocumentTest, OtherDocumentsAreRefusedAndLeftAsTheyAre) {
  const CorpusFormat xliff(OutputFormat::kXliff, {"en", "fr"});
  for (const std::string& content :
       {std::string(kDone) + "\n", xliff.head() + "\n", head_ + foot_ + set_ + "\n",
        head_ + foot_ + "notes", head_ + "<tu/>\n", std::string("<?xml?>")}) {
    const TemporaryFile file(content);
    const absl::Status status = Open(file.name(), OutputFormat::kTmx).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file.name() + ": line "));
    EXPECT_EQ(ContentOf(file.name()), content);
  }
}

TEST_F(CorpusDocumentTest, StandardOutputGetsTheWholeDocument) {
  auto output = Open("-", OutputFormat::kTmx);
  ASSERT_TRUE(output.ok());
  ASSERT_TRUE((*output)->Append(set_).ok());
  ASSERT_TRUE((*output)->End(true).ok());
  EXPECT_EQ(standard_output_.str(), head_ + set_ + "\n" + foot_);
}

}  // namespace
}  // namespace hexapla
