// SPDX-License-Identifier: Apache-2.0
#include "client/formats/html_text.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "client/formats/paragraphs.h"

namespace hexapla {
namespace {

// A page must declare its encoding within these.
constexpr size_t kDeclarationBytesMax = 1024;

constexpr std::array kLeftOut = {
    GUMBO_TAG_HEAD,     GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,  GUMBO_TAG_NOSCRIPT, GUMBO_TAG_NAV,
    GUMBO_TAG_TEMPLATE, GUMBO_TAG_BUTTON, GUMBO_TAG_SELECT, GUMBO_TAG_OPTION,   GUMBO_TAG_TEXTAREA,
    GUMBO_TAG_DATALIST, GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT, GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,
    GUMBO_TAG_CANVAS,   GUMBO_TAG_SVG,    GUMBO_TAG_MATH,
};

// All that does not begin a block of its own.
constexpr std::array kInline = {
    GUMBO_TAG_A,    GUMBO_TAG_ABBR,  GUMBO_TAG_ACRONYM, GUMBO_TAG_B,      GUMBO_TAG_BDI,
    GUMBO_TAG_BDO,  GUMBO_TAG_BIG,   GUMBO_TAG_CITE,    GUMBO_TAG_CODE,   GUMBO_TAG_DATA,
    GUMBO_TAG_DEL,  GUMBO_TAG_DFN,   GUMBO_TAG_EM,      GUMBO_TAG_FONT,   GUMBO_TAG_I,
    GUMBO_TAG_IMG,  GUMBO_TAG_INS,   GUMBO_TAG_KBD,     GUMBO_TAG_LABEL,  GUMBO_TAG_MARK,
    GUMBO_TAG_NOBR, GUMBO_TAG_Q,     GUMBO_TAG_RB,      GUMBO_TAG_RUBY,   GUMBO_TAG_S,
    GUMBO_TAG_SAMP, GUMBO_TAG_SMALL, GUMBO_TAG_SPAN,    GUMBO_TAG_STRIKE, GUMBO_TAG_STRONG,
    GUMBO_TAG_SUB,  GUMBO_TAG_SUP,   GUMBO_TAG_TIME,    GUMBO_TAG_TT,     GUMBO_TAG_U,
    GUMBO_TAG_VAR,  GUMBO_TAG_WBR,   GUMBO_TAG_UNKNOWN,
};

template <typename Tags>
bool Contains(const Tags& tags, GumboTag tag) {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

bool HasAttribute(const GumboElement& element, const char* name, const char* value) {
  const GumboAttribute* attribute = gumbo_get_attribute(&element.attributes, name);
  return attribute != nullptr &&
         (value == nullptr || absl::EqualsIgnoreCase(attribute->value, value));
}

// Children of anything that has some; gumbo's nodes are a union.
const GumboVector* ChildrenOf(const GumboNode& node) {
  if (node.type == GUMBO_NODE_DOCUMENT) return &node.v.document.children;
  return node.type == GUMBO_NODE_ELEMENT ? &node.v.element.children : nullptr;
}

bool HoldsCode(const GumboElement& element) {
  const GumboVector& children = element.children;
  for (unsigned i = 0; i < children.length; ++i) {
    const auto* child = static_cast<const GumboNode*>(children.data[i]);
    if (child->type == GUMBO_NODE_ELEMENT && child->v.element.tag == GUMBO_TAG_CODE) return true;
  }
  return false;
}

bool IsLeftOut(const GumboNode& node) {
  if (node.type == GUMBO_NODE_TEMPLATE) return true;
  if (node.type != GUMBO_NODE_ELEMENT) return false;
  const GumboElement& element = node.v.element;
  // Readings above ruby text repeat it, and so do their brackets.
  if (element.tag == GUMBO_TAG_RT || element.tag == GUMBO_TAG_RP) return true;
  if (element.tag == GUMBO_TAG_PRE && HoldsCode(element)) return true;
  return Contains(kLeftOut, element.tag) || HasAttribute(element, "hidden", nullptr) ||
         HasAttribute(element, "aria-hidden", "true");
}

// Walks the tree by its links: pages may nest deeper than the stack.
class PageReader {
 public:
  std::string Read(const GumboNode& root) {
    const GumboNode* node = &root;
    while (node != nullptr) {
      const GumboVector* children = ChildrenOf(*node);
      const bool entered = !IsLeftOut(*node);
      if (entered) Enter(*node);
      if (entered && children != nullptr && children->length > 0) {
        node = static_cast<const GumboNode*>(children->data[0]);
        continue;
      }
      if (entered) Leave(*node);
      node = NextAfter(*node, root);
    }
    return paragraphs_.Take();
  }

 private:
  // What follows a node and all that is in it, leaving what ends with it.
  const GumboNode* NextAfter(const GumboNode& left, const GumboNode& root) {
    const GumboNode* node = &left;
    while (node != &root) {
      const GumboNode& parent = *node->parent;
      const GumboVector& siblings = *ChildrenOf(parent);
      const size_t next = node->index_within_parent + 1;
      if (next < siblings.length) return static_cast<const GumboNode*>(siblings.data[next]);
      Leave(parent);
      node = &parent;
    }
    return nullptr;
  }

  void Enter(const GumboNode& node) {
    if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE ||
        node.type == GUMBO_NODE_CDATA) {
      const absl::string_view text = node.v.text.text;
      if (preformatted_ > 0) {
        paragraphs_.AddPreformatted(text);
      } else {
        paragraphs_.AddText(text);
      }
    } else if (node.type == GUMBO_NODE_ELEMENT) {
      const GumboTag tag = node.v.element.tag;
      if (tag == GUMBO_TAG_PRE) ++preformatted_;
      if (tag == GUMBO_TAG_BR) {
        paragraphs_.BreakLine();
      } else if (!Contains(kInline, tag)) {
        paragraphs_.EndParagraph();
      }
    }
  }

  void Leave(const GumboNode& node) {
    if (node.type != GUMBO_NODE_ELEMENT) return;
    const GumboTag tag = node.v.element.tag;
    if (tag == GUMBO_TAG_PRE) --preformatted_;
    if (tag != GUMBO_TAG_BR && !Contains(kInline, tag)) paragraphs_.EndParagraph();
  }

  Paragraphs paragraphs_;
  int preformatted_ = 0;
};

}  // namespace

std::string HtmlText(absl::string_view html) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  const auto destroy = [&options](GumboOutput* output) { gumbo_destroy_output(&options, output); };
  const std::unique_ptr<GumboOutput, decltype(destroy)> page(
      gumbo_parse_with_options(&options, html.data(), html.size()), destroy);
  return PageReader().Read(*page->document);
}

std::string DeclaredHtmlEncoding(absl::string_view html) {
  const std::string head = absl::AsciiStrToLower(html.substr(0, kDeclarationBytesMax));
  size_t at = head.find("charset=");
  if (at == std::string::npos || head.rfind("<meta", at) == std::string::npos) return "";
  at += std::strlen("charset=");
  while (at < head.size() && (head[at] == '"' || head[at] == '\'')) ++at;
  size_t end = at;
  while (end < head.size() &&
         (absl::ascii_isalnum(static_cast<unsigned char>(head[end])) ||
          absl::string_view("-_.:").find(head[end]) != absl::string_view::npos)) {
    ++end;
  }
  return head.substr(at, end - at);
}

}  // namespace hexapla
