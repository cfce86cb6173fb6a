// SPDX-License-Identifier: Apache-2.0
#include "server/langid/macrolanguage.h"

#include "absl/strings/str_split.h"

#include "server/text/language_tag.h"

namespace hexapla {
namespace {

struct Row {
  absl::string_view macrolanguage;
  absl::string_view members;
};

constexpr Row kRows[] = {
    {"ak", "fat tw"},
    {"ar", "abv acm acq acw acx acy adf aeb afb ajp apc apd arb arq ars ary arz ayl ayn ayp shu"},
    {"ay", "ayc ayr"},
    {"az", "azb azj"},
    {"bik", "bcl bln bto cts fbl lbl rbl ubl"},
    {"bua", "bxm bxr bxu"},
    {"chm", "mhr mrj"},
    {"din", "dib dik dip diw dks"},
    {"et", "ekk vro"},
    {"fa", "pes prs"},
    {"ff", "ffm fub fuc fue fuf fuh fui fuq fuv"},
    {"gn", "gnw gug gui gun nhd"},
    {"iu", "ike ikt"},
    {"kok", "gom knn"},
    {"kr", "kby knc krt"},
    {"ku", "ckb kmr sdh"},
    {"kv", "koi kpv"},
    {"lah", "hnd hno jat phr pnb skr xhe"},
    {"lv", "ltg lvs"},
    {"mg", "bhr bmm msh plt tdx tkg txy xmv xmw"},
    {"mn", "khk mvf"},
    {"ms", "bjn id kvr liw max min mui pse vkt zlm zmi zsm"},
    {"ne", "dty npi"},
    {"no", "nb nn"},
    {"om", "gax gaz hae orc"},
    {"or", "ory spv"},
    {"ps", "pbt pbu pst"},
    {"qu", "qub quc qud quf quh quk qul qup quy quz qvc qve qvi qvm qvw qvz qxn qxr"},
    {"raj", "bgq gda gju hoj mup wbr"},
    {"sc", "sdc sdn src sro"},
    {"sh", "bs cnr hr sr"},
    {"sq", "aae aat aln als"},
    {"sw", "swc swh"},
    {"syr", "aii cld"},
    {"tmh", "taq thv thz ttq"},
    {"uz", "uzn uzs"},
    {"yi", "ydd yih"},
    {"za", "zch zeh zgb zgm zgn zln zlj zlq zyb zyj zyn zzj"},
    {"zh", "cdo cjy cmn cpx czh czo gan hak hsn lzh mnp nan wuu yue"},
    {"zza", "diq kiu"},
};

}  // namespace

std::string MacrolanguageOf(absl::string_view tag) {
  const absl::string_view language = LanguageSubtag(tag);
  for (const Row& row : kRows) {
    for (const absl::string_view member : absl::StrSplit(row.members, ' ')) {
      if (member == language) return std::string(row.macrolanguage);
    }
  }
  return std::string(tag);
}

}  // namespace hexapla
