// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/sentence_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hexapla {
namespace {

int SumOver(const std::vector<int32_t>& values, SentenceRun run) {
  return std::accumulate(values.begin() + run.begin, values.begin() + run.end, 0);
}

void DeletionFeatures(const SentenceSimilarity& sentences, const SentenceSimilarity::Side& side,
                      int sentence, BeadFeatureVector& f) {
  f[kDeletion] = 1;
  f[kDeletionLength] = RelativeLength(side, side.document->lengths[sentence]);
  f[kDeletionSemantic] =
      std::clamp(sentences.scale().Place(side.best_cosine[sentence]), kPlaceLeast, kPlaceMost);
}

void SemanticFeatures(const SentenceSimilarity& sentences, SentenceRun source, SentenceRun target,
                      BeadFeatureVector& f) {
  const float pairs = PairWeight({source.size(), target.size()});
  const float cosine = sentences.Cosine(source, target);
  f[kSemantic] = std::clamp(sentences.scale().Place(cosine), kPlaceLeast, kPlaceMost) * pairs;
  f[kSemanticLow] = std::min(0.0F, f[kSemantic] - pairs / 2);
  f[kCosine] = cosine * pairs;
  const float neighbourhood = (SentenceSimilarity::Mean(sentences.source().neighbourhood, source) +
                               SentenceSimilarity::Mean(sentences.target().neighbourhood, target)) /
                              2;
  f[kMargin] = (cosine - neighbourhood) * pairs;
  if (source.size() + target.size() == 2) return;
  f[kMergeGain] = sentences.MergeGain(source, target, cosine);
  f[kMergeSemantic] = f[kSemantic];
}

void FormFeatures(const SentenceSimilarity& sentences, SentenceRun source, SentenceRun target,
                  BeadFeatureVector& f) {
  const float deviation = std::abs(sentences.LengthDeviation(source, target));
  const float half_square = deviation * deviation / 2;
  f[kLengthNear] = -std::min(half_square, kLengthNearMost);
  f[kLengthFar] = -std::min(half_square, kLengthFarMost);
  f[kLengthDeviation] = -std::min(deviation, kLengthDeviationMost);
  const int units = SumOver(sentences.source().document->units, source) -
                    SumOver(sentences.target().document->units, target);
  f[kSentenceCount] = -std::min(static_cast<float>(std::abs(units)), kSentenceCountMost);
  const BeadShape shape{source.size(), target.size()};
  f[ShapeFeature(shape)] = 1;
  if (shape.sources + shape.targets == 2) return;
  f[kCuts] = SentenceSimilarity::Cuts(sentences.source(), source) +
             SentenceSimilarity::Cuts(sentences.target(), target);
}

}  // namespace

float RelativeLength(const SentenceSimilarity::Side& side, int32_t length) {
  return std::log((static_cast<float>(length) + 3) / (side.mean_length + 3));
}

BeadFeatureVector SentenceFeatures(const SentenceSimilarity& sentences, int source, int target,
                                   BeadShape shape) {
  BeadFeatureVector f{};
  if (shape.targets == 0) {
    DeletionFeatures(sentences, sentences.source(), source, f);
  } else if (shape.sources == 0) {
    DeletionFeatures(sentences, sentences.target(), target, f);
  } else {
    const SentenceRun sources{source, source + shape.sources};
    const SentenceRun targets{target, target + shape.targets};
    SemanticFeatures(sentences, sources, targets, f);
    FormFeatures(sentences, sources, targets, f);
  }
  return f;
}

}  // namespace hexapla
