// SPDX-License-Identifier: Apache-2.0
#include "client/formats/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::HasSubstr;

std::string Text(const std::string& bytes, const std::string& encoding) {
  const absl::StatusOr<DecodedText> decoded = Decode(bytes, encoding, "");
  return decoded.ok() ? decoded->text : "error: " + std::string(decoded.status().message());
}

std::string Utf16LittleEndian(const std::u16string& text) {
  std::string bytes;
  for (const char16_t unit : text) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

TEST(DecodeTest, Utf8IsTheDefault) {
  EXPECT_EQ(Text("\xEF\xBB\xBFna\xC3\xAFve", ""), "naïve");
  EXPECT_EQ(
      Text("caf\xE9", ""),
      "error: invalid UTF-8 at byte offset 3; name the encoding with --encoding=NAME, or guess "
      "it with --encoding=auto");
  EXPECT_EQ(Text("caf\xE9", "utf8"), "error: invalid UTF-8 at byte offset 3");
}

TEST(DecodeTest, ANamedEncodingIsTurnedIntoUtf8) {
  EXPECT_EQ(Text("caf\xE9 \x80", "windows-1252"), "café €");
  EXPECT_EQ(Text("\xCF\xF0\xE8\xE2\xE5\xF2", "windows-1251"), "Привет");
  EXPECT_EQ(Text("\x93\xFA\x96\x7B", "Shift_JIS"), "日本");
  EXPECT_EQ(Text(Utf16LittleEndian(u"\uFEFFé\U0001F600"), "UTF-16"), "é😀");
  EXPECT_EQ(Text(Utf16LittleEndian(u"\uFEFFé"), "UTF-16LE"), "é");
}

TEST(DecodeTest, LongTextIsDecodedInBlocks) {
  std::u16string text;
  std::string expected;
  // An odd beginning puts a pair of surrogates across every even end of a block.
  text += u"x";
  expected += "x";
  for (int i = 0; i < 40000; ++i) {
    text += u"\U0001F600";
    expected += "😀";
  }
  EXPECT_EQ(Text(Utf16LittleEndian(text), "UTF-16LE"), expected);
}

TEST(DecodeTest, WrongBytesAreNamedByOffset) {
  EXPECT_EQ(Text("ab\x93", "Shift_JIS"), "error: invalid Shift_JIS at byte offset 2");
  EXPECT_EQ(Text("abc\xD2", "windows-1253"), "error: invalid windows-1253 at byte offset 3");
  EXPECT_EQ(Text(std::string("a\0b", 3), "UTF-16LE"), "error: invalid UTF-16LE at byte offset 2");
  EXPECT_EQ(Text(Utf16LittleEndian(u"ab\xD800z"), "UTF-16LE"),
            "error: invalid UTF-16LE at byte offset 4");
}

TEST(DecodeTest, TheGuessPrefersMarksThenUtf8) {
  EXPECT_EQ(Text(Utf16LittleEndian(u"\uFEFFhé"), "auto"), "hé");
  EXPECT_EQ(Text(std::string("\xFE\xFF\0h", 4), "auto"), "h");
  EXPECT_EQ(Text("na\xC3\xAFve", "auto"), "naïve");
  EXPECT_EQ(Decode("na\xC3\xAFve", "auto", "windows-1252")->guessed, "");
  EXPECT_EQ(Text("", "auto"), "");
}

TEST(DecodeTest, TheGuessHeedsWhatAPageDeclares) {
  const absl::StatusOr<DecodedText> decoded = Decode("\xCF\xF0\xE8", "auto", "windows-1251");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, "При");
  EXPECT_EQ(decoded->guessed, "windows-1251");
}

TEST(DecodeTest, TheGuessKnowsCommonEncodings) {
  const std::string french =
      "Le navire est arriv\xE9 au port apr\xE8s une longue travers\xE9"
      "e; le capitaine a remerci\xE9 "
      "l'\xE9quipage et les passagers ont quitt\xE9 le quai sans regret.";
  EXPECT_THAT(Text(french, "auto"), HasSubstr("arrivé au port après"));
  const std::string russian =
      "\xCA\xEE\xF0\xE0\xE1\xEB\xFC \xEF\xF0\xE8\xF8\xB8\xEB \xE2 \xEF\xEE\xF0\xF2 "
      "\xE8 \xEA\xE0\xEF\xE8\xF2\xE0\xED \xEF\xEE\xE1\xEB\xE0\xE3\xEE\xE4\xE0\xF0\xE8\xEB "
      "\xEA\xEE\xEC\xE0\xED\xE4\xF3 \xE8 \xEF\xE0\xF1\xF1\xE0\xE6\xE8\xF0\xEE\xE2";
  EXPECT_THAT(Text(russian, "auto"), HasSubstr("капитан поблагодарил"));
}

TEST(DecodeTest, StrayNulsAreNoUtf16) {
  const std::string stray("One ship.\0Two ships.\0Three ships went to sea.", 45);
  EXPECT_THAT(Text(stray, "auto"), HasSubstr("encoding cannot be told"));
  EXPECT_EQ(Text(stray, ""), stray);
}

TEST(DecodeTest, BinaryFilesAreNoText) {
  const std::string binary("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\xFF\xD8", 20);
  EXPECT_THAT(Text(binary, "auto"), HasSubstr("encoding cannot be told"));
}

TEST(CheckEncodingTest, KnowsNames) {
  for (const char* name : {"auto", "UTF-8", "latin1", "cp1252", "GB18030", "koi8-r"}) {
    EXPECT_TRUE(CheckEncoding(name).ok()) << name;
  }
  for (const char* name : {"", "klingon", "UTF-99", "../x"}) {
    EXPECT_FALSE(CheckEncoding(name).ok()) << name;
  }
}

}  // namespace
}  // namespace hexapla
