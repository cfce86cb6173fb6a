// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_XML_LINE_H_
#define HEXAPLA_CLIENT_FORMATS_XML_LINE_H_

#include <pugixml.hpp>
#include <string>

namespace hexapla {

// A piece of XML as one line of UTF-8, without white space between its elements.
// Line breaks in its texts become references (&#10;), which readers turn back.
std::string XmlLine(const pugi::xml_document& document);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_XML_LINE_H_
