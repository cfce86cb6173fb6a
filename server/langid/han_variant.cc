// SPDX-License-Identifier: Apache-2.0
#include "server/langid/han_variant.h"

#include <unicode/ucnv.h>
#include <unicode/uset.h>
#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hexapla {
namespace {

constexpr UChar32 kHanBegin = 0x4E00;
constexpr UChar32 kHanEnd = 0xA000;

enum class Variant : uint8_t { kEither, kSimplified, kTraditional };

// Which ideographs the converter `name` can encode; none if it is missing.
std::vector<bool> RepertoireOf(const char* name) {
  std::vector<bool> repertoire(kHanEnd - kHanBegin);
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(name, &error);
  USet* set = uset_openEmpty();
  ucnv_getUnicodeSet(converter, set, UCNV_ROUNDTRIP_SET, &error);
  for (UChar32 c = kHanBegin; U_SUCCESS(error) && c < kHanEnd; ++c) {
    repertoire[c - kHanBegin] = uset_contains(set, c);
  }
  uset_close(set);
  ucnv_close(converter);
  return repertoire;
}

const std::vector<Variant>& Variants() {
  static const auto* const kVariants = [] {
    const std::vector<bool> simplified = RepertoireOf("GB2312");
    const std::vector<bool> traditional = RepertoireOf("Big5");
    auto* variants = new std::vector<Variant>(simplified.size(), Variant::kEither);
    for (size_t i = 0; i < simplified.size(); ++i) {
      if (simplified[i] == traditional[i]) continue;
      (*variants)[i] = simplified[i] ? Variant::kSimplified : Variant::kTraditional;
    }
    return variants;
  }();
  return *kVariants;
}

}  // namespace

absl::string_view HanVariantOf(absl::string_view text) {
  const std::vector<Variant>& variants = Variants();
  size_t simplified = 0;
  size_t traditional = 0;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
    if (c < kHanBegin || c >= kHanEnd) continue;
    simplified += variants[c - kHanBegin] == Variant::kSimplified;
    traditional += variants[c - kHanBegin] == Variant::kTraditional;
  }
  if (simplified > 0 && simplified >= 3 * traditional) return "Hans";
  if (traditional > 0 && traditional >= 3 * simplified) return "Hant";
  return "";
}

}  // namespace hexapla
