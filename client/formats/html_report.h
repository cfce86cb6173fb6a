// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_HTML_REPORT_H_
#define HEXAPLA_CLIENT_FORMATS_HTML_REPORT_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// Writes an alignment as one HTML page that needs nothing else: a column for each
// version in its own direction, a row for each bead, the counterparts marked under
// the pointer and the keyboard's focus, what is improbable shaded, what is absent
// visible. The page reads well without its script, in print, light and dark.
//
// The page forbids itself to load anything or to run any script but its own
// (Content-Security-Policy with the hashes of its style and its script), and all
// text of documents and names of files is escaped.
//
// Requires: the beads carry their sentences' text, and fit `files`.
void WriteHtmlReport(const v1::AlignDocumentsResponse& response,
                     const std::vector<std::string>& files, std::ostream& output);

// `text` as HTML can hold it, in an element or an attribute between quotes: &, <,
// >, " and ' as references; control characters but tab and newline as U+FFFD.
std::string EscapeHtml(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_HTML_REPORT_H_
