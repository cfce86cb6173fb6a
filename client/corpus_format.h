// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CORPUS_FORMAT_H_
#define HEXAPLA_CLIENT_CORPUS_FORMAT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hexapla/v1/alignment_service.pb.h"

#include "client/command_line.h"
#include "client/corpus_item.h"

namespace hexapla {

// How a corpus is written: a line for each set, whatever the format, so that a file
// can grow set by set, be cut anywhere by a kill, and be gone on with.
//
//   jsonl        the lines of corpus_item.h
//   tmx, xliff   one document of XML, in which a comment says which set is done:
//                  <?xml version="1.0" encoding="UTF-8"?><tmx ...>...<body>    the head
//                  <!--{"id":"a","beads":2,"document_probability":0.98}--><tu>...</tu><tu>...</tu>
//                  <!--{"id":"b","error":{...}}-->
//                  </body></tmx>                                               the foot
//                Line breaks of texts are references, so no text breaks a line.
//
// In TMX each <tu> names its set (<prop type="x-set">); its tuid is the line of the
// input and the bead's number, "7-0". In XLIFF a set is a <file> whose `original` is
// the id.
//
// Threads: immutable, so concurrent use is safe.
class CorpusFormat {
 public:
  // `format` is kJsonl, kTmx or kXliff. XLIFF is of two languages, those of
  // `languages`, which the other formats do not need.
  CorpusFormat(OutputFormat format, const std::vector<std::string>& languages);

  // The lines before and after those of the sets, without their ends; empty: none.
  const std::string& head() const { return head_; }
  // `has_results`: whether a set was aligned. XLIFF without one needs an empty <file>.
  const std::string& foot(bool has_results) const { return has_results ? foot_ : empty_foot_; }

  // Whether the results must carry the sentences' text.
  bool needs_text() const { return format_ != OutputFormat::kJsonl; }

  // Errors: InvalidArgument if the format cannot hold the set.
  absl::Status Check(const v1::AlignDocumentsRequest& set) const;

  // The line of a set that was aligned. Requires: the beads fit the summary.
  std::string ResultLine(const CorpusItem& item, const v1::AlignDocumentsResponse& response) const;
  // As CorpusErrorLine.
  std::string ErrorLine(const CorpusItem& item, const absl::Status& status, bool by_line) const;

  // Whether a file that begins with `line` can be gone on with; the release that
  // wrote it may have been another.
  bool IsHead(absl::string_view line) const;
  // Whether `line` is a foot.
  bool IsFoot(absl::string_view line) const;
  // What the line of a set says is done. Errors: InvalidArgument if it is none.
  absl::StatusOr<CorpusDone> ParseDone(absl::string_view line) const;
  // Whether `line` may be the beginning of a line of ours.
  bool MayBeCut(absl::string_view line) const;

 private:
  const OutputFormat format_;
  const std::vector<std::string> languages_;
  std::string head_;
  // What every release begins the head with.
  std::string head_begin_;
  std::string foot_;
  std::string empty_foot_;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CORPUS_FORMAT_H_
