// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_INPUT_OPTIONS_H_
#define HEXAPLA_CLIENT_FORMATS_INPUT_OPTIONS_H_

#include <string>

namespace hexapla {

// How an input file is read.
enum class InputFormat {
  kAuto,      // by the file's name, see ResolveFormat
  kText,      // raw text; the server finds the sentences
  kLines,     // one sentence a line
  kMarkdown,  // the running text of Markdown
  kHtml,      // the running text of a page
  kSrt,       // SubRip subtitles; each cue is a sentence
  kJsonl,     // JSON, a sentence a line
};

struct InputOptions {
  InputFormat format = InputFormat::kAuto;
  // A name that ICU knows, "auto" for a guess, or "" for UTF-8.
  std::string encoding = "";
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_INPUT_OPTIONS_H_
