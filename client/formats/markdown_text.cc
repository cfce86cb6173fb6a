// SPDX-License-Identifier: Apache-2.0
#include "client/formats/markdown_text.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

#include "client/formats/paragraphs.h"

namespace hexapla {
namespace {

constexpr absl::string_view kTableCell = "table_cell";
// Some 100 MB of cmark's.
constexpr size_t kCellsMax = 1 << 19;

// Takes the next line off the front, without its end.
absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = text.find('\n');
  absl::string_view line = text.substr(0, end);
  text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
  absl::ConsumeSuffix(&line, "\r");
  return line;
}

absl::string_view WithoutFrontMatter(absl::string_view markdown) {
  absl::string_view rest = markdown;
  if (TakeLine(rest) != "---") return markdown;
  while (!rest.empty()) {
    const absl::string_view line = TakeLine(rest);
    if (line == "---" || line == "...") return rest;
  }
  return markdown;
}

// The most cells that tables may have, if all rows are as wide as the widest line of
// their block: cmark fills short rows up. Lines and blank ones are what they are to it.
size_t CellsAtMost(absl::string_view markdown) {
  size_t cells = 0;
  size_t lines = 0;
  size_t bars = 0;
  while (!markdown.empty()) {
    const size_t end = std::min(markdown.find_first_of("\r\n"), markdown.size());
    const absl::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(end);
    if (!absl::ConsumePrefix(&markdown, "\r\n") && !markdown.empty()) markdown.remove_prefix(1);
    ++lines;
    bars = std::max(bars, static_cast<size_t>(std::count(line.begin(), line.end(), '|')));
    const bool is_blank = line.find_first_not_of(" \t") == absl::string_view::npos;
    if (!is_blank && !markdown.empty()) continue;
    if (bars > 0) cells += lines * (bars + 1);
    lines = bars = 0;
  }
  return cells;
}

std::unique_ptr<cmark_node, void (*)(cmark_node*)> Parse(absl::string_view markdown) {
  cmark_gfm_core_extensions_ensure_registered();
  const std::unique_ptr<cmark_parser, void (*)(cmark_parser*)> parser(
      cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE),
      &cmark_parser_free);
  const auto attach = [&parser](const char* name) {
    cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension(name));
  };
  if (CellsAtMost(markdown) <= kCellsMax) attach("table");
  attach("strikethrough");
  attach("tasklist");
  cmark_parser_feed(parser.get(), markdown.data(), markdown.size());
  return {cmark_parser_finish(parser.get()), &cmark_node_free};
}

void Visit(cmark_node* node, bool entering, int& in_pictures, Paragraphs& paragraphs) {
  switch (cmark_node_get_type(node)) {
    case CMARK_NODE_IMAGE:
      in_pictures += entering ? 1 : -1;
      return;
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
      if (in_pictures == 0) paragraphs.AddText(cmark_node_get_literal(node));
      return;
    case CMARK_NODE_SOFTBREAK:
      paragraphs.AddText("\n");
      return;
    case CMARK_NODE_LINEBREAK:
      paragraphs.BreakLine();
      return;
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
    case CMARK_NODE_ITEM:
      paragraphs.EndParagraph();
      return;
    default:
      // The types of extensions have no constants.
      if (cmark_node_get_type_string(node) == kTableCell) paragraphs.EndParagraph();
      return;
  }
}

}  // namespace

std::string MarkdownText(absl::string_view markdown) {
  const auto document = Parse(WithoutFrontMatter(markdown));
  const std::unique_ptr<cmark_iter, void (*)(cmark_iter*)> iterator(cmark_iter_new(document.get()),
                                                                    &cmark_iter_free);
  Paragraphs paragraphs;
  int in_pictures = 0;
  for (cmark_event_type event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(iterator.get())) {
    Visit(cmark_iter_get_node(iterator.get()), event == CMARK_EVENT_ENTER, in_pictures, paragraphs);
  }
  return paragraphs.Take();
}

}  // namespace hexapla
