// SPDX-License-Identifier: Apache-2.0
#include "training/recipe.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"

namespace hexapla::training {
namespace {

using Json = nlohmann::json;

constexpr double kNoMost = std::numeric_limits<int32_t>::max();

absl::Status FieldError(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

// Takes fields out of an object; remembers the first thing wrong with them.
class Fields {
 public:
  Fields(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) Fail("", absl::StrCat("must be an object, not ", json.type_name()));
  }

  // Leaves `value` alone where the field is absent.
  template <typename Number>
  void Take(const char* name, double least, double most, Number& value) {
    const Json* const field = Find(name);
    if (field == nullptr) return;
    const bool right = std::is_integral_v<Number> ? field->is_number_integer() : field->is_number();
    if (!right) {
      Fail(name,
           absl::StrCat("must be ", std::is_integral_v<Number> ? "a whole number" : "a number",
                        ", not ", field->dump()));
      return;
    }
    const auto number = field->get<double>();
    if (!(number >= least && number <= most)) {
      Fail(name, absl::StrCat("must be ", least, " to ", most, ", not ", field->dump()));
      return;
    }
    value = static_cast<Number>(number);
  }

  void Take(const char* name, std::string& value) {
    const Json* const field = Find(name);
    if (field == nullptr) return;
    if (!field->is_string() || field->get<std::string>().empty()) {
      Fail(name, "must be a string that is not empty");
    } else {
      value = field->get<std::string>();
    }
  }

  void Take(const char* name, std::vector<std::string>& value) {
    const Json* const field = Find(name);
    if (field == nullptr) return;
    const bool right =
        field->is_array() && std::all_of(field->begin(), field->end(),
                                         [](const Json& entry) { return entry.is_string(); });
    if (right) {
      value = field->get<std::vector<std::string>>();
    } else {
      Fail(name, "must be a list of strings");
    }
  }

  // Null where the field is absent.
  const Json* Find(const char* name) {
    known_.insert(name);
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : &*found;
  }

  void Fail(const std::string& name, absl::string_view problem) {
    if (status_.ok()) status_ = FieldError(absl::StrCat(path_, name), problem);
  }

  // Once all fields were taken.
  absl::Status Finish() {
    for (auto field = json_.begin(); status_.ok() && field != json_.end(); ++field) {
      if (!known_.contains(field.key())) Fail(field.key(), "no recipe has this field");
    }
    return status_;
  }

 private:
  const Json& json_;
  const std::string path_;
  std::set<std::string> known_;
  absl::Status status_;
};

absl::StatusOr<std::vector<SourceOptions>> ReadSources(const Json* json) {
  if (json == nullptr || !json->is_array() || json->empty()) {
    return FieldError("sources", "must be a list of at least one source");
  }
  std::vector<SourceOptions> sources;
  for (size_t i = 0; i < json->size(); ++i) {
    Fields fields((*json)[i], absl::StrCat("sources[", i, "]."));
    SourceOptions source = {.name = "", .weight = 1.0, .rows_max = SIZE_MAX};
    fields.Take("name", source.name);
    fields.Take("weight", 0, 1e6, source.weight);
    fields.Take("rows_max", 1, kNoMost, source.rows_max);
    if (source.name.empty()) fields.Fail("name", "is missing");
    HEXAPLA_RETURN_IF_ERROR(fields.Finish());
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace

absl::StatusOr<Recipe> ParseRecipe(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InvalidArgumentError("is not JSON");
  Fields fields(json, "");
  Recipe recipe;
  HEXAPLA_ASSIGN_OR_RETURN(recipe.corpus.sources, ReadSources(fields.Find("sources")));
  fields.Find("comment");  // for people
  fields.Take("dictionary_weight", 0, 1e6, recipe.corpus.dictionary_weight);
  fields.Take("languages", recipe.corpus.languages);
  fields.Take("sentences_min", 0, kNoMost, recipe.corpus.sentences_min);
  fields.Take("always", recipe.corpus.always);
  fields.Take("stride", 1, kNoMost, recipe.corpus.stride);
  fields.Take("minn", 1, 16, recipe.features.minn);
  fields.Take("maxn", 1, 16, recipe.features.maxn);
  fields.Take("bucket", 1, 1 << 30, recipe.features.bucket);
  fields.Take("words_max", 1, 1e8, recipe.features.words_max);
  fields.Take("ngrams_max", 1, 1e8, recipe.features.ngrams_max);
  fields.Take("batch", 2, 1 << 16, recipe.sampler.batch);
  fields.Take("mixed_share", 0, 1, recipe.sampler.mixed_share);
  fields.Take("single_source_share", 0, 1, recipe.sampler.single_source_share);
  fields.Take("pivotless_share", 0, 1, recipe.sampler.pivotless_share);
  fields.Take("language_power", 0, 10, recipe.sampler.language_power);
  fields.Take("favoured", recipe.sampler.favoured);
  fields.Take("favoured_factor", 1e-6, 1e6, recipe.sampler.favoured_factor);
  fields.Take("dimension", 1, 4096, recipe.trainer.dimension);
  fields.Take("scale", 1e-3, 1e3, recipe.trainer.scale);
  recipe.trainer.scale_end = recipe.trainer.scale;
  fields.Take("scale_end", 1e-3, 1e3, recipe.trainer.scale_end);
  fields.Take("learning_rate", 0, 100, recipe.trainer.learning_rate);
  fields.Take("quantizer_part", 1, recipe.trainer.dimension, recipe.quantizer.part);
  fields.Take("steps", 1, 1e9, recipe.steps);
  HEXAPLA_RETURN_IF_ERROR(fields.Finish());
  if (recipe.features.minn > recipe.features.maxn) {
    return FieldError("minn", absl::StrCat("must be at most maxn, ", recipe.features.maxn, ", not ",
                                           recipe.features.minn));
  }
  return recipe;
}

}  // namespace hexapla::training
