// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/subwords.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

namespace hexapla::fasttext {
namespace {

// Words are taken together until they have so many rows, whose codes then fill
// about half of the first cache.
constexpr size_t kRowsAtOnce = 160;

}  // namespace

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

void WordVectors(const Model& model, absl::Span<WordSlot> slots) {
  thread_local std::vector<int32_t> rows;
  thread_local std::vector<size_t> ends;
  thread_local std::vector<float*> vectors;
  while (!slots.empty()) {
    rows.clear();
    ends.clear();
    vectors.clear();
    do {
      WordSlot& slot = slots.front();
      const size_t before = rows.size();
      AppendSubwordRows(model, slot.word, rows);
      slot.known = rows.size() > before;
      std::fill_n(slot.vector, model.dim(), 0.0f);
      ends.push_back(rows.size());
      vectors.push_back(slot.vector);
      slots.remove_prefix(1);
    } while (!slots.empty() && rows.size() < kRowsAtOnce);
    model.input().AddMeans(rows.data(), ends, vectors.data());
  }
}

bool WordVector(const Model& model, absl::string_view word, float* out) {
  WordSlot slot{word, out};
  WordVectors(model, absl::MakeSpan(&slot, 1));
  return slot.known;
}

bool UnitWordVector(const Model& model, absl::string_view word, float* out) {
  const int dim = model.dim();
  float square = 0;
  if (WordVector(model, word, out)) {
    for (int k = 0; k < dim; ++k) square += out[k] * out[k];
  }
  // False for NaN and for what overflows, which a damaged model may give.
  const bool has_length = square > 0 && std::isfinite(square);
  const float scale = 1.0f / std::sqrt(square);
  for (int k = 0; k < dim; ++k) out[k] = has_length ? out[k] * scale : 0.0f;
  return has_length;
}

}  // namespace hexapla::fasttext
