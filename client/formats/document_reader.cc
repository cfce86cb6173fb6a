// SPDX-License-Identifier: Apache-2.0
#include "client/formats/document_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

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
};

absl::Status CheckIsText(absl::string_view bytes) {
  const char* what = nullptr;
  for (const Signature& signature : kSignatures) {
    if (absl::StartsWith(bytes, signature.begin)) what = signature.what;
  }
  // Between the two stands a level.
  if (absl::StartsWith(bytes, "BZh") &&
      bytes.substr(std::min<size_t>(4, bytes.size()), 6) == "1AY&SY") {
    what = "compressed by bzip2";
  }
  if (what == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("is ", what, "; unpack it, or save it as text or HTML, first"));
}

// How a text begins that may be XML or HTML.
struct MarkupBegin {
  bool is_declared = false;  // by an XML declaration or a document type
  std::string root = "";     // the name of the first element or of the type, in lower case
};

// Passes over `begin`, and all to `end`. Without an end nothing is left.
bool Skip(absl::string_view begin, absl::string_view end, absl::string_view& text) {
  if (!absl::StartsWith(text, begin)) return false;
  const size_t found = text.find(end, begin.size());
  text.remove_prefix(found == absl::string_view::npos ? text.size() : found + end.size());
  return true;
}

// The name that `text` begins with, if what follows may follow it in markup.
std::string NameAt(absl::string_view text, absl::string_view followers) {
  size_t end = 0;
  while (end < text.size() &&
         (absl::ascii_isalnum(text[end]) || absl::StrContains("-_:.", text[end])))
    ++end;
  const bool whole = end < text.size() && absl::StrContains(followers, text[end]);
  return whole ? absl::AsciiStrToLower(text.substr(0, end)) : "";
}

MarkupBegin BeginOfMarkup(absl::string_view text) {
  MarkupBegin begin;
  text = absl::StripLeadingAsciiWhitespace(text);
  begin.is_declared = absl::StartsWith(text, "<?xml ") && absl::StrContains(text, "?>");
  if (begin.is_declared) Skip("<?", "?>", text);
  do {
    text = absl::StripLeadingAsciiWhitespace(text);
  } while (Skip("<!--", "-->", text) || Skip("<?", "?>", text));
  constexpr absl::string_view kDocumentType = "<!doctype";
  if (absl::StartsWithIgnoreCase(text, kDocumentType)) {
    text = absl::StripLeadingAsciiWhitespace(text.substr(kDocumentType.size()));
    begin.root = NameAt(text, " \t\r\n>[");
    const absl::string_view rest =
        absl::StripLeadingAsciiWhitespace(text.substr(begin.root.size()));
    const bool is_type = absl::StartsWith(rest, ">") || absl::StartsWith(rest, "[") ||
                         absl::StartsWithIgnoreCase(rest, "system") ||
                         absl::StartsWithIgnoreCase(rest, "public");
    if (!is_type) begin.root = "";
    begin.is_declared = begin.is_declared || is_type;
  } else if (absl::ConsumePrefix(&text, "<")) {
    begin.root = NameAt(text, " \t\r\n>/");
  }
  return begin;
}

// XML that says what it is. Other elements may stand in a text.
bool IsXml(const MarkupBegin& begin) {
  return begin.is_declared || begin.root == "tmx" || begin.root == "xliff";
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
  return BeginOfMarkup(text).root == "html" ? InputFormat::kHtml : InputFormat::kText;
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
      IsXml(BeginOfMarkup(decoded->text))) {
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
