// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_MARKDOWN_TEXT_H_
#define HEXAPLA_CLIENT_FORMATS_MARKDOWN_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// The running text of a Markdown document (CommonMark with GitHub's tables, tasks and
// ~~strikethrough~~): headings, paragraphs, items of lists and cells of tables as
// paragraphs, without marks of emphasis; of links the text, code within a line as it
// is. Left out: code blocks, HTML, pictures, addresses of links, and front matter (YAML
// between lines of "---" at the very beginning). Tables stay text where there may be
// more than half a million cells: short rows are filled up.
//
// Requires: `markdown` is UTF-8.
std::string MarkdownText(absl::string_view markdown);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_MARKDOWN_TEXT_H_
