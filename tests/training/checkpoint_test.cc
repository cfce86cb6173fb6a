// SPDX-License-Identifier: Apache-2.0
#include "training/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/testing/temporary_directory.h"
#include "tests/training/tiny_corpus.h"

namespace hexapla::training {
namespace {

using ::testing::HasSubstr;

constexpr char kTraining[] = "{\"a\": \"recipe\"} seed=1";

class CheckpointTest : public ::testing::Test {
 protected:
  // A training under way.
  struct Run {
    Sampler sampler{Shared(), {.seed = 1, .batch = 64}};
    ContrastiveTrainer trainer{Shared(), SharedFeatures(), TinyTrainer(1)};

    void Steps(int first, int last) {
      std::vector<std::pair<int32_t, int32_t>> batch;
      for (int step = first; step < last; ++step) {
        sampler.Next(batch);
        trainer.Step(batch, step / 10.0);
      }
    }
  };

  static const Corpus& Shared() {
    static const auto* const kCorpus = new Corpus(TinyCorpus());
    return *kCorpus;
  }
  static const Features& SharedFeatures() {
    static const auto* const kFeatures = new Features(ChooseFeatures(Shared(), TinyFeatures()));
    return *kFeatures;
  }
  std::string Kept() {
    Run run;
    run.Steps(0, 3);
    EXPECT_TRUE(WriteCheckpoint(path_, kTraining, 3, run.sampler, run.trainer).ok());
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  absl::Status Read() {
    Run run;
    return ReadCheckpoint(path_, kTraining, run.sampler, run.trainer).status();
  }

  const testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "training.checkpoint";
};

TEST_F(CheckpointTest, ATrainingThatGoesOnEndsWithTheSameBits) {
  Run undisturbed;
  undisturbed.Steps(0, 6);
  Kept();
  Run resumed;
  EXPECT_EQ(ReadCheckpoint(path_, kTraining, resumed.sampler, resumed.trainer).value(), 3);
  resumed.Steps(3, 6);
  EXPECT_EQ(resumed.trainer.matrix(), undisturbed.trainer.matrix());
  EXPECT_EQ(resumed.trainer.row_uses(), undisturbed.trainer.row_uses());
}

TEST_F(CheckpointTest, AnotherTrainingsIsRefused) {
  Kept();
  Run run;
  const absl::Status status =
      ReadCheckpoint(path_, "another recipe", run.sampler, run.trainer).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

TEST_F(CheckpointTest, NoneIsNotFound) { EXPECT_EQ(Read().code(), absl::StatusCode::kNotFound); }

TEST_F(CheckpointTest, ADamagedOneIsRefused) {
  const std::string bytes = Kept();
  EXPECT_TRUE(Read().ok());
  for (const size_t size :
       {size_t{0}, size_t{10}, size_t{60}, bytes.size() / 2, bytes.size() - 1}) {
    std::ofstream(path_, std::ios::binary) << bytes.substr(0, size);
    EXPECT_FALSE(Read().ok()) << size;
  }
  std::ofstream(path_, std::ios::binary) << bytes << "x";
  EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss);
  std::ofstream(path_, std::ios::binary) << "no checkpoint";
  EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss);
}

TEST_F(CheckpointTest, AFolderThatIsNotThereIsAnError) {
  const Run run;
  EXPECT_EQ(WriteCheckpoint("/nowhere/at/all", kTraining, 1, run.sampler, run.trainer).code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace hexapla::training
