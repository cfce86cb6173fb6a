// SPDX-License-Identifier: Apache-2.0
#include "server/langid/label_table.h"

#include <unicode/locid.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

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

// Labels and tags whose canonical form in ICU is not ours, or that ICU keeps.
constexpr Row kExceptions[] = {
    {"hbs", "sh", ""},
    {"no", "nb", ""},
    {"nor", "nb", ""},
    {"sh", "sh", ""},
};

const Row* FindRow(const Row* begin, const Row* end, absl::string_view label) {
  const Row* row = std::lower_bound(begin, end, label,
                                    [](const Row& a, absl::string_view b) { return a.label < b; });
  return row != end && row->label == label ? row : nullptr;
}

// A tag's parts in canonical form; language is empty when it is not a tag.
struct Tag {
  std::string language;
  std::string script;
  std::string region;
};

Tag Canonicalize(absl::string_view text) {
  const std::string tag = absl::StrReplaceAll(text, {{"_", "-"}});
  UErrorCode error = U_ZERO_ERROR;
  icu::Locale locale =
      icu::Locale::forLanguageTag({tag.data(), static_cast<int>(tag.size())}, error);
  if (U_FAILURE(error) || locale.isBogus() || locale.getLanguage()[0] == '\0') return {};
  const absl::string_view subtag(tag.data(), std::min(tag.find('-'), tag.size()));
  const Row* exception =
      FindRow(std::begin(kExceptions), std::end(kExceptions), absl::AsciiStrToLower(subtag));
  Tag result = {.language = "", .script = locale.getScript(), .region = locale.getCountry()};
  if (exception != nullptr) {
    result.language = std::string(exception->language.data(), exception->language.size());
    return result;
  }
  locale.canonicalize(error);
  if (U_FAILURE(error)) return {};
  return {.language = locale.getLanguage(),
          .script = locale.getScript(),
          .region = locale.getCountry()};
}

// A language has two or three letters; ICU also takes what may become one.
bool IsLanguage(const Tag& tag) { return tag.language.size() == 2 || tag.language.size() == 3; }

// ISO 15924 of the language's usual script; "" when CLDR knows none.
std::string UsualScript(const std::string& language) {
  UErrorCode error = U_ZERO_ERROR;
  icu::Locale locale(language.c_str());
  locale.addLikelySubtags(error);
  return U_FAILURE(error) ? "" : locale.getScript();
}

std::string Join(const Tag& tag) {
  std::string joined = tag.language;
  if (!tag.script.empty()) absl::StrAppend(&joined, "-", tag.script);
  if (!tag.region.empty()) absl::StrAppend(&joined, "-", tag.region);
  return joined;
}

}  // namespace

LabelMeaning MeaningOfLabel(absl::string_view label) {
  LabelMeaning meaning;
  if (const Row* row = FindRow(std::begin(kRows), std::end(kRows), label)) {
    meaning.language = std::string(row->language.data(), row->language.size());
    meaning.scripts = absl::StrSplit(row->scripts, ' ');
    return meaning;
  }
  Tag tag = Canonicalize(label);
  if (!IsLanguage(tag)) return meaning;
  const std::string usual = UsualScript(tag.language);
  meaning.script_given = tag.script;
  if (!tag.script.empty()) {
    meaning.scripts = {tag.script};
    const bool chinese = tag.language == "zh";
    if (tag.script == "Hani" || (tag.script == usual && !chinese)) tag.script.clear();
  } else if (!usual.empty()) {
    meaning.scripts = {usual};
  }
  meaning.language = Join(tag);
  return meaning;
}

std::string CanonicalLanguage(absl::string_view tag) {
  const Tag canonical = Canonicalize(tag);
  if (!IsLanguage(canonical)) return "und";
  return Join(canonical);
}

absl::string_view LanguageSubtag(absl::string_view tag) { return tag.substr(0, tag.find('-')); }

absl::string_view ScriptSubtag(absl::string_view tag) {
  const size_t hyphen = tag.find('-');
  if (hyphen == absl::string_view::npos) return "";
  const absl::string_view second = tag.substr(hyphen + 1, tag.find('-', hyphen + 1) - hyphen - 1);
  return second.size() == 4 && absl::ascii_isalpha(second[0]) ? second : "";
}

}  // namespace hexapla
