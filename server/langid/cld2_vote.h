// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_CLD2_VOTE_H_
#define HEXAPLA_SERVER_LANGID_CLD2_VOTE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

// Asks CLD2, with its full tables, for the language of plain text, which must
// be valid UTF-8. Returns CLD2's number of the language, from 0; that of "und" when
// it does not know.
// Cost: some microseconds a hundred bytes. Threads: may run concurrently.
int AskCld2(absl::string_view text);

// What CLD2's numbers stand for, from 0: BCP-47 without script, "und" for those
// that stand for no language.
std::vector<std::string> Cld2Languages();

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_CLD2_VOTE_H_
