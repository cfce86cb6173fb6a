// SPDX-License-Identifier: Apache-2.0
//
// fastText's formats, binary and in text: whatever Read accepts must be safe to use,
// so every row, word and label of it is, and a text is classified.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/fasttext/classifier.h"
#include "server/fasttext/model_reader.h"
#include "server/fasttext/vector_text.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  const auto check_refusal = [](const absl::Status& status) {
    HEXAPLA_EXPECT(absl::IsDataLoss(status) || absl::IsInvalidArgument(status));
    return 0;
  };
  const FuzzInput input(data, size);
  std::string bytes(input.rest());
  const bool is_text = fasttext::IsVectorText(bytes);
  if (is_text) {
    absl::StatusOr<std::string> binary = fasttext::BinaryFromVectorText(bytes);
    if (!binary.ok()) return check_refusal(binary.status());
    bytes = *std::move(binary);
  }
  auto read = fasttext::Model::FromBytes(std::move(bytes), "input");
  HEXAPLA_EXPECT(read.ok() || !is_text);
  if (!read.ok()) return check_refusal(read.status());
  const std::shared_ptr<const fasttext::Model> model = std::move(*read);
  const fasttext::Dictionary& dictionary = model->dictionary();
  for (int32_t word = 0; word < dictionary.words_size(); ++word) {
    dictionary.FindWord(dictionary.word(word));
  }
  for (uint32_t hash = 0; hash < 100; ++hash) {
    const int32_t row = dictionary.BucketRow(hash * 40503u);
    HEXAPLA_EXPECT(row < model->input().rows());
  }
  const auto classifier = fasttext::Classifier::Create(model);
  if (!classifier.ok()) return 0;
  fasttext::Classifier::Scratch scratch;
  std::vector<float> probabilities(static_cast<size_t>((*classifier)->labels_size()));
  (*classifier)
      ->PredictAll("a word and another one, \xD0\xB4\xD0\xB0", scratch, probabilities.data());
  return 0;
}
