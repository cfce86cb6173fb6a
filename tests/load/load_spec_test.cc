// SPDX-License-Identifier: Apache-2.0
#include "tests/load/load_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LoadSpecTest, ClosedLoadHasClients) {
  const auto load = ParseLoadSpec("detect:closed:16");
  ASSERT_TRUE(load.ok()) << load.status();
  EXPECT_EQ(load->call, "detect");
  EXPECT_EQ(load->arrival, Arrival::kClosed);
  EXPECT_EQ(load->clients, 16);
  EXPECT_EQ(load->text, "detect:closed:16");
}

TEST(LoadSpecTest, OpenLoadHasRates) {
  const auto load = ParseLoadSpec("align:poisson:0.5/2e3/0");
  ASSERT_TRUE(load.ok()) << load.status();
  EXPECT_EQ(load->arrival, Arrival::kPoisson);
  EXPECT_THAT(load->rates, ElementsAre(0.5, 2000, 0));
  EXPECT_EQ(ParseLoadSpec("align:constant:7")->arrival, Arrival::kConstant);
}

TEST(LoadSpecTest, WhatIsWrongIsNamed) {
  struct Case {
    const char* text;
    const char* complaint;
  };
  for (const Case& test : {
           Case{"", "is not CALL:ARRIVAL:AMOUNT"},
           Case{"detect:closed", "is not CALL:ARRIVAL:AMOUNT"},
           Case{"detect:closed:0", "\"0\" clients"},
           Case{"detect:closed:10001", "1 to 10000"},
           Case{"detect:closed:x", "\"x\" clients"},
           Case{"detect:open:1", "has an arrival"},
           Case{"detect:poisson:-1", "the rate \"-1\""},
           Case{"detect:poisson:nan", "the rate \"nan\""},
           Case{"detect:poisson:1000001", "0 to 1e+06"},
           Case{"detect:poisson:1//2", "the rate \"\""},
           Case{"detect:constant:0/0", "never calls"},
       }) {
    const auto load = ParseLoadSpec(test.text);
    EXPECT_EQ(load.status().code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_THAT(std::string(load.status().message()), HasSubstr(test.complaint)) << test.text;
  }
  std::string rates = "1";
  for (int i = 1; i < 65; ++i) rates += "/1";
  EXPECT_THAT(std::string(ParseLoadSpec("echo:poisson:" + rates).status().message()),
              HasSubstr("65 rates; the limit is 64"));
}

}  // namespace
}  // namespace hexapla::load
