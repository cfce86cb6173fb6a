// SPDX-License-Identifier: Apache-2.0
#include "server/ops/call_watch.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParent[] = "b7ad6b7169203331";

TEST(TraceParentTest, IsReadInThisAndLaterVersions) {
  for (const std::string& header :
       {std::string("00-") + kTrace + "-" + kParent + "-01",
        std::string("00-") + kTrace + "-" + kParent + "-00",
        std::string("cc-") + kTrace + "-" + kParent + "-01-what-comes-later"}) {
    const TraceParent trace = ParseTraceParent(header);
    EXPECT_EQ(trace.trace_id, kTrace) << header;
    EXPECT_EQ(trace.parent_id, kParent) << header;
  }
}

TEST(TraceParentTest, WhatIsNoneIsIgnored) {
  const std::string rest = std::string("-") + kParent + "-01";
  for (const std::string& header :
       {std::string(), std::string("00"), "00-" + std::string(32, '0') + rest,
        "00-" + std::string(kTrace) + "-" + std::string(16, '0') + "-01",
        "ff-" + std::string(kTrace) + rest, "00-" + std::string(kTrace) + rest + "x",
        "00-" + std::string(kTrace) + rest + "-more", "cc-" + std::string(kTrace) + rest + "more",
        "00-" + std::string(32, 'A') + rest, "00-" + std::string(32, 'g') + rest,
        "00_" + std::string(kTrace) + rest, "0x-" + std::string(kTrace) + rest,
        "00-" + std::string(31, 'a') + "\n" + rest, std::string(100000, '-')}) {
    EXPECT_EQ(ParseTraceParent(header).trace_id, "") << header.substr(0, 100);
  }
}

}  // namespace
}  // namespace hexapla
