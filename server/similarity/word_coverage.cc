// SPDX-License-Identifier: Apache-2.0
//
// Cover of words by the sentences of the other side.
//
// A word looks for its best counterpart in a sentence: the same spelling is
// certain, two different numbers are none, else the cosine of the word vectors
// decides (word_similarity.h). This tells a merge from a deletion: when a
// sentence is left over, its words find nobody; when it was merged, the other
// side has words that find nobody without it.
//
// Not every cover says something. "Of" finds a counterpart in any sentence,
// "Kangchenjunga" in one. So a word weighs log(1 + sentences / sentences with
// it), times 1 less the mean cover that it finds in sentences which are not its
// best. What remains is evidence.
//
// Sentences are often cut elsewhere in a version, and then a part of one of them
// belongs beyond the bead's border. Words stand in order, so that part is a tail
// or a head: the heaviest one whose words are covered better by the sentence
// across the border (a maximum of prefix sums) is how far the border is crossed.
#include "server/similarity/word_coverage.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "server/base/status_macros.h"
#include "server/similarity/cover_sums.h"

namespace hexapla {
namespace {

constexpr uint8_t kIdentical = WordSimilarity::kIdentical;
constexpr float kWhole = kIdentical;
// A word of this many sentences or fewer, or of a tenth of them, may be a name.
constexpr int kNameSentences = 2;
constexpr size_t kNameBytesMin = 3;
// The cover that a word finds by chance, as far as is known before looking, and
// how many looks outweigh it.
constexpr float kUsualCover = 90;
constexpr float kUsualLooks = 4;
// No word's weight falls under this share.
constexpr float kSurpriseMin = 0.1F;
// Keeps ratios of the weights of empty sentences finite.
constexpr float kLittle = 0.02F;
// Rows of words compared in one part of the work, each with a scratch as large as
// the target's vocabulary.
constexpr int kRowsOfFill = 4 * kRowsOfPart;

}  // namespace

// What words find in the sentences of the other side that are not their best.
class WordCoverage::UsualCovers {
 public:
  explicit UsualCovers(size_t words)
      : sums_(words, kUsualCover * kUsualLooks), looks_(words, kUsualLooks) {}
  // `count` looks, which found `sum` in all and at most `most`.
  void Add(int32_t word, int sum, int most, int count) {
    if (count <= 1) return;
    sums_[word] += static_cast<float>(sum - most);
    looks_[word] += static_cast<float>(count - 1);
  }
  float Surprise(size_t word) const {
    return std::max(kSurpriseMin, 1 - sums_[word] / looks_[word] / kWhole);
  }

