// SPDX-License-Identifier: Apache-2.0
#include "client/formats/xliff.h"

#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/formats/exchange_text.h"
#include "client/formats/xml_line.h"

namespace hexapla {
namespace {

// Metadata comes before everything else in its parent.
void AddMetadata(pugi::xml_node parent, const char* type, const std::string& value) {
  pugi::xml_node group = parent.append_child("mda:metadata").append_child("mda:metaGroup");
  group.append_attribute("category") = "hexapla";
  pugi::xml_node meta = group.append_child("mda:meta");
  meta.append_attribute("type") = type;
  meta.text() = XmlText(value).c_str();
}

void AddContent(pugi::xml_node segment, const char* name, const v1::BeadSide& side) {
  pugi::xml_node content = segment.append_child(name);
  // Text around <cp>, if only "", keeps the writer from indenting there.
  const auto add_text = [&content](const std::string& text) {
    content.append_child(pugi::node_pcdata).set_value(text.c_str());
  };
  add_text("");
  ForEachXmlRun(JoinSentences(side), add_text, [&](int32_t code_point) {
    content.append_child("cp").append_attribute("hex") =
        absl::StrFormat("%04X", code_point).c_str();
    add_text("");
  });
}

void AddUnit(pugi::xml_node file, const v1::Bead& bead, int number) {
  pugi::xml_node unit = file.append_child("unit");
  unit.append_attribute("id") = number;
  AddMetadata(unit, "probability", absl::StrFormat("%.4f", bead.probability()));
  const bool has_target = !bead.sides(1).sentence_indices().empty();
  pugi::xml_node segment = unit.append_child("segment");
  segment.append_attribute("state") = has_target ? "translated" : "initial";
  AddContent(segment, "source", bead.sides(0));
  if (has_target) AddContent(segment, "target", bead.sides(1));
}

// All that comes before the files. Gives the element that takes them.
pugi::xml_node Begin(pugi::xml_document& document, const std::string& source,
                     const std::string& target) {
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node xliff = document.append_child("xliff");
  xliff.append_attribute("xmlns") = "urn:oasis:names:tc:xliff:document:2.0";
  xliff.append_attribute("xmlns:mda") = "urn:oasis:names:tc:xliff:metadata:2.0";
  xliff.append_attribute("version") = "2.1";
  xliff.append_attribute("srcLang") = source.c_str();
  xliff.append_attribute("trgLang") = target.c_str();
  return xliff;
}

// A <file> without a unit would break the standard.
void AddEmptyUnit(pugi::xml_node file) {
  pugi::xml_node unit = file.append_child("unit");
  unit.append_attribute("id") = 0;
  unit.append_child("segment").append_child("source");
}

// A file with one metadatum and all beads.
void AddFile(pugi::xml_node parent, const std::string& id, const std::string& original,
             const char* type, const std::string& value,
             const v1::AlignDocumentsResponse& response) {
  pugi::xml_node file = parent.append_child("file");
  file.append_attribute("id") = id.c_str();
  file.append_attribute("original") = XmlText(original).c_str();
  file.append_attribute("xml:space") = "preserve";
  AddMetadata(file, type, value);
  for (int index = 0; index < response.beads_size(); ++index) {
    AddUnit(file, response.beads(index), index);
  }
  if (response.beads().empty()) AddEmptyUnit(file);
}

}  // namespace

void WriteXliff(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
                std::ostream& output) {
  pugi::xml_document document;
  pugi::xml_node xliff = Begin(document, response.summary().versions(0).language(),
                               response.summary().versions(1).language());
  AddFile(xliff, "f1", files[0], "target-file", files[1], response);
  document.save(output, " ", pugi::format_indent, pugi::encoding_utf8);
}

std::string XliffHead(const std::string& source, const std::string& target) {
  pugi::xml_document document;
  Begin(document, source, target).append_child(pugi::node_comment);
  const std::string whole = XmlLine(document);
  return whole.substr(0, whole.find("<!--"));
}

std::string XliffFile(const std::string& id, const std::string& key,
                      const v1::AlignDocumentsResponse& response) {
  pugi::xml_document document;
  AddFile(document, absl::StrCat("f", key), id, "document-probability",
          absl::StrFormat("%.4f", response.summary().document_probability()), response);
  return XmlLine(document);
}

std::string XliffFoot(bool has_files) {
  constexpr char kEnd[] = "</xliff>";
  if (has_files) return kEnd;
  pugi::xml_document document;
  pugi::xml_node file = document.append_child("file");
  file.append_attribute("id") = "f0";
  AddEmptyUnit(file);
  return absl::StrCat(XmlLine(document), kEnd);
}

}  // namespace hexapla
