// SPDX-License-Identifier: Apache-2.0
#include "client/local_service.h"

#include <utility>

#include "absl/memory/memory.h"

#include "server/base/status_macros.h"
#include "server/models/model_set.h"
#include "server/ops/options.h"

namespace hexapla {

absl::StatusOr<std::unique_ptr<LocalService>> LocalService::Create(const std::string& models,
                                                                   int workers) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string directory, ResolveModelDirectory(models));
  HEXAPLA_ASSIGN_OR_RETURN(std::shared_ptr<const ModelSet> model_set, ModelSet::Load(directory));
  Options options;
  options.listen.clear();
  options.workers = workers;
  HEXAPLA_ASSIGN_OR_RETURN(std::unique_ptr<Server> server,
                           Server::Create(options, std::move(model_set)));
  return absl::WrapUnique(new LocalService(std::move(server)));
}

}  // namespace hexapla
