// SPDX-License-Identifier: Apache-2.0
#include "server/ops/auth_tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/status_macros.h"
#include "server/ops/secret_file.h"

namespace hexapla {
namespace {

constexpr size_t kFileBytesMax = size_t{8} << 20;
constexpr size_t kTokensMax = 1000;
constexpr size_t kTokenBytesMax = 4096;
constexpr absl::string_view kScheme = "bearer ";

bool FitsAHeader(absl::string_view token) {
  return token.size() <= kTokenBytesMax &&
         std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
}

absl::Status BadLine(size_t line, absl::string_view complaint) {
  return absl::FailedPreconditionError(absl::StrCat("line ", line, " ", complaint));
}

}  // namespace

absl::StatusOr<AuthTokens> AuthTokens::Parse(absl::string_view text) {
  AuthTokens tokens;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    if (!FitsAHeader(line)) {
      return BadLine(number, absl::StrCat("is no token: one has up to ", kTokenBytesMax,
                                          " ASCII characters without blanks"));
    }
    if (tokens.digests_.size() == kTokensMax) {
      return BadLine(number, absl::StrCat("is one token too many; the limit is ", kTokensMax));
    }
    tokens.digests_.push_back(DigestOf(line));
  }
  if (tokens.digests_.empty()) return absl::FailedPreconditionError("there is no token in it");
  return tokens;
}

absl::StatusOr<AuthTokens> AuthTokens::Read(const std::string& path) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path, kFileBytesMax));
  absl::StatusOr<AuthTokens> tokens = Parse(text);
  if (tokens.ok()) return tokens;
  return absl::Status(tokens.status().code(), absl::StrCat(path, ": ", tokens.status().message()));
}

bool AuthTokens::Admit(absl::string_view authorization) const {
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return false;
  const Digest shown = DigestOf(absl::StripAsciiWhitespace(authorization.substr(kScheme.size())));
  bool found = false;
  for (const Digest& digest : digests_) {
    found |= CRYPTO_memcmp(digest.data(), shown.data(), digest.size()) == 0;
  }
  return found;
}

AuthTokens::Digest AuthTokens::DigestOf(absl::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  return digest;
}

}  // namespace hexapla
