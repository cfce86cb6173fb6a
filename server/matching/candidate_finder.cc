// SPDX-License-Identifier: Apache-2.0
//
// Candidates by signature.
//
// A pair is compared by the cosine of its vectors plus the cosine of its
// tellers. An alignment costs some ten thousand times as much, so few pairs may
// go on to one. Of each document these do:
//   - its best partner by either cosine and by the sum, whatever the value: the
//     tellers draw Japanese to Chinese, and what looks like nothing to the
//     vectors of a rare language may still be a version;
//   - its next three by the sum, if they are near the best and above what random
//     pairs of this heap have.
// A lone Chinese text is drawn to all that is Japanese, for its language has no
// mean of its own to take off. So a document of a language with few documents may
// have a second look, if no pair of the first is one of versions: its best partner
// in each language, where such leanings are alike.
//
// That is enough, for a group need not be found pair by pair: the grouping
// judges what is between two documents before it joins them. On the news
// documents of docs/matching.md the best partner in each language is the true
// one in 99 of 100 cases.
#include "server/matching/candidate_finder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"

namespace hexapla {
namespace {

// How many partners of a document may be judged.
constexpr size_t kPartners = 4;
// Of the best value; all but the best partner must reach it.
constexpr float kNearBest = 0.6F;
// From so many documents on, the mean of a language says what is usual for it.
constexpr int kCentredDocuments = 8;
// How many languages a document gets a second look in.
constexpr size_t kSecondLooks = 12;
// Documents without likeness added to those of a language when its mean is taken.
constexpr float kUsualDocuments = 1;
// Standard deviations above the mean of random pairs, likewise.
constexpr float kAboveRandom = 2;

struct Partner {
  int32_t document;
  float value;
};

bool Better(const Partner& a, const Partner& b) {
  return a.value != b.value ? a.value > b.value : a.document < b.document;
}

// Documents by teller, to find those that share one.
class TellerIndex {
 public:
  explicit TellerIndex(const DocumentSignatures& signatures) : tellers_(signatures.tellers) {}

  // Before anything else, once for each document.
  void Add(size_t document) {
    for (const auto& teller : tellers_[document]) {
      documents_[teller.word].push_back({static_cast<int32_t>(document), teller.weight});
    }
  }

  // Adds the cosines of `document` to those that share tellers with it.
  void AddCosines(size_t document, std::vector<float>& values) const {
    for (const auto& teller : tellers_[document]) {
      for (const Partner& entry : documents_.find(teller.word)->second) {
        values[entry.document] += teller.weight * entry.value;
      }
    }
  }

 private:
  const std::vector<std::vector<DocumentSignatures::Teller>>& tellers_;
  absl::flat_hash_map<int32_t, std::vector<Partner>> documents_;
};

class CandidateSearch {
 public:
  CandidateSearch(const std::vector<HeapDocument>& documents, const DocumentSignatures& signatures,
                  const std::vector<bool>& left_out, const CandidateOptions& options)
      : documents_(documents),
        signatures_(signatures),
        options_(options),
        tellers_(signatures),
        left_out_(left_out),
        second_looks_(documents.size()),
        everyone_(documents.size()),
        cosines_(documents.size()),
        teller_cosines_(documents.size()) {
    std::iota(everyone_.begin(), everyone_.end(), 0);
  }

  absl::StatusOr<Candidates> Run(const StopCondition& stop) {
    HEXAPLA_RETURN_IF_ERROR(Prepare(stop));
    for (size_t d = 0; d < documents_.size(); ++d) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      if (!left_out_[d]) Compare(static_cast<int32_t>(d));
    }
    Candidates result;
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    result.pairs = std::move(pairs_);
    result.second_looks = std::move(second_looks_);
    return result;
  }

 private:
  const std::string& TagOf(int32_t document) const { return tags_[tag_of_[document]]; }

  absl::Status Prepare(const StopCondition& stop) {
    // Tags are few, documents are many: languages are compared as numbers.
    absl::flat_hash_map<std::string, int> numbers;
    for (size_t d = 0; d < documents_.size(); ++d) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      const std::string& tag = documents_[d].language.tag;
      const auto [number, fresh] = numbers.try_emplace(tag, static_cast<int>(tags_.size()));
      if (fresh) tags_.push_back(tag);
      documents_with_tag_.resize(tags_.size());
      tag_of_.push_back(number->second);
      ++documents_with_tag_[number->second];
      tellers_.Add(d);
    }
    return absl::OkStatus();
  }

  void Compare(int32_t document) {
    InnerProducts(signatures_.vectors.row(document), signatures_.vectors, everyone_.data(),
                  everyone_.size(), cosines_.data());
    std::fill(teller_cosines_.begin(), teller_cosines_.end(), 0.0F);
    tellers_.AddCosines(document, teller_cosines_);
    has_same_language_.clear();
    for (const std::string& tag : tags_) {
      has_same_language_.push_back(SameMatchLanguage(TagOf(document), tag));
    }
    AddPartners(document);
  }

