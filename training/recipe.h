// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_RECIPE_H_
#define HEXAPLA_TRAINING_RECIPE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "training/contrastive_trainer.h"
#include "training/corpus.h"
#include "training/features.h"
#include "training/product_quantizer.h"
#include "training/sampler.h"

namespace hexapla::training {

// How a space is made of parallel text; training/README.md has the fields.
struct Recipe {
  CorpusOptions corpus;
  FeatureOptions features;
  SamplerOptions sampler;
  TrainerOptions trainer;
  QuantizerOptions quantizer;
  int64_t steps = 10000;
};

// Reads a recipe, a JSON object. Errors: InvalidArgument, which names the field, what
// it may be and what it is: for what is no JSON, for a field that no recipe has (a
// misspelling would train for an hour, and otherwise than was meant), of another
// type, out of its bounds, or missing.
absl::StatusOr<Recipe> ParseRecipe(absl::string_view json);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_RECIPE_H_
