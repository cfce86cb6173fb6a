// SPDX-License-Identifier: Apache-2.0
#include "client/formats/document_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "client/formats/encoding.h"
#include "client/formats/html_text.h"
#include "client/formats/markdown_text.h"
#include "client/formats/sentence_files.h"
#include "client/input_file.h"
#include "client/message_line.h"
#include "server/base/status_macros.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

struct Ending {
  const char* ending;
  InputFormat format;
};
constexpr std::array kEndings = {
    Ending{".md", InputFormat::kMarkdown}, Ending{".markdown", InputFormat::kMarkdown},
    Ending{".html", InputFormat::kHtml},   Ending{".htm", InputFormat::kHtml},
    Ending{".xhtml", InputFormat::kHtml},  Ending{".srt", InputFormat::kSrt},
    Ending{".jsonl", InputFormat::kJsonl}, Ending{".ndjson", InputFormat::kJsonl},
};

// Where an XHTML page that begins with an XML declaration has its root.
constexpr size_t kPrologBytesMax = 1024;

// How a file begins that is no text in any encoding.
struct Signature {
  absl::string_view begin;
  const char* what;
};
constexpr std::array kSignatures = {
    Signature{"PK\3\4", "a ZIP archive, as .docx, .odt and .epub are"},
    Signature{"%PDF-", "a PDF file"},
    Signature{"\xD0\xCF\x11\xE0", "an old Office file"},
    Signature{"{\\rtf", "an RTF file"},
    Signature{"\x1F\x8B", "compressed by gzip"},
    Signature{"\x28\xB5\x2F\xFD", "compressed by zstd"},
    Signature{"\xFD\x37zXZ", "compressed by xz"},
    Signature{"BZh91AY&SY", "compressed by bzip2"},
};

absl::Status CheckIsText(absl::string_view bytes) {
  for (const Signature& signature : kSignatures) {
    if (!absl::StartsWith(bytes, signature.begin)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("is ", signature.what, "; unpack it, or save it as text or HTML, first"));
  }
  return absl::OkStatus();
}

bool BeginsAsXml(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  return absl::StartsWith(text, "<?xml") || absl::StartsWithIgnoreCase(text, "<!doctype ") ||
         absl::StartsWith(text, "<tmx") || absl::StartsWith(text, "<xliff");
}

bool IsBlank(absl::string_view text) { return SkipSpaces(text, 0, text.size()) == text.size(); }

absl::Status In(const std::string& name, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
}

absl::StatusOr<InputDocument> ReadFormat(InputFormat format, std::string text) {
  InputDocument document = {.has_sentences = HasSentences(format)};
  switch (format) {
    case InputFormat::kMarkdown:
      document.text = MarkdownText(text);
      return document;
    case InputFormat::kHtml:
      document.text = HtmlText(text);
      return document;
    case InputFormat::kLines:
      for (const absl::string_view line : SplitLines(text)) document.sentences.emplace_back(line);
      return document;
    case InputFormat::kSrt: {
      HEXAPLA_ASSIGN_OR_RETURN(document.sentences, SubtitleCues(text));
      return document;
    }
    case InputFormat::kJsonl: {
      HEXAPLA_ASSIGN_OR_RETURN(document.sentences, JsonSentences(text));
      return document;
    }
    default:
      document.text = std::move(text);
      return document;
  }
}

}  // namespace

InputFormat ResolveFormat(InputFormat format, const std::string& name, absl::string_view text) {
  if (format != InputFormat::kAuto) return format;
  for (const Ending& entry : kEndings) {
    if (absl::EndsWithIgnoreCase(name, entry.ending)) return entry.format;
  }
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(text);
  // An XML declaration and a document type may stand before the root.
  const bool page = absl::StartsWithIgnoreCase(begin, "<!doctype html") ||
                    absl::StartsWithIgnoreCase(begin, "<html") ||
                    (absl::StartsWith(begin, "<?xml") &&
                     absl::StrContains(begin.substr(0, kPrologBytesMax), "<html"));
  return page ? InputFormat::kHtml : InputFormat::kText;
}

bool HasSentences(InputFormat format) {
  return format == InputFormat::kLines || format == InputFormat::kSrt ||
         format == InputFormat::kJsonl;
}

absl::StatusOr<InputDocument> ReadDocument(const std::string& name, const InputOptions& options,
                                           std::istream& standard_input, std::ostream& notes) {
  HEXAPLA_ASSIGN_OR_RETURN(std::string bytes, ReadBytes(name, standard_input));
  if (const absl::Status status = CheckIsText(bytes); !status.ok()) return In(name, status);
  const bool may_declare = ResolveFormat(options.format, name, bytes) == InputFormat::kHtml;
  const std::string declared = may_declare ? DeclaredHtmlEncoding(bytes) : "";
  absl::StatusOr<DecodedText> decoded = Decode(std::move(bytes), options.encoding, declared);
  if (!decoded.ok()) return In(name, decoded.status());
  if (!decoded->guessed.empty()) {
    WriteMessage("note", absl::StrCat(name, ": read as ", decoded->guessed), notes);
  }
  const InputFormat format = ResolveFormat(options.format, name, decoded->text);
  if (options.format == InputFormat::kAuto && format == InputFormat::kText &&
      BeginsAsXml(decoded->text)) {
    return In(name, absl::InvalidArgumentError(
                        "is XML, whose elements are not known; --input_format=html reads the "
                        "text between its tags, --input_format=text reads it as it is"));
  }
  const bool was_empty = decoded->text.empty();
  absl::StatusOr<InputDocument> document = ReadFormat(format, std::move(decoded->text));
  if (!document.ok()) return In(name, document.status());
  const bool markup = format == InputFormat::kMarkdown || format == InputFormat::kHtml;
  if (markup && !was_empty && document->text.empty()) {
    return In(name,
              absl::InvalidArgumentError("no text is left without its markup, code and navigation; "
                                         "--input_format=text reads it as it is"));
  }
  return document;
}

absl::Status CheckNotBlank(const std::string& name, const InputDocument& document) {
  if (document.text.empty() && document.sentences.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, " is empty"));
  }
  if (!IsBlank(document.text) ||
      !std::all_of(document.sentences.begin(), document.sentences.end(), IsBlank)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(name, " holds nothing but white space"));
}

void FillVersion(InputDocument document, v1::DocumentVersion& version) {
  if (!document.has_sentences) return version.set_text(std::move(document.text));
  for (std::string& sentence : document.sentences) version.add_sentences(std::move(sentence));
}

}  // namespace hexapla
