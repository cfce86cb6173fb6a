// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_DOCUMENT_READER_H_
#define HEXAPLA_CLIENT_FORMATS_DOCUMENT_READER_H_

#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hexapla/v1/alignment_service.pb.h"

#include "client/formats/input_options.h"

namespace hexapla {

// What a file says once its encoding and its format are gone.
struct InputDocument {
  // Whether the file itself says where sentences begin; else it is running text.
  bool has_sentences = false;
  std::string text = {};
  std::vector<std::string> sentences = {};
};

// The format that kAuto means for a file of this name and content: by the ending
// of the name (.md .markdown .html .htm .xhtml .srt .jsonl .ndjson, in any case);
// of other names a page whose document type or first element is html, after an XML
// declaration and comments or not, is HTML, and the rest is text. Any other format is
// itself.
InputFormat ResolveFormat(InputFormat format, const std::string& name, absl::string_view text);

// Whether a file in this format has sentences of its own.
bool HasSentences(InputFormat format);

// Reads the file `name`, "-" being `standard_input`. Writes a line to `notes` where
// an encoding had to be guessed. Errors: as ReadInput, Decode and the formats, and
// InvalidArgument for archives, PDF, RTF and compressed files, and, to be read by
// kAuto, for XML that declares itself, TMX and XLIFF; each with the name of the file
// before it.
absl::StatusOr<InputDocument> ReadDocument(const std::string& name, const InputOptions& options,
                                           std::istream& standard_input, std::ostream& notes);

// Says by name of file that a document has nothing to align, which the server
// would say too, but later.
absl::Status CheckNotBlank(const std::string& name, const InputDocument& document);

// Moves a document into a request.
void FillVersion(InputDocument document, v1::DocumentVersion& version);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_DOCUMENT_READER_H_
