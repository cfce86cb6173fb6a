// SPDX-License-Identifier: Apache-2.0
#include "server/langid/label_table.h"

#include <unicode/locid.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "server/text/language_tag.h"

namespace hexapla {
namespace {

struct Row {
  absl::string_view label;
  absl::string_view language;
  absl::string_view scripts;
};

// The labels of lid.176, sorted. Scripts are those of the label's Wikipedia and
// those in everyday use beside it. Where a label is no language of BCP-47:
// "als" is the Alemannic Wikipedia, "bh" Bhojpuri, "eml" Emilian and Romagnol,
// taken for the larger, "no" Bokmål, "tl" the Filipino form of Tagalog. "sh",
// Serbo-Croatian, and "nah", Nahuatl, are macrolanguages that BCP-47 has too.
constexpr Row kRows[] = {
    {"af", "af", "Latn"},           {"als", "gsw", "Latn"},         {"am", "am", "Ethi"},
    {"an", "an", "Latn"},           {"ar", "ar", "Arab"},           {"arz", "arz", "Arab"},
    {"as", "as", "Beng"},           {"ast", "ast", "Latn"},         {"av", "av", "Cyrl"},
    {"az", "az", "Latn Cyrl Arab"}, {"azb", "azb", "Arab"},         {"ba", "ba", "Cyrl"},
    {"bar", "bar", "Latn"},         {"bcl", "bcl", "Latn"},         {"be", "be", "Cyrl Latn"},
    {"bg", "bg", "Cyrl"},           {"bh", "bho", "Deva"},          {"bn", "bn", "Beng"},
    {"bo", "bo", "Tibt"},           {"bpy", "bpy", "Beng"},         {"br", "br", "Latn"},
    {"bs", "bs", "Latn Cyrl"},      {"bxr", "bxr", "Cyrl"},         {"ca", "ca", "Latn"},
    {"cbk", "cbk", "Latn"},         {"ce", "ce", "Cyrl"},           {"ceb", "ceb", "Latn"},
    {"ckb", "ckb", "Arab Latn"},    {"co", "co", "Latn"},           {"cs", "cs", "Latn"},
    {"cv", "cv", "Cyrl"},           {"cy", "cy", "Latn"},           {"da", "da", "Latn"},
    {"de", "de", "Latn"},           {"diq", "diq", "Latn"},         {"dsb", "dsb", "Latn"},
    {"dty", "dty", "Deva"},         {"dv", "dv", "Thaa"},           {"el", "el", "Grek"},
    {"eml", "egl", "Latn"},         {"en", "en", "Latn"},           {"eo", "eo", "Latn"},
    {"es", "es", "Latn"},           {"et", "et", "Latn"},           {"eu", "eu", "Latn"},
    {"fa", "fa", "Arab"},           {"fi", "fi", "Latn"},           {"fr", "fr", "Latn"},
    {"frr", "frr", "Latn"},         {"fy", "fy", "Latn"},           {"ga", "ga", "Latn"},
    {"gd", "gd", "Latn"},           {"gl", "gl", "Latn"},           {"gn", "gn", "Latn"},
    {"gom", "gom", "Deva Latn"},    {"gu", "gu", "Gujr"},           {"gv", "gv", "Latn"},
    {"he", "he", "Hebr"},           {"hi", "hi", "Deva"},           {"hif", "hif", "Latn Deva"},
    {"hr", "hr", "Latn"},           {"hsb", "hsb", "Latn"},         {"ht", "ht", "Latn"},
    {"hu", "hu", "Latn"},           {"hy", "hy", "Armn"},           {"ia", "ia", "Latn"},
    {"id", "id", "Latn"},           {"ie", "ie", "Latn"},           {"ilo", "ilo", "Latn"},
    {"io", "io", "Latn"},           {"is", "is", "Latn"},           {"it", "it", "Latn"},
    {"ja", "ja", "Jpan"},           {"jbo", "jbo", "Latn"},         {"jv", "jv", "Latn Java"},
    {"ka", "ka", "Geor"},           {"kk", "kk", "Cyrl Latn Arab"}, {"km", "km", "Khmr"},
    {"kn", "kn", "Knda"},           {"ko", "ko", "Kore"},           {"krc", "krc", "Cyrl"},
    {"ku", "ku", "Latn Arab"},      {"kv", "kv", "Cyrl"},           {"kw", "kw", "Latn"},
    {"ky", "ky", "Cyrl Arab Latn"}, {"la", "la", "Latn"},           {"lb", "lb", "Latn"},
    {"lez", "lez", "Cyrl"},         {"li", "li", "Latn"},           {"lmo", "lmo", "Latn"},
    {"lo", "lo", "Laoo"},           {"lrc", "lrc", "Arab"},         {"lt", "lt", "Latn"},
    {"lv", "lv", "Latn"},           {"mai", "mai", "Deva"},         {"mg", "mg", "Latn"},
    {"mhr", "mhr", "Cyrl"},         {"min", "min", "Latn"},         {"mk", "mk", "Cyrl"},
    {"ml", "ml", "Mlym"},           {"mn", "mn", "Cyrl Mong"},      {"mr", "mr", "Deva"},
    {"mrj", "mrj", "Cyrl"},         {"ms", "ms", "Latn Arab"},      {"mt", "mt", "Latn"},
    {"mwl", "mwl", "Latn"},         {"my", "my", "Mymr"},           {"myv", "myv", "Cyrl"},
    {"mzn", "mzn", "Arab"},         {"nah", "nah", "Latn"},         {"nap", "nap", "Latn"},
    {"nds", "nds", "Latn"},         {"ne", "ne", "Deva"},           {"new", "new", "Deva"},
    {"nl", "nl", "Latn"},           {"nn", "nn", "Latn"},           {"no", "nb", "Latn"},
    {"oc", "oc", "Latn"},           {"or", "or", "Orya"},           {"os", "os", "Cyrl"},
    {"pa", "pa", "Guru Arab"},      {"pam", "pam", "Latn"},         {"pfl", "pfl", "Latn"},
    {"pl", "pl", "Latn"},           {"pms", "pms", "Latn"},         {"pnb", "pnb", "Arab"},
    {"ps", "ps", "Arab"},           {"pt", "pt", "Latn"},           {"qu", "qu", "Latn"},
    {"rm", "rm", "Latn"},           {"ro", "ro", "Latn Cyrl"},      {"ru", "ru", "Cyrl"},
    {"rue", "rue", "Cyrl"},         {"sa", "sa", "Deva"},           {"sah", "sah", "Cyrl"},
    {"sc", "sc", "Latn"},           {"scn", "scn", "Latn"},         {"sco", "sco", "Latn"},
    {"sd", "sd", "Arab Deva"},      {"sh", "sh", "Latn Cyrl"},      {"si", "si", "Sinh"},
    {"sk", "sk", "Latn"},           {"sl", "sl", "Latn"},           {"so", "so", "Latn"},
    {"sq", "sq", "Latn"},           {"sr", "sr", "Cyrl Latn"},      {"su", "su", "Latn"},
    {"sv", "sv", "Latn"},           {"sw", "sw", "Latn"},           {"ta", "ta", "Taml"},
    {"te", "te", "Telu"},           {"tg", "tg", "Cyrl Latn Arab"}, {"th", "th", "Thai"},
    {"tk", "tk", "Latn Cyrl Arab"}, {"tl", "fil", "Latn"},          {"tr", "tr", "Latn"},
    {"tt", "tt", "Cyrl Latn"},      {"tyv", "tyv", "Cyrl"},         {"ug", "ug", "Arab Cyrl Latn"},
    {"uk", "uk", "Cyrl"},           {"ur", "ur", "Arab"},           {"uz", "uz", "Latn Cyrl Arab"},
    {"vec", "vec", "Latn"},         {"vep", "vep", "Latn"},         {"vi", "vi", "Latn"},
    {"vls", "vls", "Latn"},         {"vo", "vo", "Latn"},           {"wa", "wa", "Latn"},
    {"war", "war", "Latn"},         {"wuu", "wuu", "Hani"},         {"xal", "xal", "Cyrl"},
    {"xmf", "xmf", "Geor"},         {"yi", "yi", "Hebr"},           {"yo", "yo", "Latn"},
    {"yue", "yue", "Hani"},         {"zh", "zh", "Hani"},
};

const Row* FindRow(absl::string_view label) {
  const Row* row = std::lower_bound(std::begin(kRows), std::end(kRows), label,
                                    [](const Row& a, absl::string_view b) { return a.label < b; });
  return row != std::end(kRows) && row->label == label ? row : nullptr;
}

// A language has two or three letters; ICU also takes what may become one.
bool IsLanguage(absl::string_view tag) {
  const size_t size = LanguageSubtag(tag).size();
  return size == 2 || size == 3;
}

// ISO 15924 of the language's usual script; "" when CLDR knows none.
std::string UsualScript(const std::string& language) {
  UErrorCode error = U_ZERO_ERROR;
  icu::Locale locale(language.c_str());
  locale.addLikelySubtags(error);
  return U_FAILURE(error) ? "" : locale.getScript();
}

}  // namespace

LabelMeaning MeaningOfLabel(absl::string_view label) {
  LabelMeaning meaning;
  if (const Row* row = FindRow(label)) {
    meaning.language = std::string(row->language.data(), row->language.size());
    meaning.scripts = absl::StrSplit(row->scripts, ' ');
    return meaning;
  }
  const std::optional<std::string> tag =
      CanonicalLanguageTag(absl::StrReplaceAll(label, {{"_", "-"}}));
  if (!tag.has_value() || !IsLanguage(*tag)) return meaning;
  const std::string language(LanguageSubtag(*tag));
  const std::string script(ScriptSubtag(*tag));
  const std::string usual = UsualScript(language);
  meaning.language = *tag;
  meaning.script_given = script;
  if (script.empty()) {
    if (!usual.empty()) meaning.scripts = {usual};
    return meaning;
  }
  meaning.scripts = {script};
  if (script == "Hani" || (script == usual && language != "zh")) {
    meaning.language.erase(language.size(), 1 + script.size());
  }
  return meaning;
}

}  // namespace hexapla
