// SPDX-License-Identifier: Apache-2.0
#include "server/ops/warm_up.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/service/align_documents.h"

namespace hexapla {

absl::StatusOr<std::shared_ptr<const ModelSet>> LoadWarmModels(const std::string& directory) {
  HEXAPLA_ASSIGN_OR_RETURN(std::shared_ptr<const ModelSet> models, ModelSet::Load(directory));
  const std::vector<VersionInput> versions = {
      {.text = "The kettle is on. Tea will be ready at five. Who takes sugar?"},
      {.text = "La bouilloire chauffe. Le thé sera prêt à cinq heures. Qui prend du sucre ?"}};
  const absl::Status aligned = AlignWithModels(*models, versions, {}, {}).status();
  if (aligned.ok()) return models;
  return absl::Status(aligned.code(),
                      absl::StrCat(directory, ": the models cannot align: ", aligned.message()));
}

}  // namespace hexapla
