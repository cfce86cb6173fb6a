// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/sentence_pair_features.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "server/similarity/cosine.h"
#include "server/similarity/word_similarity.h"

namespace hexapla {
namespace {

constexpr double kLow = 0.5;
constexpr double kVeryLow = 0.3;
// A word whose best counterpart is under this has none.
constexpr uint8_t kCoveredFrom = 75;
// One at this or above is sure to have one.
constexpr uint8_t kSureFrom = 140;
// Variance of the length ratio per character, as of beads.
constexpr double kLengthVariance = 6.8;
constexpr double kDeviationNear = 2;
constexpr double kDeviationMost = 30;
constexpr int kCountMost = 3;
constexpr size_t kNameBytesMin = 3;
// A word that the space does not know weighs as the mean of the others, or, if
// it knows none, as this.
constexpr double kUnknownWeight = 1;
constexpr double kTiny = 1e-9;

// One side and what of it was found on the other.
struct Side {
  const EmbeddedDocument* document = nullptr;
  std::vector<double> weights;  // of tokens
  std::vector<uint8_t> cover;   // the best counterpart of each
  double mass = 0;

  int tokens() const { return document->tokens_of(0); }
  const EmbeddedDocument::Word& word(int token) const {
    return document->words[document->tokens[token]];
  }
};

Side MakeSide(const EmbeddedDocument& document, bool semantic) {
  Side side;
  side.document = &document;
  const int dimension = document.word_vectors.dimension();
  double known = 0;
  int count = 0;
  for (int t = 0; t < side.tokens(); ++t) {
    const float* vector = document.word_vectors.row(document.tokens[t]);
    const double norm = semantic ? std::sqrt(InnerProduct(vector, vector, dimension)) : 0;
    side.weights.push_back(norm);
    known += norm;
    count += norm > 0 ? 1 : 0;
  }
  const double unknown = count > 0 ? known / count : kUnknownWeight;
  for (double& weight : side.weights) {
    if (weight == 0) weight = unknown;
    side.mass += weight;
  }
  side.cover.resize(side.weights.size());
  return side;
}

void Cover(Side& source, Side& target, bool semantic) {
  const WordSimilarity similarity(*source.document, *target.document, semantic);
  WordSimilarity::Scratch scratch(similarity);
  similarity.Cover(0, 0, 1, source.cover.data(), target.cover.data(), scratch);
}

double CoveredShare(const Side& side) {
  double covered = 0;
  for (int t = 0; t < side.tokens(); ++t) {
    covered += side.weights[t] * side.cover[t] / WordSimilarity::kIdentical;
  }
  return side.mass > 0 ? covered / side.mass : 0;
}

double SurelyCoveredShare(const Side& side) {
  double covered = 0;
  for (int t = 0; t < side.tokens(); ++t) {
    covered += side.cover[t] >= kSureFrom ? side.weights[t] : 0;
  }
  return side.mass > 0 ? covered / side.mass : 0;
}

// The most that a word weighs times what it lacks of a counterpart.
double HeaviestUncovered(const Side& side) {
  double heaviest = 0;
  for (int t = 0; t < side.tokens(); ++t) {
    const double lacking = 1 - static_cast<double>(side.cover[t]) / WordSimilarity::kIdentical;
    heaviest = std::max(heaviest, side.weights[t] * lacking);
  }
  return heaviest;
}

double LongestUncoveredRun(const Side& side) {
  double longest = 0;
  double run = 0;
  for (int t = 0; t < side.tokens(); ++t) {
    run = side.cover[t] < kCoveredFrom ? run + side.weights[t] : 0;
    longest = std::max(longest, run);
  }
  return side.mass > 0 ? longest / side.mass : 0;
}

double Cosine(const float* x, const float* y, int dimension) {
  const double norms =
      std::sqrt(static_cast<double>(InnerProduct(x, x, dimension)) * InnerProduct(y, y, dimension));
  return norms > 0 ? InnerProduct(x, y, dimension) / norms : 0;
}

// The highest cosine of `whole` with what is left of `side` when its first or
// last quarter or half is left away.
double BestTrimmedCosine(const Side& side, const float* whole) {
  const EmbeddedDocument& document = *side.document;
  const int dimension = document.word_vectors.dimension();
  const int tokens = side.tokens();
  double best = -1;
  for (const int quarters : {2, 3}) {
    const int kept = tokens * quarters / 4;
    if (kept == 0 || kept == tokens) continue;
    for (const int begin : {0, tokens - kept}) {
      std::vector<float> sum(dimension);
      for (int t = begin; t < begin + kept; ++t) {
        const float* vector = document.word_vectors.row(document.tokens[t]);
        for (int k = 0; k < dimension; ++k) sum[k] += vector[k];
      }
      best = std::max(best, Cosine(sum.data(), whole, dimension));
    }
  }
  return best;
}

void SetCosines(const Side& source, const Side& target, SentencePairVector& f) {
  const float* x = source.document->sentence_vectors.row(0);
  const float* y = target.document->sentence_vectors.row(0);
  const double cosine = Cosine(x, y, source.document->sentence_vectors.dimension());
  f[kPairCosine] = cosine;
  f[kPairCosineLow] = std::max(0.0, kLow - cosine);
  f[kPairCosineVeryLow] = std::max(0.0, kVeryLow - cosine);
  f[kPairCosineShort] = cosine * f[kPairShort];
  const double trimmed = std::max(BestTrimmedCosine(source, y), BestTrimmedCosine(target, x));
  f[kPairTrimGain] = std::max(0.0, trimmed - cosine);
}

void SetLengths(const Side& source, const Side& target, double log_length_ratio,
                SentencePairVector& f) {
  const double expected = source.document->lengths[0] * std::exp(log_length_ratio) + 1;
  const double length = target.document->lengths[0] + 1;
  const double deviation = length - expected;
  const double half_square =
      deviation * deviation / (kLengthVariance * (length + expected));  // half of both lengths
  f[kPairLengthNear] = -std::min(half_square, kDeviationNear);
  f[kPairLengthFar] = -(std::min(half_square, kDeviationMost) + f[kPairLengthNear]);
  f[kPairLengthRatio] = std::abs(std::log(length / expected));
  f[kPairSentenceCount] =
      std::min(kCountMost, std::abs(source.document->units[0] - target.document->units[0]));
}

void CountWords(const Side& side, int& numbers_matched, int& numbers_unmatched, int& names) {
  for (int t = 0; t < side.tokens(); ++t) {
    const bool identical = side.cover[t] == WordSimilarity::kIdentical;
    if (side.word(t).kind == TokenKind::kNumber) {
      ++(identical ? numbers_matched : numbers_unmatched);
    } else if (identical && side.word(t).text.size() >= kNameBytesMin) {
      ++names;
    }
  }
}

}  // namespace

absl::string_view SentencePairFeatureName(int feature) {
  static constexpr absl::string_view kNames[kSentencePairFeatures] = {"cosine",
                                                                      "cosine_low",
                                                                      "cosine_very_low",
                                                                      "cosine_short",
                                                                      "trim_gain",
                                                                      "coverage",
                                                                      "coverage_least",
                                                                      "coverage_low",
                                                                      "coverage_very_low",
                                                                      "coverage_short",
                                                                      "coverage_sure",
                                                                      "uncovered_run",
                                                                      "uncovered_word",
                                                                      "uncovered_word_share",
                                                                      "length_near",
                                                                      "length_far",
                                                                      "length_ratio",
                                                                      "mass_ratio",
                                                                      "sentence_count",
                                                                      "numbers_matched",
                                                                      "numbers_unmatched",
                                                                      "names_matched",
                                                                      "short",
                                                                      "intercept"};
  return kNames[feature];
}

SentencePairVector SentencePairFeatures(const EmbeddedDocument& source,
                                        const EmbeddedDocument& target, double log_length_ratio,
                                        bool semantic) {
  SentencePairVector f{};
  Side x = MakeSide(source, semantic);
  Side y = MakeSide(target, semantic);
  Cover(x, y, semantic);
  f[kPairIntercept] = 1;
  f[kPairShort] = 1 / std::sqrt(std::max(1, std::min(x.tokens(), y.tokens())));
  if (semantic) SetCosines(x, y, f);
  const double forth = CoveredShare(x);
  const double back = CoveredShare(y);
  f[kPairCoverage] = (forth + back) / 2;
  f[kPairCoverageLeast] = std::min(forth, back);
  f[kPairCoverageLow] = std::max(0.0, kLow - f[kPairCoverageLeast]);
  f[kPairCoverageVeryLow] = std::max(0.0, kVeryLow - f[kPairCoverageLeast]);
  f[kPairCoverageShort] = f[kPairCoverageLeast] * f[kPairShort];
  f[kPairUncoveredRun] = std::max(LongestUncoveredRun(x), LongestUncoveredRun(y));
  f[kPairCoverageSure] = std::min(SurelyCoveredShare(x), SurelyCoveredShare(y));
  const double heaviest_x = HeaviestUncovered(x);
  const double heaviest_y = HeaviestUncovered(y);
  f[kPairUncoveredWord] = std::max(heaviest_x, heaviest_y);
  f[kPairUncoveredWordShare] =
      std::max(heaviest_x / std::max(x.mass, kTiny), heaviest_y / std::max(y.mass, kTiny));
  SetLengths(x, y, log_length_ratio, f);
  if (semantic) f[kPairMassRatio] = std::abs(std::log((x.mass + 1) / (y.mass + 1)));
  int matched = 0;
  int unmatched = 0;
  int names = 0;
  CountWords(x, matched, unmatched, names);
  CountWords(y, matched, unmatched, names);
  f[kPairNumbersMatched] = std::min(kCountMost, matched / 2);
  f[kPairNumbersUnmatched] = std::min(kCountMost, unmatched);
  f[kPairNamesMatched] = std::min(kCountMost, names / 2);
  return f;
}

}  // namespace hexapla
