// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_AUTH_TOKENS_H_
#define HEXAPLA_SERVER_OPS_AUTH_TOKENS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/mutex.h"

namespace hexapla {

// The bearer tokens that callers may show. Several, so that one can be replaced
// without a moment at which none fits.
//
// Only digests are kept. A comparison takes the same time whatever is shown,
// and whichever token it equals.
//
// Threads: immutable, so concurrent use is safe.
class AuthTokens {
 public:
  // One token a line; blank lines and those that begin with # are skipped,
  // blanks around a token too. Errors: FailedPrecondition naming the line, for
  // one that no HTTP header could carry or that has over 4096 bytes, over 1000
  // tokens, or none at all. The tokens themselves are never told.
  static absl::StatusOr<AuthTokens> Parse(absl::string_view text);

  // Parses the file. Errors name it: NotFound, or as above.
  static absl::StatusOr<AuthTokens> Read(const std::string& path);

  // Whether `authorization`, the value of a header of that name, is "Bearer" and
  // one of the tokens.
  bool Admit(absl::string_view authorization) const;

  size_t size() const { return digests_.size(); }

 private:
  using Digest = std::array<uint8_t, 32>;

  AuthTokens() = default;
  static Digest DigestOf(absl::string_view token);

  std::vector<Digest> digests_;
};

// The tokens that hold from now on.
// Threads: every method may be called concurrently.
class CurrentTokens {
 public:
  explicit CurrentTokens(AuthTokens tokens)
      : tokens_(std::make_shared<const AuthTokens>(std::move(tokens))) {}

  std::shared_ptr<const AuthTokens> Get() const {
    MutexLock lock(mutex_);
    return tokens_;
  }
  void Replace(AuthTokens tokens) {
    auto replaced = std::make_shared<const AuthTokens>(std::move(tokens));
    MutexLock lock(mutex_);
    tokens_ = std::move(replaced);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const AuthTokens> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_AUTH_TOKENS_H_