  void AddPartners(int32_t document) {
    std::vector<Partner> partners;
    for (int32_t other = 0; other < static_cast<int32_t>(documents_.size()); ++other) {
      if (other == document || left_out_[other]) continue;
      if (!options_.allow_same_language && has_same_language_[tag_of_[other]]) continue;
      partners.push_back({other, cosines_[other] + teller_cosines_[other]});
    }
    if (partners.empty()) return;
    TakeOffMeansOfLanguages(partners);
    const size_t pairs = documents_.size() * (documents_.size() - 1) / 2;
    if (pairs > options_.all_pairs_max) {
      AddSecondLooks(document, partners);
      pairs_.push_back(PairOf(document, BestBy(cosines_, partners)));
      KeepBest(partners);
    }
    for (const Partner& partner : partners) {
      pairs_.push_back(PairOf(document, partner.document));
    }
  }

  // The best partner in each language, if `document` is in one of few documents.
  void AddSecondLooks(int32_t document, const std::vector<Partner>& partners) {
    if (documents_with_tag_[tag_of_[document]] >= kCentredDocuments) return;
    std::vector<Partner> best(tags_.size(), {.document = -1, .value = 0});
    for (const Partner& partner : partners) {
      Partner& known = best[tag_of_[partner.document]];
      if (known.document < 0 || Better(partner, known)) known = partner;
    }
    std::erase_if(best, [](const Partner& partner) { return partner.document < 0; });
    std::sort(best.begin(), best.end(), Better);
    if (best.size() > kSecondLooks) best.resize(kSecondLooks);
    for (const Partner& partner : best) {
      second_looks_[document].push_back(PairOf(document, partner.document));
    }
  }

  // Takes off each value what is usual for the partner's language, a third less
  // for a lone document's.
  void TakeOffMeansOfLanguages(std::vector<Partner>& partners) const {
    std::vector<float> sums(tags_.size());
    std::vector<float> counts(tags_.size(), kUsualDocuments);
    for (const Partner& partner : partners) {
      sums[tag_of_[partner.document]] += partner.value;
      ++counts[tag_of_[partner.document]];
    }
    for (Partner& partner : partners) {
      const int tag = tag_of_[partner.document];
      partner.value -= sums[tag] / counts[tag];
    }
  }

  static DocumentPair PairOf(int32_t a, int32_t b) { return {std::min(a, b), std::max(a, b)}; }

  // The first of equals.
  static int32_t BestBy(const std::vector<float>& values, const std::vector<Partner>& partners) {
    return std::max_element(partners.begin(), partners.end(),
                            [&](const Partner& a, const Partner& b) {
                              return values[a.document] < values[b.document];
                            })
        ->document;
  }

  static void KeepBest(std::vector<Partner>& partners) {
    double sum = 0;
    double squares = 0;
    for (const Partner& partner : partners) {
      sum += partner.value;
      squares += partner.value * partner.value;
    }
    const auto all = static_cast<double>(partners.size());
    const double mean = sum / all;
    const double deviation = std::sqrt(std::max(0.0, squares / all - mean * mean));
    const size_t count = std::min(kPartners, partners.size());
    std::partial_sort(partners.begin(), partners.begin() + static_cast<std::ptrdiff_t>(count),
                      partners.end(), Better);
    const float least = std::max(static_cast<float>(mean + kAboveRandom * deviation),
                                 kNearBest * partners[0].value);
    size_t kept = 1;
    while (kept < count && partners[kept].value >= least) ++kept;
    partners.resize(kept);
  }

  const std::vector<HeapDocument>& documents_;
  const DocumentSignatures& signatures_;
  const CandidateOptions options_;
  TellerIndex tellers_;
  std::vector<std::string> tags_;  // distinct
  std::vector<int> tag_of_;        // of each document
  std::vector<int> documents_with_tag_;
  std::vector<bool> has_same_language_;  // tag -> whether the document at hand has the same
  const std::vector<bool>& left_out_;
  std::vector<DocumentPair> pairs_;
  std::vector<std::vector<DocumentPair>> second_looks_;
  std::vector<int32_t> everyone_;
  std::vector<float> cosines_;  // of the document at hand with everyone
  std::vector<float> teller_cosines_;
};

}  // namespace

absl::StatusOr<Candidates> FindCandidates(const std::vector<HeapDocument>& documents,
                                          const DocumentSignatures& signatures,
                                          const std::vector<bool>& left_out,
                                          const CandidateOptions& options,
                                          const StopCondition& stop) {
  return CandidateSearch(documents, signatures, left_out, options).Run(stop);
}

}  // namespace hexapla
