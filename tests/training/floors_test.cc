// SPDX-License-Identifier: Apache-2.0
#include "training/floors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "tests/testing/temporary_directory.h"

namespace hexapla::training {
namespace {

class CheckFloorsTest : public ::testing::Test {
 protected:
  absl::Status Check(const std::string& floors) const {
    directory_.Write("floors.txt", floors);
    return CheckFloors(figures_, "accuracy", directory_ / "floors.txt");
  }

  const testing::TemporaryDirectory directory_;
  const std::map<std::string, double> figures_ = {{"news", 0.9}, {"novel", 0.8}};
};

TEST_F(CheckFloorsTest, FiguresAtTheirFloorsHold) {
  EXPECT_TRUE(Check("# what must hold\n\nnews 0.9  # exactly\nnovel\t0.5\n").ok());
}

TEST_F(CheckFloorsTest, EveryFaultIsALine) {
  const absl::Status status = Check("news 0.95\nnovel\npoems 0.1\n");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const std::string path = directory_ / "floors.txt";
  EXPECT_EQ(std::string(status.message()), "news: accuracy is 0.900, under its floor of 0.950\n" +
                                               path + ": novel has no floor or was not measured\n" +
                                               path + ": poems has no floor or was not measured");
}

TEST_F(CheckFloorsTest, AFileWithoutFloorsIsAnError) {
  EXPECT_EQ(Check("# none yet\n").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckFloorsTest, AFigureThatIsNoNumberIsUnderItsFloor) {
  directory_.Write("floors.txt", "news 0.1\n");
  EXPECT_FALSE(CheckFloors({{"news", std::nan("")}}, "accuracy", directory_ / "floors.txt").ok());
}

TEST_F(CheckFloorsTest, AFileThatIsNotThereIsAnError) {
  EXPECT_EQ(CheckFloors(figures_, "accuracy", "/nowhere/at/all").code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace hexapla::training
