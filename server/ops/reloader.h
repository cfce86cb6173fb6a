// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_RELOADER_H_
#define HEXAPLA_SERVER_OPS_RELOADER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "server/ops/options.h"
#include "server/ops/secret_file.h"
#include "server/ops/server.h"

namespace hexapla {

// The flags whose values differ between `before` and `after` (Options::given) and
// that only a restart can change, by name in order.
std::vector<std::string> FlagsThatNeedRestart(const Options& before, const Options& after);

// What a server reads again while it serves: the file of --config, the models,
// certificates and tokens. Each part is read and checked by itself and logged as
// "reload"; one that is bad changes nothing and is logged as an error.
// docs/operations.md says what of the configuration can change.
//
// Threads: compatible.
class Reloader {
 public:
  // `options` came from this command line, which is borrowed. To be made before
  // the server reads the files of `options`: what changes afterwards is noticed.
  Reloader(Options options, int argc, const char* const* argv);

  // As they are now.
  const Options& options() const { return options_; }

  // All of it, whether it has changed or not.
  void ReloadAll(Server& server);

  // Whether ReloadChanged has anything to look at. It is to be called every
  // second or so then.
  bool watches_files() const { return !options_.tls.certificate.empty(); }
  // The certificates and tokens, when their files have changed and stood still
  // since the last call: who renews certificates often cannot send signals. Also a
  // certificate that was not valid yet, once it is.
  void ReloadChanged(Server& server);

 private:
  void ReloadConfiguration();
  void ReloadModels(Server& server) const;
  void ReloadTls(Server& server);
  void ReloadTokens(Server& server);

  Options options_;
  const int argc_;
  const char* const* const argv_;
  FileWatch tls_;
  // When a certificate that came too early may be read again.
  absl::Time tls_valid_from_ = absl::InfiniteFuture();
  FileWatch tokens_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_RELOADER_H_
