// SPDX-License-Identifier: Apache-2.0
#include "client/formats/tmx.h"

#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/formats/exchange_text.h"
#include "client/formats/xml_line.h"
#include "client/version.h"

namespace hexapla {
namespace {

void AddProperty(pugi::xml_node parent, const std::string& type, const std::string& value) {
  pugi::xml_node property = parent.append_child("prop");
  property.append_attribute("type") = type.c_str();
  property.text() = XmlText(value).c_str();
}

void AddHeader(pugi::xml_node tmx, const std::string& source,
               const std::vector<std::string>& files) {
  pugi::xml_node header = tmx.append_child("header");
  header.append_attribute("creationtool") = "hexapla";
  header.append_attribute("creationtoolversion") = kVersion;
  header.append_attribute("segtype") = "sentence";
  header.append_attribute("o-tmf") = "hexapla";
  header.append_attribute("adminlang") = "en";
  header.append_attribute("srclang") = source.c_str();
  header.append_attribute("datatype") = "plaintext";
  for (size_t version = 0; version < files.size(); ++version) {
    AddProperty(header, absl::StrCat("x-file-", version + 1), files[version]);
  }
}

// Of many sets `set` says which one the bead is of.
void AddUnit(pugi::xml_node body, const v1::Bead& bead, const std::string& tuid,
             const std::string& set, const v1::AlignmentSummary& summary) {
  pugi::xml_node unit = body.append_child("tu");
  unit.append_attribute("tuid") = tuid.c_str();
  if (!set.empty()) AddProperty(unit, "x-set", set);
  AddProperty(unit, "x-probability", absl::StrFormat("%.4f", bead.probability()));
  for (int version = 0; version < bead.sides_size(); ++version) {
    const v1::BeadSide& side = bead.sides(version);
    if (side.sentence_indices().empty()) continue;
    pugi::xml_node variant = unit.append_child("tuv");
    variant.append_attribute("xml:lang") = summary.versions(version).language().c_str();
    variant.append_child("seg").text() = XmlText(JoinSentences(side)).c_str();
  }
}

// All that comes before the units. Gives the element that takes them.
pugi::xml_node Begin(pugi::xml_document& document, const std::string& source,
                     const std::vector<std::string>& files) {
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  document.append_child(pugi::node_doctype).set_value("tmx SYSTEM \"tmx14.dtd\"");
  pugi::xml_node tmx = document.append_child("tmx");
  tmx.append_attribute("version") = "1.4";
  AddHeader(tmx, source, files);
  return tmx.append_child("body");
}

}  // namespace

void WriteTmx(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
              std::ostream& output) {
  pugi::xml_document document;
  pugi::xml_node body = Begin(document, response.summary().versions(0).language(), files);
  for (int index = 0; index < response.beads_size(); ++index) {
    AddUnit(body, response.beads(index), absl::StrCat(index), "", response.summary());
  }
  document.save(output, " ", pugi::format_indent, pugi::encoding_utf8);
}

std::string TmxHead() {
  pugi::xml_document document;
  Begin(document, "*all*", {}).append_child(pugi::node_comment);
  const std::string whole = XmlLine(document);
  // What is left when the body has content and ends.
  return whole.substr(0, whole.find("<!--"));
}

std::string TmxUnits(const std::string& id, const std::string& key,
                     const v1::AlignDocumentsResponse& response) {
  pugi::xml_document document;
  for (int index = 0; index < response.beads_size(); ++index) {
    AddUnit(document, response.beads(index), absl::StrCat(key, "-", index), id, response.summary());
  }
  return XmlLine(document);
}

std::string TmxFoot() { return "</body></tmx>"; }

}  // namespace hexapla
