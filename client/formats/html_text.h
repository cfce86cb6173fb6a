// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_HTML_TEXT_H_
#define HEXAPLA_CLIENT_FORMATS_HTML_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// The running text of an HTML page: its blocks as paragraphs, <br> as a line
// break. Left out: the head, scripts and styles, navigation (<nav>), forms'
// controls, pictures and embedded things, templates, code blocks (<pre> with a
// <code> in it), and what is marked hidden. Any bytes are a page: HTML's own rules
// mend what is not well-formed.
//
// Requires: `html` is UTF-8. Cost: linear but for pathological nesting.
std::string HtmlText(absl::string_view html);

// The encoding that a page names in its first bytes, as in <meta charset="...">;
// "" if it names none.
std::string DeclaredHtmlEncoding(absl::string_view html);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_HTML_TEXT_H_
