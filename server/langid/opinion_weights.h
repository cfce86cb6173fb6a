// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_OPINION_WEIGHTS_H_
#define HEXAPLA_SERVER_LANGID_OPINION_WEIGHTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// The fitted numbers that make one answer of several opinions on a language,
// kept in a text file beside the models. The score of a language is
//
//   first(n) * log p1 + second(n) * log p2 + vote(n) + bias
//
// where p1 and p2 are what two models say, never less than kOpinionMin, and n is
// the number of letters: who is good at sentences may be poor at words. For a
// language that the second model does not know, absent(n) stands for its term.
// Only the language that CLD2 names gets vote(n). Probabilities are proportional
// to the exponential of the score, and the numbers are fitted so that they come
// true.
//
// To save time, the second model is asked only if the first is not sure of a long
// text, and CLD2, which is slower than both, only where they leave doubt. So there
// are stages, each with numbers of its own.
struct OpinionWeights {
  // Between two of these, values are interpolated over the logarithm of n.
  static constexpr std::array<uint32_t, 7> kLetters = {2, 4, 8, 16, 32, 64, 128};
  using Curve = std::array<float, kLetters.size()>;

  // The names of the two models, as the manifest has them.
  std::string first_model;
  std::string second_model;

  struct Stage {
    Curve first{};
    Curve second{};
    Curve absent{};
    Curve vote{};
    std::map<std::string, float> biases;  // BCP-47; 0 for those not named
  };
  Stage models;    // the two models alone
  Stage everyone;  // with CLD2
  // When the first model gives a label of a text of at least so many letters at
  // least this probability, that is the answer, with that confidence.
  struct Alone {
    float letters = 0;
    float probability = 2;  // never
    float confidence = 0;
  };
  Alone alone;
  // CLD2 is asked when the models' best answer has less confidence than this.
  float certain = 0;

  // Where n letters lie: between kLetters[knot] and kLetters[knot + 1], `share`
  // of the way to the latter; knot + 1 is always valid.
  struct Place {
    size_t knot = 0;
    float share = 0;
  };
  static Place PlaceOf(uint32_t letters);
  static float At(const Curve& curve, Place place) {
    return curve[place.knot] + place.share * (curve[place.knot + 1] - curve[place.knot]);
  }

  // The file has one `name values...` a line; `#` starts a comment. The lines are
  // `of FIRST_MODEL SECOND_MODEL`, `certain VALUE`, `alone FIELD VALUE`, and for both stages `STAGE
  // CURVE VALUES`, one for each of kLetters, all of them once; and `STAGE bias LANGUAGE VALUE`, as
  // many as there are. STAGE is `models` or `everyone`. Errors name the file and the line:
  // NotFound, InvalidArgument.
  static absl::StatusOr<OpinionWeights> Read(const std::string& path);
  static absl::StatusOr<OpinionWeights> Parse(absl::string_view text, absl::string_view name);
  std::string ToText() const;
};

// Less than this a model is not believed to know.
inline constexpr float kOpinionMin = 1e-3f;

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_OPINION_WEIGHTS_H_
