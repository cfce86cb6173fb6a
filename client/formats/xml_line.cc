// SPDX-License-Identifier: Apache-2.0
#include "client/formats/xml_line.h"

#include <sstream>

#include "absl/strings/str_replace.h"

namespace hexapla {

std::string XmlLine(const pugi::xml_document& document) {
  std::ostringstream output;
  // A declaration is written if the document has one, not of the writer's own accord.
  document.save(output, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  // The writer itself makes no line break, so all of them are in texts.
  return absl::StrReplaceAll(output.str(), {{"\n", "&#10;"}, {"\r", "&#13;"}});
}

}  // namespace hexapla
