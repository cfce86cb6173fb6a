// SPDX-License-Identifier: Apache-2.0
#include "training/features.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "server/fasttext/subwords.h"

namespace hexapla::training {
namespace {

// Small languages must not fill the vocabulary with words seen three times.
constexpr double kTokensFloor = 1e6;

// Calls visit(bucket) for each n-gram of "<word>", in fastText's order.
template <typename Visit>
void ForEachNgram(const std::string& word, const FeatureOptions& options, const Visit& visit) {
  fasttext::VisitNgramHashes("<" + word + ">", options.minn, options.maxn, [&](uint32_t hash) {
    visit(static_cast<int32_t>(hash % static_cast<uint32_t>(options.bucket)));
  });
}

struct TypeStatistics {
  std::vector<int64_t> counts;
  std::vector<double> worth;  // highest relative frequency in one language
};

TypeStatistics Count(const Corpus& corpus) {
  const size_t types = corpus.types.size();
  TypeStatistics result{std::vector<int64_t>(types), std::vector<double>(types)};
  std::vector<std::vector<int32_t>> by_language(corpus.languages.size());
  for (size_t s = 0; s < corpus.sentences(); ++s) {
    if (!corpus.kept(corpus.sentence_language[s])) continue;
    by_language[corpus.sentence_language[s]].push_back(static_cast<int32_t>(s));
  }
  std::vector<int64_t> counts(types);
  for (const auto& sentences : by_language) {
    std::vector<int32_t> seen;
    int64_t tokens = 0;
    for (const int32_t s : sentences) {
      for (int64_t k = corpus.sentence_begin[s]; k < corpus.sentence_begin[s + 1]; ++k) {
        const int32_t type = corpus.tokens[k];
        if (counts[type]++ == 0) seen.push_back(type);
        ++tokens;
      }
    }
    for (const int32_t type : seen) {
      result.counts[type] += counts[type];
      result.worth[type] =
          std::max(result.worth[type], static_cast<double>(counts[type]) /
                                           (static_cast<double>(tokens) + kTokensFloor));
      counts[type] = 0;
    }
  }
  return result;
}

void ChooseWords(const TypeStatistics& statistics, const FeatureOptions& options,
                 Features& features) {
  std::vector<int32_t>& words = features.words;
  for (size_t type = 0; type < statistics.counts.size(); ++type) {
    if (statistics.counts[type] >= options.word_count_min) {
      words.push_back(static_cast<int32_t>(type));
    }
  }
  std::stable_sort(words.begin(), words.end(),
                   [&](int32_t a, int32_t b) { return statistics.worth[a] > statistics.worth[b]; });
  if (words.size() > options.words_max) words.resize(options.words_max);
  std::stable_sort(words.begin(), words.end(), [&](int32_t a, int32_t b) {
    return statistics.counts[a] > statistics.counts[b];
  });
  for (const int32_t type : words) features.word_counts.push_back(statistics.counts[type]);
}

void ChooseNgrams(const Corpus& corpus, const TypeStatistics& statistics,
                  const FeatureOptions& options, Features& features) {
  std::vector<float> worth(options.bucket);
  for (size_t type = 0; type < statistics.counts.size(); ++type) {
    if (statistics.counts[type] == 0) continue;
    const float weight = std::log1p(static_cast<float>(statistics.counts[type]));
    ForEachNgram(corpus.types.word(static_cast<int32_t>(type)), options,
                 [&](int32_t bucket) { worth[bucket] += weight; });
  }
  std::vector<int32_t> order(options.bucket);
  std::iota(order.begin(), order.end(), 0);
  const size_t kept = std::min(options.ngrams_max, order.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return worth[a] > worth[b]; });
  order.resize(kept);
  while (!order.empty() && worth[order.back()] == 0) order.pop_back();
  std::sort(order.begin(), order.end());
  features.buckets = std::move(order);
}

}  // namespace

Features ChooseFeatures(const Corpus& corpus, const FeatureOptions& options) {
  Features features;
  features.options = options;
  const TypeStatistics statistics = Count(corpus);
  ChooseWords(statistics, options, features);
  ChooseNgrams(corpus, statistics, options, features);

  std::vector<int32_t> word_row(corpus.types.size(), -1);
  for (size_t row = 0; row < features.words.size(); ++row) {
    word_row[features.words[row]] = static_cast<int32_t>(row);
  }
  std::vector<int32_t> bucket_row(options.bucket, -1);
  for (size_t i = 0; i < features.buckets.size(); ++i) {
    bucket_row[features.buckets[i]] = static_cast<int32_t>(features.words.size() + i);
  }
  features.type_begin.push_back(0);
  for (size_t type = 0; type < corpus.types.size(); ++type) {
    if (word_row[type] >= 0) features.type_rows.push_back(word_row[type]);
    ForEachNgram(corpus.types.word(static_cast<int32_t>(type)), options, [&](int32_t bucket) {
      if (bucket_row[bucket] >= 0) features.type_rows.push_back(bucket_row[bucket]);
    });
    features.type_begin.push_back(static_cast<int64_t>(features.type_rows.size()));
  }
  return features;
}

}  // namespace hexapla::training
