// SPDX-License-Identifier: Apache-2.0
//
// Normaliser, segmenter, tokenizer, offsets: any valid UTF-8 in any language, and
// ranges that point where they should. The first byte chooses the language.
#include <array>
#include <vector>

#include "server/text/language_tag.h"
#include "server/text/normalizer.h"
#include "server/text/segmenter.h"
#include "server/text/tokenizer.h"
#include "server/text/utf8.h"
#include "tests/fuzz/fuzz_input.h"

namespace hexapla {
namespace {

constexpr std::array kLanguages = {"en", "fr", "de", "ru", "ar", "he", "hi",  "zh",
                                   "ja", "ko", "th", "km", "my", "am", "und", ""};

void CheckTokens(absl::string_view text) {
  const NormalizedText normalized(text);
  HEXAPLA_EXPECT(!FirstInvalidUtf8(normalized.text()).has_value());
  Tokens tokens;
  tokens.Assign(normalized.text());
  for (size_t i = 0; i < tokens.size(); ++i) {
    HEXAPLA_EXPECT(!tokens[i].empty());
    const TextRange range = tokens.token(i).normalized;
    HEXAPLA_EXPECT(range.begin < range.end && range.end <= normalized.text().size());
    const TextRange original = normalized.Original(range);
    HEXAPLA_EXPECT(original.begin < original.end && original.end <= text.size());
  }
}

void CheckSentences(absl::string_view text, absl::string_view language) {
  static const Segmenter segmenter;
  const auto sentences = segmenter.Split(text, language, StopCondition());
  HEXAPLA_EXPECT(sentences.ok());
  size_t end = 0;
  for (const TextRange& sentence : *sentences) {
    HEXAPLA_EXPECT(end <= sentence.begin && sentence.begin < sentence.end);
    HEXAPLA_EXPECT(sentence.end <= text.size());
    HEXAPLA_EXPECT(!IsContinuationByte(text[sentence.begin]));
    end = sentence.end;
  }
}

}  // namespace
}  // namespace hexapla

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  FuzzInput input(data, size);
  const char* language = kLanguages[input.Choose(kLanguages.size())];
  const auto tag = CanonicalLanguageTag(input.rest());
  HEXAPLA_EXPECT(!tag.has_value() || CanonicalLanguageTag(*tag) == tag);
  // What is no UTF-8 comes no further than this.
  const auto invalid = FirstInvalidUtf8(input.rest());
  HEXAPLA_EXPECT(!invalid.has_value() || *invalid < input.rest().size());
  const absl::string_view text = input.rest().substr(0, invalid.value_or(input.rest().size()));
  CheckTokens(text);
  CheckSentences(text, language);
  return 0;
}
