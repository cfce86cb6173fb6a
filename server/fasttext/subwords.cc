// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/subwords.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

#include "server/fasttext/vector_math.h"

namespace hexapla::fasttext {

void AppendNgramRows(const Model& model, absl::string_view word, std::vector<int32_t>& rows) {
  const Args& args = model.args();
  if (args.maxn <= 0 || args.maxn < args.minn) return;
  thread_local std::string bracketed;
  bracketed.assign(1, '<');
  bracketed.append(word.data(), word.size());
  bracketed.push_back('>');
  const Dictionary& dictionary = model.dictionary();
  if (dictionary.buckets().size() == 0) return;
  thread_local std::vector<uint32_t> hashes;
  hashes.clear();
  VisitNgramHashes(bracketed, args.minn, args.maxn, [](uint32_t hash) { hashes.push_back(hash); });
  const size_t before = rows.size();
  rows.resize(before + hashes.size());
  int32_t* const ranks = rows.data() + before;
  const size_t kept = dictionary.buckets().RanksOf(hashes.data(), hashes.size(), ranks);
  rows.resize(before + kept);
  for (size_t i = 0; i < kept; ++i) ranks[i] = dictionary.RowOfRank(ranks[i]);
}

void AppendSubwordRows(const Model& model, absl::string_view word, std::vector<int32_t>& rows) {
  const int32_t row = model.dictionary().FindWord(word);
  if (row >= 0) rows.push_back(row);
  if (word != kEndOfSentence) AppendNgramRows(model, word, rows);
}

bool WordVector(const Model& model, absl::string_view word, float* out) {
  thread_local std::vector<int32_t> rows;
  rows.clear();
  AppendSubwordRows(model, word, rows);
  std::fill_n(out, model.dim(), 0.0f);
  if (rows.empty()) return false;
  model.input().AddRows(rows.data(), rows.size(), 1.0f / static_cast<float>(rows.size()), out);
  return true;
}

bool AddUnitWordVector(const Model& model, absl::string_view word, float scale, float* sum) {
  thread_local std::vector<float> vector;
  vector.resize(model.dim());
  if (!WordVector(model, word, vector.data())) return false;
  const float square = SquareSum(vector.data(), vector.size());
  // Not so for NaN and for what overflows, which a damaged model may give.
  const bool has_length = square > 0 && std::isfinite(square);
  if (has_length) AddScaled(scale / std::sqrt(square), vector.data(), vector.size(), sum);
  return has_length;
}

}  // namespace hexapla::fasttext
