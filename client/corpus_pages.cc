// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_pages.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/file_error.h"
#include "client/formats/html_report.h"
#include "client/sha256.h"

namespace hexapla {
namespace {

// Of the 255 bytes that file systems allow, with room for ".html" and ".part".
constexpr size_t kNameBytesMax = 200;
constexpr size_t kDigestBytes = 8;

std::string PathOf(const std::string& folder, const std::string& id) {
  return absl::StrCat(folder, "/", CorpusPageName(id));
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
    absl::StrAppend(&name, "~", absl::BytesToHexString(Sha256(id).substr(0, kDigestBytes)));
  }
  return absl::StrCat(name, ".html");
}

bool HasCorpusPage(const std::string& folder, const std::string& id) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(PathOf(folder, id), error);
  return !error && size > 0;
}

absl::Status WriteCorpusPage(const std::string& folder, const std::string& id,
                             const v1::AlignDocumentsResponse& response) {
  std::vector<std::string> names;
  for (int version = 1; version <= response.summary().versions_size(); ++version) {
    names.push_back(absl::StrCat(id, " [", version, "]"));
  }
  const std::string path = PathOf(folder, id);
  const std::string part = absl::StrCat(path, ".part");
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  WriteHtmlReport(response, names, file);
  file.close();
  if (file.fail() || std::rename(part.c_str(), path.c_str()) != 0) {
    return FileError(path, errno, "cannot be written");
  }
  return absl::OkStatus();
}

}  // namespace hexapla
