// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_CHECKPOINT_H_
#define HEXAPLA_TRAINING_CHECKPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "training/contrastive_trainer.h"
#include "training/sampler.h"

namespace hexapla::training {

// Everything that decides what a training does next: one that is stopped and goes
// on from its last checkpoint ends with the same bytes as one that is not.

// Writes the state after `steps` steps to `path`, atomically. `training` is one
// line that tells the training from every other: recipe, corpus, seed, threads.
// Cost: the matrix's bytes on disk. Errors: Unavailable when it cannot be written.
absl::Status WriteCheckpoint(const std::string& path, const std::string& training, int64_t steps,
                             const Sampler& sampler, const ContrastiveTrainer& trainer);

// Puts both into the state at `path` and returns the number of steps done. Errors,
// naming the file: NotFound; FailedPrecondition when it is of another training;
// DataLoss when it is cut off or no checkpoint, and then neither may be used.
absl::StatusOr<int64_t> ReadCheckpoint(const std::string& path, const std::string& training,
                                       Sampler& sampler, ContrastiveTrainer& trainer);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_CHECKPOINT_H_
