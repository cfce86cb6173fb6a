// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_OUTPUT_WRITER_H_
#define HEXAPLA_CLIENT_OUTPUT_WRITER_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/language_service.pb.h"
#include "hexapla/v1/model_service.pb.h"

#include "client/command_line.h"
#include "client/terminal.h"
#include "client/text_layout.h"

namespace hexapla {

// A text whose language was asked for and what the server answered.
struct DetectionRow {
  std::string file;
  // 1-based line of the file; empty when the text is the whole file.
  std::optional<int64_t> line = std::nullopt;
  // Borrowed.
  absl::string_view text = {};
  v1::DetectionResult result = {};
};

// Writes results in one of the formats of the contract to a stream that outlives
// it. Rows and beads come out as they are given, so that the whole output is
// never held.
//
// The formats:
//   beads   one bead a line, "[0]:[0, 1]:0.97": 0-based sentence indices of each
//           version, then the probability; "[]" where a version is absent.
//   tsv     a header row that starts with "#"; tab, newline, carriage return and
//           backslash in a field are written \t \n \r \\.
//   jsonl   one JSON object a line: the messages of the protocol as proto3 JSON
//           with the names of the proto file.
//   tmx, xliff, html   see client/formats.
//   table   for people; may change at any time.
class OutputWriter {
 public:
  OutputWriter(OutputFormat format, const Terminal& terminal, std::ostream& output)
      : format_(format), terminal_(terminal), output_(output) {}

  // Writes an alignment of `files`, one name per version. Every format but beads
  // needs the sentences' text in the beads.
  void WriteAlignment(const v1::AlignDocumentsResponse& response,
                      const std::vector<std::string>& files);

  // Writes what comes before the rows that follow, one for each text. Rows have
  // a line number or none, all alike; `top` guesses; names of `files`.
  void BeginDetections(const std::vector<std::string>& files, bool lines, int top);
  void WriteDetection(const DetectionRow& row);

  void WriteModels(const v1::ListModelsResponse& response);

 private:
  void WriteDetectionText(const DetectionRow& row);

  const OutputFormat format_;
  const Terminal terminal_;
  std::ostream& output_;
  TextLayout layout_;
  // Of the detections begun.
  int file_columns_ = 0;
  bool lines_ = false;
  int top_ = 1;
};

// "French (fr)"; the code alone where there is no English name for it.
std::string LanguageName(const std::string& language);

// `text` with tab, newline, carriage return and backslash written as \t \n \r \\.
std::string EscapeTsv(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_OUTPUT_WRITER_H_
