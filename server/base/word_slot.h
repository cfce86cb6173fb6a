// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_WORD_SLOT_H_
#define HEXAPLA_SERVER_BASE_WORD_SLOT_H_

#include "absl/strings/string_view.h"

namespace hexapla {

// A word that wants a vector, and the room for it.
struct WordSlot {
  absl::string_view word;
  float* vector = nullptr;  // as many floats as the space has dimensions
  bool known = false;  // whether the space knows anything of the word; filled in with the vector
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_WORD_SLOT_H_
