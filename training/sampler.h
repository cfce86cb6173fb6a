// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_SAMPLER_H_
#define HEXAPLA_TRAINING_SAMPLER_H_

#include <cstdint>
#include <istream>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "training/corpus.h"

namespace hexapla::training {

struct SamplerOptions {
  uint32_t seed = 1;
  int batch = 1024;
  // Share of batches that mix all pairs of languages, either language as the
  // source, which draws the languages together; the others hold one pair, whose
  // negatives are all in one language and therefore harder.
  double mixed_share = 0.25;
  // Of the batches of one pair, the share drawn from a single source: its
  // sentences are about the same things, so they are harder to tell apart.
  double single_source_share = 0.5;
  // Share of draws that go to pairs of languages without English.
  double pivotless_share = 0.25;
  // A pair of languages is drawn in proportion to (its weighted pairs)^power.
  double language_power = 0.5;
  double source_power = 0.8;
  // Languages whose pairs with English are drawn `favoured_factor` times as often.
  std::vector<std::string> favoured = {};
  double favoured_factor = 2;
};

// An endless, reproducible stream of batches of translated sentence pairs,
// drawn with replacement: languages balanced, sources weighted.
class Sampler {
 public:
  Sampler(const Corpus& corpus, const SamplerOptions& options);

  // Fills `batch` with `options.batch` pairs of sentence numbers.
  void Next(std::vector<std::pair<int32_t, int32_t>>& batch);

  // Where in the stream it is.
  void WriteState(std::ostream& out) const { out << random_ << "\n"; }
  void ReadState(std::istream& in) {
    in >> random_;
    in.ignore(1);
  }

 private:
  // A cumulative distribution over indices.
  class Choice {
   public:
    void Add(double weight) { sums_.push_back((sums_.empty() ? 0 : sums_.back()) + weight); }
    bool empty() const { return sums_.empty() || sums_.back() <= 0; }
    size_t Draw(std::mt19937& random) const;

   private:
    std::vector<double> sums_;
  };
  struct LanguagePair {
    std::vector<const PairList*> lists;
    Choice list;
  };

  const LanguagePair& DrawLanguages();
  std::pair<int32_t, int32_t> DrawPair(const PairList& list, bool either_way);
  double Uniform();

  const SamplerOptions options_;
  std::mt19937 random_;
  std::vector<LanguagePair> with_english_;
  std::vector<LanguagePair> without_english_;
  Choice choose_with_english_;
  Choice choose_without_english_;
};

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_SAMPLER_H_
