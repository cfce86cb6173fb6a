// SPDX-License-Identifier: Apache-2.0
//
// The span detector over an identifier that changes its mind with every word:
// spans cover the text, in order. The first byte chooses the options.
#include <string>

#include "server/langid/span_detector.h"
#include "server/text/utf8.h"
#include "tests/fuzz/fuzz_input.h"

namespace hexapla {
namespace {

class FickleIdentifier final : public LanguageIdentifier {
 public:
  Identification Identify(absl::string_view text, const IdentifyOptions&) const override {
    unsigned sum = 0;
    for (const char c : text) sum = 31 * sum + static_cast<uint8_t>(c);
    static const char* const kLanguages[] = {"en", "fr", "ru", "zh"};
    Identification answer;
    answer.guesses = {{kLanguages[sum % 4], "", 0.7f}, {kLanguages[(sum + 1) % 4], "", 0.2f}};
    answer.script = "Latn";
    return answer;
  }
};

}  // namespace
}  // namespace hexapla

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  static const FickleIdentifier identifier;
  FuzzInput input(data, size);
  IdentifyOptions options;
  options.skip_cleaning = input.Flip();
  const absl::string_view text = input.rest();
  // A request without text never gets here.
  if (text.empty() || FirstInvalidUtf8(text).has_value()) return 0;
  const auto found = DetectSpans(identifier, text, options, Adjustments(), StopCondition());
  HEXAPLA_EXPECT(found.ok());
  size_t end = 0;
  for (const DetectedSpan& span : found->spans) {
    HEXAPLA_EXPECT(span.range.begin == end && span.range.begin < span.range.end);
    end = span.range.end;
  }
  HEXAPLA_EXPECT(end == text.size());
  return 0;
}
