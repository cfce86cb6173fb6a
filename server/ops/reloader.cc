// SPDX-License-Identifier: Apache-2.0
#include "server/ops/reloader.h"

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"

#include "server/models/model_set.h"
#include "server/ops/log.h"
#include "server/ops/warm_up.h"

namespace hexapla {
namespace {

// One line of the log for what was read again: `what` is the name of its field.
void LogReload(const char* what, const std::string& path, const absl::Status& status) {
  if (status.ok()) {
    Log(LogLevel::kInfo, "reload", {{what, path}});
  } else {
    Log(LogLevel::kError, "reload",
        {{what, path},
         {"error", std::string(status.message())},
         {"consequence", "what was loaded before goes on serving"}});
  }
}

}  // namespace

std::vector<std::string> FlagsThatNeedRestart(const Options& before, const Options& after) {
  std::set<std::string> names;
  for (const Options* options : {&before, &after}) {
    for (const auto& [name, value] : options->given) names.insert(name);
  }
  std::vector<std::string> changed;
  for (const std::string& name : names) {
    if (name == "log_level" || name == "models") continue;
    const auto old_value = before.given.find(name);
    const auto new_value = after.given.find(name);
    const bool same = old_value != before.given.end() && new_value != after.given.end() &&
                      old_value->second == new_value->second;
    if (!same) changed.push_back(name);
  }
  return changed;
}

Reloader::Reloader(Options options, int argc, const char* const* argv)
    : options_(std::move(options)),
      argc_(argc),
      argv_(argv),
      tls_({options_.tls.certificate, options_.tls.key, options_.tls.client_ca}),
      tokens_({options_.auth_tokens}) {}

void Reloader::ReloadAll(Server& server) {
  ReloadConfiguration();
  ReloadModels(server);
  ReloadTls(server);
  ReloadTokens(server);
}

void Reloader::ReloadChanged(Server& server) {
  if (tls_.Look() || tls_valid_from_ <= absl::Now()) ReloadTls(server);
  if (tokens_.Look()) ReloadTokens(server);
}

void Reloader::ReloadConfiguration() {
  const auto file = options_.given.find("config");
  if (file == options_.given.end()) return;
  const auto parsed = ParseOptions(argc_, argv_);
  if (const auto* exit = std::get_if<CommandLineExit>(&parsed)) {
    LogReload("config", file->second, absl::InvalidArgumentError(exit->err));
    return;
  }
  const auto& options = std::get<Options>(parsed);
  options_.log_level = options.log_level;
  options_.models = options.models;
  SetLogLevel(options_.log_level);
  LogReload("config", file->second, absl::OkStatus());
  const std::vector<std::string> fixed = FlagsThatNeedRestart(options_, options);
  if (fixed.empty()) return;
  Log(LogLevel::kWarning, "restart_needed", {{"config", file->second}, {"flags", fixed}});
}

void Reloader::ReloadModels(Server& server) const {
  const absl::StatusOr<std::string> directory = ResolveModelDirectory(options_.models);
  if (!directory.ok()) return LogReload("models", options_.models, directory.status());
  auto loaded = LoadWarmModels(*directory);
  if (loaded.ok()) server.ReplaceModels(*std::move(loaded));
  LogReload("models", *directory, loaded.status());
}

void Reloader::ReloadTls(Server& server) {
  if (options_.tls.certificate.empty()) return;
  tls_.MarkRead();
  const absl::Status status = server.ReloadTls();
  tls_valid_from_ = ValidFrom(status);
  LogReload("certificate", options_.tls.certificate, status);
}

void Reloader::ReloadTokens(Server& server) {
  if (options_.auth_tokens.empty()) return;
  tokens_.MarkRead();
  LogReload("tokens", options_.auth_tokens, server.ReloadTokens());
}

}  // namespace hexapla
