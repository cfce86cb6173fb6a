// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_pages.h"

#include <openssl/sha.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/formats/html_report.h"

namespace hexapla {
namespace {

// Of the 255 bytes that file systems allow, with room for ".html" and ".part".
constexpr size_t kNameBytesMax = 200;
constexpr size_t kDigestBytes = 8;

std::string DigestOf(const std::string& text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest = {};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), kDigestBytes));
}

absl::Status SystemError(const std::string& path) {
  const absl::Status status = absl::ErrnoToStatus(errno, "cannot be written");
  // No code of a file may look like an unreachable server.
  const absl::StatusCode code =
      absl::IsUnavailable(status) ? absl::StatusCode::kUnknown : status.code();
  return absl::Status(code, absl::StrCat(path, ": ", status.message()));
}

}  // namespace

std::string CorpusPageName(const std::string& id) {
  std::string name;
  for (const char byte : id) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '_' ||
                       byte == '-' || (byte == '.' && !name.empty());
    if (plain) {
      name += byte;
    } else {
      absl::StrAppendFormat(&name, "%%%02X", static_cast<unsigned char>(byte));
    }
  }
  if (name.size() > kNameBytesMax) {
    name.resize(kNameBytesMax - 2 * kDigestBytes - 1);
    absl::StrAppend(&name, "~", DigestOf(id));
  }
  return absl::StrCat(name, ".html");
}

absl::Status WriteCorpusPage(const std::string& folder, const std::string& id,
                             const v1::AlignDocumentsResponse& response) {
  std::vector<std::string> names;
  for (int version = 1; version <= response.summary().versions_size(); ++version) {
    names.push_back(absl::StrCat(id, " [", version, "]"));
  }
  const std::string path = absl::StrCat(folder, "/", CorpusPageName(id));
  const std::string part = absl::StrCat(path, ".part");
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  WriteHtmlReport(response, names, file);
  file.close();
  if (file.fail() || std::rename(part.c_str(), path.c_str()) != 0) return SystemError(path);
  return absl::OkStatus();
}

}  // namespace hexapla
