// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_WARM_UP_H_
#define HEXAPLA_SERVER_OPS_WARM_UP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/models/model_set.h"

namespace hexapla {

// Loads the models of the directory, each file checked against the manifest, and
// aligns a small document with them, languages found: so that what is damaged
// shows before it serves, and the first caller does not wait for pages that
// nobody had touched. Errors: as ModelSet::Load, or of that alignment.
// Cost: some milliseconds more than the loading.
absl::StatusOr<std::shared_ptr<const ModelSet>> LoadWarmModels(const std::string& directory);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_WARM_UP_H_
