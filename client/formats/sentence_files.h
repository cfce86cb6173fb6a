// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_SENTENCE_FILES_H_
#define HEXAPLA_CLIENT_FORMATS_SENTENCE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// Files that hold sentences, not running text. All read valid UTF-8; their errors
// are InvalidArgument with the line, counted from 1, and never quote it.

// The texts of the cues of SubRip subtitles, in the order of the file: the k-th
// has index k-1 whatever number stands above it, so that a bead leads back to the
// times. The lines of a cue are one text; tags (<i>, {\an8}) are left out. A cue
// may be empty. Errors: no cue at all, text before the first.
absl::StatusOr<std::vector<std::string>> SubtitleCues(absl::string_view srt);

// One sentence a line: a JSON string, or an object with a string "text" or
// "sentence", or with an array of strings "sentences" for several. Other members
// are ignored. A blank line is a blank sentence. Errors: a line that is not JSON,
// or neither of these.
absl::StatusOr<std::vector<std::string>> JsonSentences(absl::string_view jsonl);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_SENTENCE_FILES_H_