 private:
  std::vector<float> sums_;
  std::vector<float> looks_;
};

WordCoverage::WordCoverage(const EmbeddedDocument& source, const EmbeddedDocument& target,
                           SentenceCells cells, bool semantic)
    : cells_(std::move(cells)), semantic_(semantic) {
  size_t source_bytes = 0;
  size_t target_bytes = 0;
  for (int row = 0; row < cells_.rows(); ++row) {
    source_.offset.push_back(source_bytes);
    target_.offset.push_back(target_bytes);
    const int begin = cells_.begin(row);
    const int end = cells_.end(row);
    source_bytes += static_cast<size_t>(end - begin) * source.tokens_of(row);
    target_bytes += target.token_begin[end] - target.token_begin[begin];
  }
  source_.cover.resize(source_bytes + kCoverPadding);
  target_.cover.resize(target_bytes + kCoverPadding);
}

void WordCoverage::Prepare(const EmbeddedDocument& document, const std::vector<uint8_t>& shared,
                           Words& words) {
  words.document = &document;
  const int size = document.size();
  const int rare = std::max(kNameSentences, size / 10);
  std::vector<uint8_t> is_name(document.words.size());
  words.weights.reserve(document.words.size());
  for (size_t w = 0; w < document.words.size(); ++w) {
    const EmbeddedDocument::Word& word = document.words[w];
    words.weights.push_back(
        std::log(1 + static_cast<float>(size) / static_cast<float>(word.sentences)));
    is_name[w] = word.kind == TokenKind::kWord && word.sentences <= rare &&
                 word.text.size() >= kNameBytesMin && shared[w] != 0;
  }
  words.telling_begin.reserve(size + 1);
  for (int s = 0; s < size; ++s) {
    words.telling_begin.push_back(static_cast<int32_t>(words.telling.size()));
    for (int t = 0; t < document.tokens_of(s); ++t) {
      const int32_t word = document.tokens[document.token_begin[s] + t];
      const bool is_number = document.words[word].kind == TokenKind::kNumber;
      if (is_number || is_name[word] != 0) words.telling.push_back({t, is_number});
    }
  }
  words.telling_begin.push_back(static_cast<int32_t>(words.telling.size()));
}

absl::StatusOr<WordCoverage> WordCoverage::Create(const EmbeddedDocument& source,
                                                  const EmbeddedDocument& target,
                                                  SentenceCells cells, bool semantic,
                                                  const StopCondition& stop, Parallel& parallel) {
  WordCoverage coverage(source, target, std::move(cells), semantic);
  {
    const WordSimilarity similarity(source, target, semantic, parallel);
    std::vector<uint8_t> source_shared(source.words.size());
    std::vector<uint8_t> target_shared(target.words.size());
    for (size_t w = 0; w < source_shared.size(); ++w) {
      const int32_t same = similarity.same_spelling()[w];
      if (same >= 0) source_shared[w] = target_shared[same] = 1;
    }
    RunBoth(
        parallel, [&] { Prepare(source, source_shared, coverage.source_); },
        [&] { Prepare(target, target_shared, coverage.target_); });
    HEXAPLA_RETURN_IF_ERROR(coverage.Fill(similarity, stop, parallel));
  }
  HEXAPLA_RETURN_IF_ERROR(RunParts(parallel, 2, [&](size_t part) {
    return part == 0 ? coverage.WeighSourceBySurprise(stop) : coverage.WeighTargetBySurprise(stop);
  }));
  const std::vector<uint8_t> all(coverage.cells_.rows(), 1);
  HEXAPLA_RETURN_IF_ERROR(coverage.SumUp(all, stop, parallel));
  return coverage;
}

const uint8_t* WordCoverage::Cover(Side side, int own, int other) const {
  if (side == Side::kSource) {
    return source_.cover.data() + source_.offset[own] +
           static_cast<size_t>(other - cells_.begin(own)) * source_.document->tokens_of(own);
  }
  const auto& begin = target_.document->token_begin;
  return target_.cover.data() + target_.offset[other] + (begin[own] - begin[cells_.begin(other)]);
}

absl::Status WordCoverage::Fill(const WordSimilarity& similarity, const StopCondition& stop,
                                Parallel& parallel) {
  return RunRows(parallel, cells_.rows(), kRowsOfFill, [&](int begin, int end) {
    WordSimilarity::Scratch scratch(similarity);
    for (int row = begin; row < end; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      similarity.Cover(row, cells_.begin(row), cells_.end(row),
                       source_.cover.data() + source_.offset[row],
                       target_.cover.data() + target_.offset[row], scratch);
    }
    return absl::OkStatus();
  });
}

absl::Status WordCoverage::WeighSourceBySurprise(const StopCondition& stop) {
  const EmbeddedDocument& source = *source_.document;
  UsualCovers usual(source.words.size());
  int sums[kSentenceTokensMax];
  uint8_t highest[kSentenceTokensMax];
  for (int row = 0; row < cells_.rows(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const int tokens = source.tokens_of(row);
    const int columns = cells_.end(row) - cells_.begin(row);
    const uint8_t* forth = source_.cover.data() + source_.offset[row];
    std::fill_n(sums, tokens, 0);
    std::fill_n(highest, tokens, uint8_t{0});
    for (int column = 0; column < columns; ++column, forth += tokens) {
      for (int t = 0; t < tokens; ++t) {
        sums[t] += forth[t];
        highest[t] = std::max(highest[t], forth[t]);
      }
    }
    for (int t = 0; t < tokens; ++t) {
      usual.Add(source.tokens[source.token_begin[row] + t], sums[t], highest[t], columns);
    }
  }
  SettleWeights(usual, source_);
  return absl::OkStatus();
}

absl::Status WordCoverage::WeighTargetBySurprise(const StopCondition& stop) {
  const EmbeddedDocument& target = *target_.document;
  UsualCovers usual(target.words.size());
  std::vector<int> sums(target.tokens.size());
  std::vector<uint8_t> highest(target.tokens.size());
  std::vector<int> looks(target.tokens.size());
  for (int row = 0; row < cells_.rows(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    if (cells_.begin(row) == cells_.end(row)) continue;
    const int first = target.token_begin[cells_.begin(row)];
    const int last = target.token_begin[cells_.end(row)];
    const uint8_t* cover = target_.cover.data() + target_.offset[row];
    for (int t = first; t < last; ++t) {
      sums[t] += cover[t - first];
      highest[t] = std::max(highest[t], cover[t - first]);
      ++looks[t];
    }
  }
  for (size_t t = 0; t < sums.size(); ++t) {
    usual.Add(target.tokens[t], sums[t], highest[t], looks[t]);
  }
  SettleWeights(usual, target_);
  return absl::OkStatus();
}

// The final weights of words, of tokens and of sentences.
void WordCoverage::SettleWeights(const UsualCovers& usual, Words& words) {
  const EmbeddedDocument& document = *words.document;
  for (size_t w = 0; w < words.weights.size(); ++w) words.weights[w] *= usual.Surprise(w);
  double sum = 0;
  for (const int32_t token : document.tokens) sum += words.weights[token];
  const auto mean = static_cast<float>(sum / std::max(1, document.size())) + 1e-6F;
  for (float& weight : words.weights) weight /= mean;
  words.token_weights.reserve(document.tokens.size() + kCoverPadding);
  for (const int32_t token : document.tokens) words.token_weights.push_back(words.weights[token]);
  words.sentence_weights.reserve(document.size());
  for (int s = 0; s < document.size(); ++s) {
    float weight = 0;
    for (int t = document.token_begin[s]; t < document.token_begin[s + 1]; ++t) {
      weight += words.token_weights[t];
    }
    words.sentence_weights.push_back(weight);
  }
  words.token_weights.resize(words.token_weights.size() + kCoverPadding);
}

WordCoverage::Covers WordCoverage::CoversIn(Side side, int own, SentenceRun other) const {
  Covers covers;
  for (int s = other.begin; s < other.end; ++s) covers.of[covers.count++] = Cover(side, own, s);
  return covers;
}

float WordCoverage::SentenceCovered(Side side, int own, SentenceRun other) const {
  const Words& words = of(side);
  if (other.size() == 1) return CellCovered(side, own, other.begin);
  if (!semantic_) {
    // Where one sentence covers anything, the best of all is what it covers.
    int covering = 0;
    float covered = 0;
    for (int o = other.begin; o < other.end; ++o) {
      const float here = CellCovered(side, own, o);
      if (here == 0) continue;
      ++covering;
      covered = here;
    }
    if (covering < 2) return covered;
  }
  const Covers covers = CoversIn(side, own, other);
  return SumCovers(words.token_weights.data() + words.document->token_begin[own], covers.of.data(),
                   covers.count, words.document->tokens_of(own)) /
         kWhole;
}

void WordCoverage::SumCells(int row) {
  for (int column = cells_.begin(row); column < cells_.end(row); ++column) {
    const auto sum = [](const Words& words, int own, const uint8_t* cover) {
      return SumCovers(words.token_weights.data() + words.document->token_begin[own], &cover, 1,
                       words.document->tokens_of(own)) /
             kWhole;
    };
    const size_t cell = cells_.Index(row, column);
    source_.cell_covered[cell] = sum(source_, row, Cover(Side::kSource, row, column));
    target_.cell_covered[cell] = sum(target_, column, Cover(Side::kTarget, column, row));
  }
}

WordCoverage::Found WordCoverage::Find(Side side, SentenceRun own, SentenceRun other) const {
  const Words& words = of(side);
  Found found;
  float covered = 0;
  float weight = 0;
  for (int s = own.begin; s < own.end; ++s) {
    if (words.document->tokens_of(s) == 0) continue;
    for (int i = words.telling_begin[s]; i < words.telling_begin[s + 1]; ++i) {
      const Telling& telling = words.telling[i];
      bool identical = false;
      for (int o = other.begin; o < other.end; ++o) {
        identical |= Cover(side, s, o)[telling.token] == kIdentical;
      }
      if (telling.is_number) {
        (identical ? found.numbers_matched : found.numbers_unmatched) += 1;
      } else if (identical) {
        found.names_matched += 1;
      }
    }
    const float here = SentenceCovered(side, s, other);
    covered += here;
    weight += words.sentence_weights[s];
    found.weakest = std::min(found.weakest, here / words.sentence_weights[s]);
  }
  found.share = weight > 0 ? covered / weight : 0;
  return found;
}

float WordCoverage::Share(Side side, int own, int other) const {
  const float weight = of(side).sentence_weights[own];
  return weight > 0 ? SentenceCovered(side, own, {other, other + 1}) / weight : 0;
}

float WordCoverage::CoveredOf(Side side, SentenceRun own, SentenceRun other) const {
  float covered = 0;
  for (int s = own.begin; s < own.end; ++s) covered += SentenceCovered(side, s, other);
  return covered;
}

float WordCoverage::Covered(SentenceRun source, SentenceRun target) const {
  return CoveredOf(Side::kSource, source, target) + CoveredOf(Side::kTarget, target, source);
}

float WordCoverage::GainOf(Side side, SentenceRun own, SentenceRun other) const {
  if (own.size() < 2) return 1;
  const Side other_side = side == Side::kSource ? Side::kTarget : Side::kSource;
  const float all = CoveredOf(other_side, other, own);
  const auto gain = [&](int outer, SentenceRun rest) {
    const float lost = all - CoveredOf(other_side, other, rest);
    return (lost + kLittle) / (of(side).sentence_weights[outer] + kLittle);
  };
  return std::min(gain(own.begin, {own.begin + 1, own.end}),
                  gain(own.end - 1, {own.begin, own.end - 1}));
}

float WordCoverage::Gain(SentenceRun source, SentenceRun target) const {
  return std::min(
      {1.0F, GainOf(Side::kSource, source, target), GainOf(Side::kTarget, target, source)});
}

float WordCoverage::SplitGain(SentenceRun source, SentenceRun target) const {
  float most = 0;
  for (int s = source.begin + 1; s < source.end; ++s) {
    for (int t = target.begin + 1; t < target.end; ++t) {
      most = std::max(most, Covered({source.begin, s}, {target.begin, t}) +
                                Covered({s, source.end}, {t, target.end}));
    }
  }
  return Covered(source, target) - most;
}

float WordCoverage::LeakOf(Side side, SentenceRun own, SentenceRun other) const {
  const Words& words = of(side);
  float leak = 0;
  for (int s = own.begin; s < own.end; ++s) {
    const auto cell = [&](int o) {
      return side == Side::kSource ? cells_.Contains(s, o) : cells_.Contains(o, s);
    };
    const uint8_t* before = cell(other.begin - 1) ? Cover(side, s, other.begin - 1) : nullptr;
    const uint8_t* after = cell(other.end) ? Cover(side, s, other.end) : nullptr;
    if (before == nullptr && after == nullptr) continue;
    if (!semantic_ && (before == nullptr || CellCovered(side, s, other.begin - 1) == 0) &&
        (after == nullptr || CellCovered(side, s, other.end) == 0)) {
      continue;
    }
    // Without one of the neighbours the other stands for both.
    if (before == nullptr) before = after;
    if (after == nullptr) after = before;
    const Covers covers = CoversIn(side, s, other);
    leak += SumLeaks(words.token_weights.data() + words.document->token_begin[s], before, after,
                     covers.of.data(), covers.count, words.document->tokens_of(s));
  }
  return leak / kWhole;
}

float WordCoverage::Leak(SentenceRun source, SentenceRun target) const {
  return LeakOf(Side::kSource, source, target) + LeakOf(Side::kTarget, target, source);
}

float WordCoverage::Crossing(Side side, int own, int here, int across, bool tail) const {
  const Words& words = of(side);
  const int tokens = words.document->tokens_of(own);
  const float* const weights = words.token_weights.data() + words.document->token_begin[own];
  const uint8_t* cover_here = Cover(side, own, here);
  const uint8_t* cover_across = Cover(side, own, across);
  float sum = 0;
  float most = 0;
  for (int k = 0; k < tokens; ++k) {
    const int t = tail ? tokens - 1 - k : k;
    sum += weights[t] * static_cast<float>(int{cover_across[t]} - int{cover_here[t]});
    most = std::max(most, sum);
  }
  return most / kWhole;
}

void WordCoverage::FindStraddles(int row) {
  for (int column = std::max(1, cells_.begin(row)); column < cells_.end(row); ++column) {
    if (!cells_.Contains(row - 1, column - 1) || !cells_.Contains(row - 1, column) ||
        !cells_.Contains(row, column - 1)) {
      continue;
    }
    const float source_tail = Crossing(Side::kSource, row - 1, column - 1, column, true);
    const float source_head = Crossing(Side::kSource, row, column, column - 1, false);
    const float target_tail = Crossing(Side::kTarget, column - 1, row - 1, row, true);
    const float target_head = Crossing(Side::kTarget, column, row, row - 1, false);
    straddles_[cells_.Index(row, column)] = {
        .sum = std::min(3.0F, source_tail + source_head + target_tail + target_head),
        .both = std::min(1.0F, std::max(std::min(source_tail, target_head),
                                        std::min(source_head, target_tail)))};
  }
}

absl::Status WordCoverage::SumUp(const std::vector<uint8_t>& changed, const StopCondition& stop,
                                 Parallel& parallel) {
  source_.cell_covered.resize(cells_.size());
  target_.cell_covered.resize(cells_.size());
  straddles_.resize(cells_.size());
  return RunRows(parallel, cells_.rows(), [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      if (changed[row] != 0) SumCells(row);
      if (row > 0 && (changed[row - 1] != 0 || changed[row] != 0)) FindStraddles(row);
    }
    return absl::OkStatus();
  });
}

absl::Status WordCoverage::Associate(const std::vector<WordAssociation>& associations,
                                     const StopCondition& stop, Parallel& parallel) {
  if (associations.empty()) return absl::OkStatus();
  const EmbeddedDocument& source = *source_.document;
  std::vector<int32_t> first_of_word(source.words.size() + 1);
  for (const WordAssociation& one : associations) ++first_of_word[one.source + 1];
  std::partial_sum(first_of_word.begin(), first_of_word.end(), first_of_word.begin());
  std::vector<uint8_t> changed(cells_.rows());
  const auto associate = [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      for (int a = 0; a < source.tokens_of(row); ++a) {
        const int32_t word = source.tokens[source.token_begin[row] + a];
        for (int32_t i = first_of_word[word]; i < first_of_word[word + 1]; ++i) {
          if (Associate(row, a, associations[i])) changed[row] = 1;
        }
      }
    }
    return absl::OkStatus();
  };
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, cells_.rows(), associate));
  return SumUp(changed, stop, parallel);
}

bool WordCoverage::Associate(int row, int token, const WordAssociation& association) {
  const EmbeddedDocument& target = *target_.document;
  const int begin = cells_.begin(row);
  const int tokens = source_.document->tokens_of(row);
  const auto raise = [&](uint8_t& cover) {
    if (cover >= association.similarity) return false;
    cover = association.similarity;
    return true;
  };
  bool changed = false;
  for (int column = begin; column < cells_.end(row); ++column) {
    for (int t = target.token_begin[column]; t < target.token_begin[column + 1]; ++t) {
      if (target.tokens[t] != association.target) continue;
      const size_t forth = source_.offset[row] + (column - begin) * tokens + token;
      const size_t back = target_.offset[row] + (t - target.token_begin[begin]);
      changed |= raise(source_.cover[forth]);
      changed |= raise(target_.cover[back]);
    }
  }
  return changed;
}

}  // namespace hexapla
