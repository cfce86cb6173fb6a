// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_pages.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CorpusPagesTest : public ::testing::Test {
 protected:
  CorpusPagesTest() { std::filesystem::create_directories(folder_); }
  ~CorpusPagesTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = testing::TempDir() + "/corpus_pages_test";
};

TEST(CorpusPageNameTest, AnyIdIsTheNameOfAFile) {
  EXPECT_EQ(CorpusPageName("set-7_b.2"), "set-7_b.2.html");
  EXPECT_EQ(CorpusPageName("../a b"), "%2E.%2Fa%20b.html");
  EXPECT_EQ(CorpusPageName("é\n~%"), "%C3%A9%0A%7E%25.html");
}

TEST(CorpusPageNameTest, LongIdsAreCutAndStayApart) {
  const std::string longest(200, 'x');
  EXPECT_EQ(CorpusPageName(longest), longest + ".html");
  const std::string a = CorpusPageName(longest + "a");
  const std::string b = CorpusPageName(longest + "b");
  EXPECT_EQ(a.size(), longest.size() + 5);
  EXPECT_NE(a, b);
  EXPECT_THAT(a, HasSubstr("x~"));
}

TEST_F(CorpusPagesTest, PagesAreWrittenWholeAndReplaced) {
  const auto write = [&](const std::string& text) {
    return WriteCorpusPage(
        folder_, "a/b",
        AlignmentReply({"en", "fr"}).Bead(1, {{0}, {0}}, {{text}, {"Un."}}).Response());
  };
  ASSERT_TRUE(write("One.").ok());
  ASSERT_TRUE(write("Two.").ok());
  const std::string page = ContentOf(folder_ + "/a%2Fb.html");
  EXPECT_THAT(page, HasSubstr("Two."));
  EXPECT_THAT(page, HasSubstr("a/b [2]"));
  EXPECT_THAT(page, testing::EndsWith("</html>\n"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST(CorpusPagesErrorTest, AFolderThatIsNotThereIsNamed) {
  const absl::Status status = WriteCorpusPage("/no such folder", "a", {});
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no such folder/a.html: "));
}

}  // namespace
}  // namespace hexapla
