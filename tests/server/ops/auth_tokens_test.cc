// SPDX-License-Identifier: Apache-2.0
#include "server/ops/auth_tokens.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ErrorOf(const std::string& text) {
  return std::string(AuthTokens::Parse(text).status().message());
}

TEST(AuthTokensTest, AdmitsEachTokenOfTheFileAndNoOther) {
  const auto tokens = AuthTokens::Parse("# who\n  first-token\t\r\n\n#second-token\nthird-token");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->size(), 2u);
  EXPECT_TRUE(tokens->Admit("Bearer first-token"));
  EXPECT_TRUE(tokens->Admit("Bearer third-token"));
  EXPECT_TRUE(tokens->Admit("bearer  third-token "));
  for (const char* bad :
       {"", "Bearer", "Bearer ", "first-token", "Basic first-token", "Bearer first-toke",
        "Bearer first-token2", "Bearer FIRST-TOKEN", "Bearer #second-token", "Bearer second-token",
        "Bearer first-token third-token"}) {
    EXPECT_FALSE(tokens->Admit(bad)) << bad;
  }
}

TEST(AuthTokensTest, AFileWithoutATokenIsRefused) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("no token"));
  EXPECT_THAT(ErrorOf("# one\n\n  \n"), HasSubstr("no token"));
}

TEST(AuthTokensTest, WhatNoHeaderCarriesIsRefusedByItsLineAndNotTold) {
  for (const std::string& bad : {std::string("two words"), std::string("caf\xc3\xa9"),
                                 std::string("a\0b", 3), std::string(4097, 'x')}) {
    EXPECT_THAT(ErrorOf("good\n" + bad), AllOf(HasSubstr("line 2"), Not(HasSubstr(bad))));
  }
  EXPECT_TRUE(AuthTokens::Parse(std::string(4096, 'x')).ok());
}

TEST(AuthTokensTest, TheirNumberIsLimited) {
  std::string text;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "token", i, "\n");
  EXPECT_TRUE(AuthTokens::Parse(text).ok());
  EXPECT_THAT(ErrorOf(text + "one-more"), AllOf(HasSubstr("line 1001"), HasSubstr("1000")));
}

TEST(AuthTokensTest, ErrorsOfAFileNameIt) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(AuthTokens::Read(directory / "none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(AuthTokens::Read(directory.path()).status().code(), absl::StatusCode::kNotFound);
  directory.Write("empty", "");
  const absl::Status empty = AuthTokens::Read(directory / "empty").status();
  EXPECT_THAT(std::string(empty.message()), HasSubstr(directory / "empty"));
  directory.Write("good", "token\n");
  EXPECT_TRUE(AuthTokens::Read(directory / "good").ok());
}

TEST(AuthTokensTest, ReplacedTokensHoldAtOnce) {
  CurrentTokens current(*AuthTokens::Parse("old"));
  const auto before = current.Get();
  current.Replace(*AuthTokens::Parse("new"));
  EXPECT_TRUE(current.Get()->Admit("Bearer new"));
  EXPECT_FALSE(current.Get()->Admit("Bearer old"));
  EXPECT_TRUE(before->Admit("Bearer old"));
}

}  // namespace
}  // namespace hexapla
