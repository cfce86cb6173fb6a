// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_RANDOM_TEXT_H_
#define HEXAPLA_TESTS_TESTING_RANDOM_TEXT_H_

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace hexapla::testing {

// `pieces` pieces in any order, without a separator: letters of many scripts,
// combining marks, ligatures, ignorable characters, digits, marks and spaces.
// Valid UTF-8, mostly nonsense.
inline std::string RandomText(size_t pieces, std::mt19937& random) {
  static const auto* const kPieces = new std::vector<std::string>{"a",
                                                                  "Z",
                                                                  "é",
                                                                  "e\u0301",
                                                                  "ß",
                                                                  "ﬁ",
                                                                  "İ",
                                                                  "ſ",
                                                                  "Å",
                                                                  "\u0345",
                                                                  "\u0327",
                                                                  "\u0301",
                                                                  "\u00AD",
                                                                  "\u200D",
                                                                  "\uFEFF",
                                                                  "\u3000",
                                                                  "\u00A0",
                                                                  "½",
                                                                  "٣",
                                                                  "۷",
                                                                  "५",
                                                                  "7",
                                                                  "²",
                                                                  "Ⅳ",
                                                                  "م",
                                                                  "\u064E",
                                                                  "ـ",
                                                                  "أ",
                                                                  "ﻻ",
                                                                  "ک",
                                                                  "ש\u05C1",
                                                                  "Ά",
                                                                  "ῼ",
                                                                  "ς",
                                                                  "Щ",
                                                                  "й",
                                                                  "и\u0306",
                                                                  "क्षि",
                                                                  "中",
                                                                  "国",
                                                                  "か",
                                                                  "カ",
                                                                  "ｶﾞ",
                                                                  "ー",
                                                                  "한",
                                                                  "\u1112\u1161\u11AB",
                                                                  "ไทย",
                                                                  "ကို",
                                                                  "😀",
                                                                  "𝔘",
                                                                  "𠮷",
                                                                  " ",
                                                                  "\n",
                                                                  "\t",
                                                                  ".",
                                                                  "。",
                                                                  "-",
                                                                  "'",
                                                                  "<",
                                                                  "\u0085",
                                                                  std::string(1, '\0')};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) text += (*kPieces)[random() % kPieces->size()];
  return text;
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_RANDOM_TEXT_H_
