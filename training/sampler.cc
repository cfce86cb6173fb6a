// SPDX-License-Identifier: Apache-2.0
#include "training/sampler.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace hexapla::training {
namespace {

// Fewer pairs than this make no batch worth learning from.
constexpr size_t kPairsMin = 500;

}  // namespace

double Sampler::Uniform() { return static_cast<double>(random_()) / 4294967296.0; }

size_t Sampler::Choice::Draw(std::mt19937& random) const {
  const double at = static_cast<double>(random()) / 4294967296.0 * sums_.back();
  return std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin();
}

Sampler::Sampler(const Corpus& corpus, const SamplerOptions& options)
    : options_(options), random_(options.seed) {
  std::map<std::pair<int, int>, std::vector<const PairList*>> by_languages;
  for (const PairList& list : corpus.lists) {
    by_languages[{list.first_language, list.second_language}].push_back(&list);
  }
  const auto is_favoured = [&](int language) {
    const std::string& name = corpus.languages[language];
    return name == "en" || std::find(options.favoured.begin(), options.favoured.end(), name) !=
                               options.favoured.end();
  };
  for (auto& [languages, lists] : by_languages) {
    LanguagePair pair;
    double weighted = 0;
    size_t pairs = 0;
    for (const PairList* list : lists) {
      const double weight = corpus.sources[list->source].weight;
      pair.list.Add(weight *
                    std::pow(static_cast<double>(list->pairs.size()), options.source_power));
      weighted += weight * static_cast<double>(list->pairs.size());
      pairs += list->pairs.size();
    }
    pair.lists = std::move(lists);
    if (pairs < kPairsMin || pair.list.empty()) continue;
    const bool english =
        corpus.languages[languages.first] == "en" || corpus.languages[languages.second] == "en";
    const bool favoured = is_favoured(languages.first) && is_favoured(languages.second);
    const double weight =
        std::pow(weighted, options.language_power) * (favoured ? options.favoured_factor : 1);
    (english ? with_english_ : without_english_).push_back(std::move(pair));
    (english ? choose_with_english_ : choose_without_english_).Add(weight);
  }
}

const Sampler::LanguagePair& Sampler::DrawLanguages() {
  const bool pivotless =
      !without_english_.empty() && (with_english_.empty() || Uniform() < options_.pivotless_share);
  return pivotless ? without_english_[choose_without_english_.Draw(random_)]
                   : with_english_[choose_with_english_.Draw(random_)];
}

std::pair<int32_t, int32_t> Sampler::DrawPair(const PairList& list, bool either_way) {
  auto pair = list.pairs[random_() % list.pairs.size()];
  if (either_way && (random_() & 1u)) std::swap(pair.first, pair.second);
  return pair;
}

void Sampler::Next(std::vector<std::pair<int32_t, int32_t>>& batch) {
  batch.clear();
  const bool mixed = Uniform() < options_.mixed_share;
  const LanguagePair* languages = &DrawLanguages();
  const PairList* single = nullptr;
  if (!mixed && Uniform() < options_.single_source_share) {
    single = languages->lists[languages->list.Draw(random_)];
    if (single->pairs.size() < static_cast<size_t>(options_.batch)) single = nullptr;
  }
  while (batch.size() < static_cast<size_t>(options_.batch)) {
    if (mixed) languages = &DrawLanguages();
    batch.push_back(DrawPair(
        single != nullptr ? *single : *languages->lists[languages->list.Draw(random_)], mixed));
  }
}

}  // namespace hexapla::training
