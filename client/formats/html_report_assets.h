// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_HTML_REPORT_ASSETS_H_
#define HEXAPLA_CLIENT_FORMATS_HTML_REPORT_ASSETS_H_

namespace hexapla {

// The style of the page that html_report.h writes.
extern const char kHtmlReportStyle[];

// Its script: marks counterparts, moves the focus by keys, hides rows by the
// legend's choice. It takes all text from the page and never makes markup of it.
extern const char kHtmlReportScript[];

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_HTML_REPORT_ASSETS_H_
