// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CORPUS_PAGES_H_
#define HEXAPLA_CLIENT_CORPUS_PAGES_H_

#include <string>

#include "absl/status/status.h"
#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// The name of a set's page: its id with every byte but letters, digits, ".", "_" and
// "-", and a "." at its beginning, as %XX, and ".html". An id that is too long for a
// file name is cut and goes on with "~" and 16 digits of its SHA-256. So different
// ids have different names.
std::string CorpusPageName(const std::string& id);

// Whether the page of a set is in `folder`. One without a byte, as a power failure may
// leave it, is none.
bool HasCorpusPage(const std::string& folder, const std::string& id);

// Writes the page of a set (client/formats/html_report.h) into `folder`, whole or not
// at all; one that is there is replaced. Its columns are called "ID [1]" and so on.
// Errors: as the system says, with the path, but never Unavailable.
//
// Requires: the beads carry their sentences' text, and fit the summary.
absl::Status WriteCorpusPage(const std::string& folder, const std::string& id,
                             const v1::AlignDocumentsResponse& response);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CORPUS_PAGES_H_
