// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_FASTTEXT_TRAINED_MODELS_H_
#define HEXAPLA_TESTS_SERVER_FASTTEXT_TRAINED_MODELS_H_

#include <fasttext/fasttext.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/fasttext/model_reader.h"

namespace hexapla::fasttext {

// A small model to be trained by libfasttext on made-up text.
struct Recipe {
  std::string name;
  ::fasttext::model_name kind = ::fasttext::model_name::sup;
  ::fasttext::loss_name loss = ::fasttext::loss_name::softmax;
  int dim = 16;
  int minn = 2;
  int maxn = 4;
  int bucket = 3000;
  int word_ngrams = 1;
  int labels = 8;
  bool quantized = false;
  bool norms = false;
  bool quantized_output = false;  // needs 256 labels or more
  size_t part_cols = 2;
  size_t kept_max = 0;  // rows that pruning leaves; 0: no pruning
};

// Every kind, loss and form of storage at least once.
std::vector<Recipe> AllRecipes();
// Those that have labels.
std::vector<Recipe> SupervisedRecipes();

// The recipe of that name.
Recipe RecipeOf(const std::string& name);

// The path of `name` in a directory of this process, removed when it ends.
std::string ScratchPath(const std::string& name);

// The file of the model, trained at the first request in this process.
std::string ModelFile(const Recipe& recipe);
std::string ModelBytes(const Recipe& recipe);

// The model as libfasttext and as our reader have it.
std::shared_ptr<const ::fasttext::FastText> TheirModel(const Recipe& recipe);
std::shared_ptr<const Model> OurModel(const Recipe& recipe);

// Lines of made-up text in the training text's style, with words that it has
// not, some in Cyrillic, Han and emoji; the same ones every time.
std::vector<std::string> UnseenLines(size_t n);

// Words of such lines.
std::vector<std::string> SomeWords();

// For INSTANTIATE_TEST_SUITE_P.
inline std::string NameOf(const testing::TestParamInfo<Recipe>& info) { return info.param.name; }

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_TESTS_SERVER_FASTTEXT_TRAINED_MODELS_H_
