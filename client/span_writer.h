// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_SPAN_WRITER_H_
#define HEXAPLA_CLIENT_SPAN_WRITER_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "hexapla/v1/language_service.pb.h"

#include "client/command_line.h"
#include "client/terminal.h"
#include "client/text_layout.h"

namespace hexapla {

// A text and the spans that the server found in it, which cover it; offsets are
// bytes of `text`.
struct SpansOfText {
  std::string file;
  // 1-based line of the file; empty when the text is the whole file.
  std::optional<int64_t> line = std::nullopt;
  // Borrowed.
  absl::string_view text = {};
  v1::DetectSpansResponse response = {};
};

// Writes spans in one of the formats of the contract to a stream that outlives
// it:
//   tsv     one row a span: file, line, begin, end, language, confidence,
//           reliable, script, raw_label, model, text, then pairs of further
//           guesses; begin and end are bytes of the file, or of the line.
//   jsonl   one object a text: file, line, and the members of the protocol's
//           DetectSpansResponse.
//   table   for people: one row a span, and where there are several languages
//           their shares.
class SpanWriter {
 public:
  SpanWriter(OutputFormat format, const Terminal& terminal, std::ostream& output)
      : format_(format), terminal_(terminal), output_(output) {}

  // Writes what comes before the spans that follow, with `top` guesses each.
  void Begin(int top);
  void Write(const SpansOfText& spans);

 private:
  void WriteTsv(const SpansOfText& spans);
  void WriteJson(const SpansOfText& spans);
  void WriteTable(const SpansOfText& spans);

  const OutputFormat format_;
  const Terminal terminal_;
  std::ostream& output_;
  TextLayout layout_;
  int top_ = 1;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_SPAN_WRITER_H_
