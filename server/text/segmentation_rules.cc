// SPDX-License-Identifier: Apache-2.0
#include "server/text/segmentation_rules.h"

#include <algorithm>
#include <vector>

#include <unicode/uchar.h>
#include <unicode/ures.h>
#include <unicode/ustring.h>
#include <unicode/utypes.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "server/text/code_points.h"

namespace hexapla {
namespace {

// One language's row: words apart by spaces, abbreviations without their last
// full stop.
struct Table {
  absl::string_view languages = {};
  absl::string_view leading = {};
  absl::string_view before_number = {};
  absl::string_view medial = {};
  absl::string_view final = {};
  absl::string_view openers = {};
  absl::string_view speech_verbs = {};
  absl::string_view quotation_particles = {};
  bool has_ordinals = false;
  char extra_mark = 0;
};

const Table kTables[] = {
    {
        .languages = "en",
        .leading = "Mr Mrs Ms Mx Messrs v Dr Drs Prof Profs Rev Revd Fr Hon Pres Gov Sen Rep Reps "
                   "Sens Gen Lt Col Maj Capt Cmdr Cdr Cpl Sgt Pvt Adm Brig Supt Insp Det Amb Atty "
                   "Ste Mt Ft vs viz e.g i.e eg ie cf approx ca",
        .before_number = "No Nos no nos Fig Figs fig figs Vol Vols vol vols Ch ch chap Sec sec Art "
                         "art p pp Eq eq Op op Ver ver Nr nr par para",
        .medial = "Inc Ltd Co Corp Bros Jr Sr Esq Dept Univ Assn Ave Blvd Rd St Bldg Apt al a.m "
                  "p.m A.M P.M U.S U.K U.N U.S.A E.U D.C L.A N.Y Ph.D M.D B.A M.A B.Sc M.Sc A.D "
                  "B.C Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Wed Thu Fri est "
                  "Est misc",
        .final = "etc Etc By To On In Is Do Or All As Go Up Id Ok OK Pro Act Job Joe Link Long Cap "
                 "Hat Jam Card Conn Diff Var Mart Def Lib Lev AA AB AD DC PC",
        .openers = "The A An This That These Those He She It We They You I There Here His Her Its "
                   "Our Their My Your In On At By For From With As After Before When While Since "
                   "If Although Though Because But And Or So Yet However Meanwhile Moreover "
                   "Nevertheless Then Now Today Yesterday Once Many Most Some Several Both Each "
                   "Every No Not What Who Why How Where Which Whether According Instead Also "
                   "Despite During Until To Of Are Was Were Do Does Did Have Had Can Could Would "
                   "Should Let Please Just Even Only Perhaps Maybe Nobody Nothing Everyone "
                   "Everybody Someone Another Others Later Soon Earlier Finally Such Thus "
                   "Therefore Hence Still Again",
    },
    {
        .languages = "fr",
        .leading = "M MM Mme Mmes Mlle Mlles Me Mgr Dr Pr Vve Ste p.ex P.ex c.-à-d c.à.d cf env",
        .before_number = "no No nos art Art chap Chap fig Fig vol Vol p pp t h Tél tél",
        .medial = "J.-C apr av ex éd Cie Sté St S.A S.A.R.L Gal Cdt Lt Col bd Bd Av U.S Inc Jr al",
        .final = "etc mar mer lun ven jeu sam dest prod All DC voit collab C.Q.F.D",
        .openers = "Il Elle Ils Elles On Nous Vous Je Ce Cet Cette Ces Cela Ça Celui Mais Et Ou "
                   "Donc Or Dans En Au Aux Pour Par Sur Sous Avec Sans Selon Depuis Après Avant "
                   "Pendant Lors Lorsque Quand Si Comme Un Une Les Leur Leurs Son Sa Ses Notre Nos "
                   "Votre Mon Ma Mes Qui Que Quel Quelle Où Pourquoi Comment Combien Alors Ainsi "
                   "Aussi Cependant Toutefois Pourtant Enfin Puis Ensuite Aujourd Hier Même Tout "
                   "Tous Toutes Chaque Plusieurs Quelques Certains Parmi Malgré Parallèlement "
                   "Est-ce Puisque Bien Très Ici Là C L J N S Qu À A Y Le La",
    },
    {
        .languages = "de",
        .leading =
            "Hr Hrn Frl Dr Drs Prof Ing Dipl Mag Hl Sr z.B d.h D.h bzw ggf vgl Vgl sog evtl ca Ca "
            "inkl exkl zzgl gem i.d.R a.a.O o.g u.g St b.z.w insb insbes bspw einschl ehem geb "
            "gest verh ev kath röm lt i.e s",
        .before_number = "Nr nr Nrn Abs abs Art Abb Bd Bde Kap S Tab Ziff Rn Rdnr Aufl Fig Jg H Az "
                         "Tel",
        .medial = "u.a z.T Co Inc Mio Mrd Tsd Std Min Sek Jan Feb Mrz Apr Jun Jul Aug Sep Sept Okt "
                  "Nov Dez v.Chr n.Chr n v Jh Jhd Jahrh U.S e.V i.V i.A a.D k.u.k o.ä o.Ä u.ä u.Ä "
                  "Str str Fr ff f",
        .final = "usw usf etc Di Mo Mi So Sa Do am Port Test Int Max Alt Mod Temp Trans Fam Kl Akt "
                 "PIN Spezif Urspr led dim A.M",
        .openers =
            "Der Die Das Den Dem Des Ein Eine Einen Einem Einer Er Sie Es Wir Ihr Ich Du "
            "Man In Im Am An Auf Aus Bei Beim Mit Nach Von Vom Vor Zu Zum Zur Für Über "
            "Unter Um Durch Gegen Ohne Und Aber Oder Doch Denn Dann Da Dort Hier Heute "
            "Gestern Jetzt Nun So Auch Nur Noch Als Wenn Weil Während Nachdem Bevor Dies "
            "Diese Dieser Dieses Diesem Diesen Jede Jeder Jedes Kein Keine Alle Viele Einige "
            "Mehrere Laut Seit Bis Damit Dazu Dabei Dadurch Danach Daher Deshalb Dennoch "
            "Trotzdem Allerdings Jedoch Außerdem Zudem Insgesamt Bereits Was Wer Wie Wo "
            "Warum Sein Seine Seinen Ihre Ihren Unser Unsere Mein Meine",
        .has_ordinals = true,
    },
    {
        .languages = "es ca gl",
        .leading =
            "Sr Sra Srta Sres Sras Srtas Dr Dra Dres Dras Prof Profa Lic Lcdo Lcda Ing Arq Gral "
            "Cnel Cap Tte Sgto Pte Excmo Excma Ilmo Ilma Rvdo D Dña Da Mons Fr Sto Sta p.ej P.ej "
            "cf vs S.M EE JJ FF RR",
        .before_number =
            "s núm Núm núms n nº No Art art arts pág Pág págs pp p vol Vol cap fig Fig tel Tel",
        .medial = "UU EE.UU U.S Ud Uds Vd Vds a.C d.C a.m p.m S.A S.L Cía Inc Ltda Co Corp Av Avda "
                  "aprox ene feb abr may jun jul ago sept oct nov dic Jr",
        .final = "etc Kit Rol Bien Sol Mod Var Id RAM SA CA DC AA C.P vid ej mar ms Reg All Korn "
                 "trad vie sáb jue lun mié",
        .openers =
            "El La Los Las Un Una Unos Unas Este Esta Estos Estas Ese Esa Esto Eso Aquel Él Ella "
            "Ellos Ellas Yo Tú Nosotros Se No Sí Y O Pero Sin Con En Por Para Al A Desde Hasta "
            "Según Tras Durante Entre Sobre Cuando Como Cómo Si Que Qué Quién Cuál Dónde Cuándo "
            "Porque Aunque Mientras Además También Así Entonces Luego Después Antes Ahora Hoy Ayer "
            "Su Sus Mi Mis Nuestro Nuestra Le Les Hay Es Son Fue Era Muchos Algunos Todos Cada "
            "Otro Otra Otros Más",
    },
    {
        .languages = "it",
        .leading = "Sig Sigg Sig.ra Sig.na Dott Dott.ssa Dr Prof Prof.ssa Avv Ing Arch Geom Rag On "
                   "Sen Mons Ss Cav Gen Col Cap Ten p.es P.es es cfr Cfr vs",
        .before_number =
            "n N art Art artt pag Pag pagg p pp vol Vol cap fig Fig tel Tel c co sez tab tav",
        .medial = "a.C d.C S.p.A S.r.l U.S ca gen feb apr giu lug ago sett ott nov dic Jr Inc Co",
        .final = "ecc etc all int ag ver mar mer div on Mod DC Liv mitt p.i",
        .openers =
            "Il I Gli Le Un Una Uno Questo Questa Questi Queste Quello Quella Egli Lui Lei Noi Voi "
            "Loro Io Si Non Ma E Ed O Però Con Senza In Nel Nella Nei Nelle Per Al Alla Su Sul "
            "Sulla Tra Fra Secondo Dopo Prima Durante Quando Come Se Che Chi Cosa Dove Perché "
            "Anche Così Allora Poi Ora Oggi Ieri Suo Sua È Era Sono Ha Hanno Quindi Infatti "
            "Inoltre Tuttavia Mentre Ogni Tutti Molti Alcuni Nonostante La L",
    },
    {
        .languages = "pt",
        .leading =
            "Sr Sra Srta Srs Sras Dr Dra Drs Dras Prof Profa Eng Arq Exmo Exma Ilmo Ilma D Dom Pe "
            "Fr Gen Cel Cap Ten Sgt Min Des Sto Sta p.ex P.ex ex vs cf Rev Mons",
        .before_number = "n nº núm Art art arts pág Pág págs p pp vol Vol cap fig Fig tel Tel",
        .medial =
            "a.C d.C S.A Ltda Cia Inc Co Corp Jr U.S a.m p.m Av R jan fev abr mai jun jul ago "
            "out nov dez aprox",
        .final = "etc port com cont res mov end mar Mar out long set pal rod tec prod elem fac "
                 "caps cel sup lit esp E Est Alm fr ref int org desc próx ed rementente fem "
                 "ind gram ingl lat transp univ div tel col pol apart",
        .openers = "O Os As Um Uma Uns Umas Este Esta Estes Estas Esse Essa Isso Isto Aquele Ele "
                   "Ela Eles Elas Eu Tu Você Nós Se Não Sim E Ou Mas Sem Com Em No Na Nos Nas Por "
                   "Para Pelo Pela Ao À Desde Até Segundo Após Durante Entre Sobre Quando Como Que "
                   "Quem Qual Onde Porque Embora Enquanto Além Também Assim Então Depois Antes "
                   "Agora Hoje Ontem Seu Sua Seus Suas Meu Minha Nosso Há É São Foi Era Muitos "
                   "Alguns Todos Cada Outro Outra Mais A",
    },
    {
        .languages = "ru",
        .leading = "г-н г-жа гг им ул пр просп пл пер бул наб корп обл респ р-н пос дер акад проф "
                   "доц канд чл.-корр ген полк кап лейт св напр т.е Т.е т.н т.к см См ср англ нем "
                   "фр лат греч д ст",
        .before_number = "с стр п пп гл рис Рис табл разд ч т кв тел №",
        .medial = "г тыс руб млн млрд коп в вв н.э до янв февр апр авг сент окт нояб дек",
        .final = "т.д т.п др",
        .openers =
            "В Во На По С Со К Ко За Из Изо От До Для При Под Над О Об Про У Без Через После Перед "
            "Между Он Она Оно Они Мы Вы Я Ты Это Этот Эта Эти Тот Та Те Так Также Такой Такие Но А "
            "И Или Однако Если Когда Как Что Чтобы Кто Где Куда Почему Зачем Сколько Какой Не Нет "
            "Да Его Её Ее Их Наш Мой Ваш Свой Все Всё Весь Вся Некоторые Многие Каждый Один Одна "
            "Теперь Сейчас Тогда Потом Затем Сегодня Вчера Завтра Уже Ещё Еще Только Лишь Даже "
            "Хотя Поэтому Потому Кроме Более Тем Там Здесь Согласно Несмотря",
    },
    {
        .languages = "uk be",
        .leading = "ім вул пр просп пл пров бул обл р-н проф доц акад св напр т.зв див ст с смт "
                   "англ нім фр лат вул",
        .before_number = "с стор п гл рис табл розд ч т кв тел",
        .medial = "р рр тис млн млрд грн руб коп н.е ст січ лют бер квіт трав черв лип серп вер "
                  "жовт лист груд м",
        .final = "т.д т.п ін",
        .openers = "У В Во На По З Зі Із До Для При Під Над Про Без Через Після Перед Між Він Вона "
                   "Воно Вони Ми Ви Я Ти Це Цей Ця Ці Той Та Так Також Але А І Й Або Однак Якщо "
                   "Коли Як Що Щоб Хто Де Куди Чому Скільки Не Ні Його Її Їх Наш Мій Все Усі Деякі "
                   "Багато Кожен Тепер Зараз Тоді Потім Сьогодні Вчора Вже Ще Лише Навіть Хоча "
                   "Тому Крім Там Тут За Згідно",
    },
    {
        .languages = "bg mk",
        .leading = "г-н г-жа ул бул пл проф доц акад инж ген полк кап св напр т.е т.нар вж срв д-р",
        .before_number = "с стр гл чл ал т рис табл №",
        .medial = "г гр с хил млн млрд лв в пр.н.е н.е",
        .final = "т.н др",
        .openers = "В Във На По С Със От До За При Под Над След Преди Между Без През Той Тя То Те "
                   "Ние Вие Аз Ти Това Този Тази Тези Но А И Или Обаче Ако Когато Как Какво Кой "
                   "Къде Защо Не Да Неговата Нейната Всички Някои Много Всеки Сега Днес Вчера Още "
                   "Само Дори Така Според Въпреки",
    },
    {
        .languages = "nl af",
        .leading = "dhr mevr mw mr dr drs ir ing prof ds jhr gen kol kap bijv bv o.a d.w.z m.a.w "
                   "t.a.v i.p.v ca vgl resp zgn incl excl",
        .before_number = "nr nrs blz p pag art afb fig hfst tel",
        .medial = "jl jr sr N.V B.V n.Chr v.Chr St jan feb mrt apr aug sept okt nov dec mln mld",
        .final = "enz etc a.u.b e.d",
        .openers = "Het Een Dit Dat Deze Die Hij Zij Ze Wij We Ik Je Jij U Er In Op Aan Bij Met "
                   "Voor Na Uit Om Als Toen Maar En Of Dus Ook Niet Zijn Haar Hun Ons Wat Wie Waar "
                   "Waarom Hoe Nu Daar Daarom Volgens Tijdens Sinds Omdat Hoewel Veel Alle Sommige "
                   "De",
    },
    {
        .languages = "pl",
        .leading = "dr prof mgr inż hab lek red ks bp abp św gen płk ppłk mjr kpt por sierż ul al "
                   "pl os im tzw np m.in tj tzn zob ang niem łac fr ds",
        .before_number = "nr Nr ust art Art poz par pkt str s t rozdz rys tab",
        .medial = "r w tys mln mld proc n.e p.n.e godz ok",
        .final = "itd itp",
        .openers = "W We Na Po Z Ze Do Od Dla Przy Przed Pod Nad O U Bez Przez Za On Ona Ono Oni "
                   "One My Wy Ja Ty To Ten Ta Te Ci Tak Także Również Ale A I Lub Albo Jednak "
                   "Jeśli Jeżeli Gdy Kiedy Jak Co Kto Gdzie Dlaczego Nie Jego Jej Ich Nasz Mój "
                   "Wszyscy Wszystko Niektórzy Wielu Każdy Teraz Wtedy Potem Następnie Dziś "
                   "Dzisiaj Wczoraj Już Jeszcze Tylko Nawet Choć Dlatego Ponieważ Zdaniem Według "
                   "Jest Był Była Było Są",
        .has_ordinals = true,
    },
    {
        .languages = "cs sk sl hr bs sr",
        .leading =
            "p pí sl dr Dr prof Prof doc Ing Mgr Bc MUDr JUDr RNDr PhDr PaedDr sv gen plk ul "
            "nám tř např napr tzv tj tzn resp cca vč mj npr tj dipl g gđa mr",
        .before_number = "č čl odst str s kap obr tab roč písm br st",
        .medial = "r stol tis mil mld n.l př.n.l pr.n.l god",
        .final = "atd apod itd atď",
        .openers =
            "V Ve Vo Na Po Z Ze Zo S Se Do Od Pro Pre Při Pri Před Pred Pod Nad O U Bez Za "
            "On Ona Ono Oni My Mi Vy Já Ja Ty To Ten Ta Tato Tento Toto Tak Také Taky Ale A "
            "I Nebo Však Pokud Když Keď Ak Ako Jak Co Čo Kdo Kto Kde Proč Prečo Ne Nie Není "
            "Jeho Její Jej Ich Jejich Náš Můj Všichni Vše Někteří Mnoho Každý Nyní Pak Potom "
            "Dnes Včera Už Již Ještě Jen Dokonce Proto Protože Podle Je Byl Byla Bylo Jsou "
            "Ovaj Ova Ovo Kako Kada Ali No Prema Nakon Danas",
        .has_ordinals = true,
    },
    {
        .languages = "sv da no nb nn is fo",
        .leading =
            "hr fr dr prof t.ex f.eks bl.a s.k d.v.s dvs resp ca kl ev jfr jf f.d fhv hhv pga "
            "pst evt mht vedr",
        .before_number = "nr s kap fig tab kl st stk tlf",
        .medial =
            "kr milj mio mrd mill adj jr sr f.Kr e.Kr jan feb apr aug sept okt nov dec des St",
        .final = "osv o.s.v m.m m.fl etc mv m.v",
        .openers =
            "Det Den De Detta Denna Dessa Dette Denne Disse Han Hon Hun Vi Jag Jeg Du Ni Man En Et "
            "Ett I På Av Af För For Med Om Till Til Från Fra Efter Etter Under När Når Da Som Men "
            "Och Og Eller Så Också Inte Ikke Var Vad Hvad Hva Vem Hvem Hur Hvordan Varför Hvorfor "
            "Nu Nå Där Der Här Her Enligt Ifølge Ved Vid Hvis Om",
        .has_ordinals = true,
    },
    {
        .languages = "fi et",
        .leading = "esim mm ns prof tri vrt ks prl hra nn näit lk",
        .before_number = "nro s klo os kl nr",
        .medial = "milj mrd jr St",
        .final = "jne yms ym jms vms",
        .openers = "Se Ne Hän He Me Te Minä Sinä Tämä Nämä Tuo Mutta Ja Tai Kun Jos Koska Vaikka "
                   "Myös Nyt Siellä Täällä Kuka Mikä Missä Miksi Miten Ei Kaikki Moni Tänään Eilen "
                   "See Need Ta Nad Ma Me Ja Aga Kui Kuid Siis Nüüd Mis Kes Kus",
        .has_ordinals = true,
    },
    {
        .languages = "hu",
        .leading = "dr Dr prof ifj id özv pl ún kb ill vö Szt St Mr Mrs",
        .before_number = "sz old évf tel",
        .medial = "u m i.e i.sz Kr.e Kr.u jan febr márc ápr máj jún júl aug szept okt nov dec",
        .final = "stb",
        .openers = "A Az Ez Egy És De Ha Ő Ők Mi Én Te Nem Is Hogy Amikor Mert Most Itt Ott Ma "
                   "Tegnap Minden Sok Ezt Azt Ennek Mint Csak Még Már Aki Ami Ezért Azonban Vagy",
        .has_ordinals = true,
    },
    {
        .languages = "ro",
        .leading = "dl dna d-na d-l dr prof ing gen col str bd jud ex Sf Dr Dl",
        .before_number = "nr art pag p alin lit tel",
        .medial = "a.Chr d.Chr î.Hr d.Hr S.A S.R.L ian feb apr iun iul aug sept oct nov dec",
        .final = "etc ș.a",
        .openers =
            "El Ea Ei Ele Eu Tu Noi Voi Un O Acest Această Aceste Acești Acesta Aceasta În Pe "
            "La Cu Fără Din De Dar Și Sau Însă Dacă Când Cum Ce Cine Unde Nu Da Este Sunt A "
            "Au Potrivit După Pentru Prin",
    },
    {
        .languages = "tr az",
        .leading = "Dr Prof Doç Yrd Av Sn Op Uzm Müh Mah Cad Sok Apt Alb Gen Kur Yzb Hz St örn bkz "
                   "Bkz yy",
        .before_number = "No no s sf md Md Tel",
        .medial = "Ltd Şti A.Ş T.C M.Ö M.S",
        .final = "vb vs vd",
        .openers = "Bu Bir Ve Ama Ancak Ben Sen O Biz Siz Onlar Şu Ne Neden Nasıl Kim Çünkü Eğer "
                   "Daha Çok Her Bazı Tüm Şimdi Bugün Dün",
        .has_ordinals = true,
    },
    {
        .languages = "el",
        .leading = "κ κκ κα δρ Δρ καθ σελ π.χ Π.χ δηλ βλ αγ Αγ οδ τηλ λ.χ",
        .before_number = "αρ αρθ σελ τόμ κεφ παρ",
        .medial = "μ.Χ π.Χ μ.μ π.μ εκ δισ Α.Ε Ε.Ε Η.Π.Α ΗΠΑ",
        .final = "κ.λπ κλπ κ.ά κ.τ.λ",
        .openers = "Ο Η Το Οι Τα Τον Την Του Της Των Ένας Μια Ένα Αυτός Αυτή Αυτό Αυτά Και Αλλά Ή "
                   "Όμως Αν Όταν Πώς Πού Γιατί Τι Ποιος Δεν Ναι Όχι Σε Στο Στη Στην Στις Από Με "
                   "Για Κατά Μετά Πριν Σήμερα Χθες Επίσης",
        .extra_mark = ';',
    },
    {
        .languages = "hy",
        .extra_mark = ':',
    },
    {
        .languages = "vi",
        .leading = "TP Tp TS ThS Th.S GS PGS BS KS CN LS NSƯT NSND NS Q P H TX TT Mr Mrs Ms Dr",
        .before_number = "tr Nr No",
        .final = "v.v vv",
        .openers =
            "Tôi Anh Chị Em Ông Bà Họ Nó Chúng Các Những Một Và Nhưng Nếu Khi Trong Theo Tại "
            "Với Để Vì Do Từ Sau Trước Đây Đó Điều Việc Không Có Ở Cả Người Hôm Tuy Ngoài",
    },
    {
        .languages = "id ms",
        .leading = "Dr Drs Dra Ir Prof H Hj Tn Ny Sdr Jl Jln Kol Jend Brigjen Letjen a.n d.a",
        .before_number = "No no hlm hal Ps Tel",
        .medial = "S.H S.E M.Si M.A Tbk Co Inc",
        .final = "dll dsb dst dkk",
        .openers = "Ini Itu Dia Mereka Kami Kita Saya Anda Ia Dan Tetapi Tapi Namun Jika Ketika "
                   "Karena Di Ke Dari Dalam Pada Untuk Dengan Menurut Setelah Sebelum Sejak Para "
                   "Sebuah Seorang Banyak Tidak Ada Apa Siapa Mengapa Bagaimana",
    },
    {
        .languages = "ar",
        .leading = "د أ أ.د م.م ا.د",
        .before_number = "ص ج ط ق",
        .final = "م هـ ه",
        .speech_verbs = "قال قالت قالوا يقول تقول سأل سألت أجاب أجابت أضاف أضافت صرخ صرخت هتف "
                        "تساءل تساءلت وقال وأضاف",
    },
    {
        .languages = "fa ur",
        .leading = "ه.ش ه.ق ق.م م.ق",
        .before_number = "ص",
        .speech_verbs = "گفت گفتند پرسید پرسیدند می‌گوید",
    },
    {
        .languages = "he",
        .speech_verbs = "אמר אמרה אמרו שאל שאלה ענה ענתה",
    },
    {
        .languages = "ko",
        .quotation_particles = "라고 이라고 라며 이라며 라는 이라는 라면서 하고 고 며",
    },
    {
        .languages = "hi mr ne bn",
        .leading = "डॉ डा प्रो पं स्व ई.पू ए बी सी डी ई एफ एफ़ जी एच आई जे के एल एम एन ओ पी क्यू आर एस "
                   "टी यू वी डब्ल्यू वाई जेड ड. ডা ড",
        .before_number = "सं नं पृ",
    },
};

// Words that a list or a table may give twice: the first meaning stands.
void AddWords(absl::string_view words, AbbreviationKind kind, SegmentationRules& rules) {
  for (absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
    rules.abbreviations.try_emplace(std::string(word), kind);
  }
}

void AddTable(const Table& table, SegmentationRules& rules) {
  AddWords(table.leading, AbbreviationKind::kLeading, rules);
  AddWords(table.before_number, AbbreviationKind::kBeforeNumber, rules);
  AddWords(table.medial, AbbreviationKind::kMedial, rules);
  AddWords(table.final, AbbreviationKind::kFinal, rules);
  for (absl::string_view word : absl::StrSplit(table.openers, ' ', absl::SkipEmpty())) {
    rules.openers.emplace(word);
  }
  for (absl::string_view word : absl::StrSplit(table.speech_verbs, ' ', absl::SkipEmpty())) {
    rules.speech_verbs.emplace(word);
  }
  for (absl::string_view word : absl::StrSplit(table.quotation_particles, ' ', absl::SkipEmpty())) {
    rules.quotation_particles.emplace(word);
  }
  rules.has_ordinals |= table.has_ordinals;
}

std::string Utf8(const UChar* text, int32_t length) {
  std::string utf8(static_cast<size_t>(length) * 3, '\0');
  int32_t size = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8(utf8.data(), static_cast<int32_t>(utf8.size()), &size, text, length, &error);
  utf8.resize(U_SUCCESS(error) ? static_cast<size_t>(size) : 0);
  return utf8;
}

struct CloseBundle {
  void operator()(UResourceBundle* bundle) const { ures_close(bundle); }
};
using Bundle = std::unique_ptr<UResourceBundle, CloseBundle>;

// The suppressions of ICU's FilteredBreakIteratorBuilder, read from where it
// reads them: that class itself wants UTF-16 and gives only an iterator. Empty
// if ICU has none for exactly this language (it would fall back to English).
std::vector<std::string> IcuSuppressions(const std::string& language) {
  UErrorCode error = U_ZERO_ERROR;
  const Bundle locale(ures_open(U_ICUDATA_NAME "-brkitr", language.c_str(), &error));
  if (error != U_ZERO_ERROR) return {};
  const Bundle exceptions(ures_getByKey(locale.get(), "exceptions", nullptr, &error));
  const Bundle list(ures_getByKey(exceptions.get(), "SentenceBreak", nullptr, &error));
  if (error != U_ZERO_ERROR) return {};
  std::vector<std::string> suppressions;
  for (int32_t i = 0; i < ures_getSize(list.get()); ++i) {
    int32_t length = 0;
    const UChar* text = ures_getStringByIndex(list.get(), i, &length, &error);
    if (U_SUCCESS(error)) suppressions.push_back(Utf8(text, length));
  }
  return suppressions;
}

void AddIcuSuppressions(const std::string& language, SegmentationRules& rules) {
  for (const std::string& suppression : IcuSuppressions(language)) {
    std::string word = absl::StrReplaceAll(suppression, {{" ", ""}});
    if (!word.empty() && word.back() == '.') word.pop_back();
    if (rules.Find(word) == AbbreviationKind::kNone) {
      rules.abbreviations.try_emplace(word, AbbreviationKind::kMedial);
    }
  }
}

// Names and firms are written so in every language.
void AddInternational(SegmentationRules& rules) {
  AddWords("Mr Mrs Ms Dr Prof", AbbreviationKind::kLeading, rules);
  AddWords("St Jr Sr Inc Ltd Corp U.S U.K Ph.D", AbbreviationKind::kMedial, rules);
}

bool StartsWithAscii(absl::string_view word) {
  return !word.empty() && absl::ascii_isascii(word[0]);
}

// English abbreviations turn up in texts of every other script.
void AddEnglish(const SegmentationRules& english, SegmentationRules& rules) {
  for (const auto& [word, kind] : english.abbreviations) {
    if (StartsWithAscii(word)) rules.abbreviations.try_emplace(word, kind);
  }
  rules.openers.insert(english.openers.begin(), english.openers.end());
}

bool IsLatin(const Table& table) {
  return StartsWithAscii(table.openers.empty() ? table.leading : table.openers);
}

// Adds to the rules for unknown languages. A word of small letters that leads
// in one language ("red.", Polish) may end sentences in another.
void AddToAny(const Table& table, SegmentationRules& rules) {
  Table shared = table;
  if (table.languages != "en") {
    for (absl::string_view word : absl::StrSplit(table.leading, ' ', absl::SkipEmpty())) {
      const bool ordinary = u_islower(CodePointAt(word, 0).value) && !absl::StrContains(word, ".");
      AddWords(word, ordinary ? AbbreviationKind::kMedial : AbbreviationKind::kLeading, rules);
    }
    shared.leading = "";
  }
  shared.has_ordinals = false;
  AddTable(shared, rules);
}

// `word` with its first letter in lower case.
std::string Uncapitalized(absl::string_view word) {
  const CodePoint first = CodePointAt(word, 0);
  char buffer[U8_MAX_LENGTH];
  size_t size = 0;
  U8_APPEND_UNSAFE(buffer, size, u_tolower(first.value));
  return std::string(buffer, size).append(word.data() + first.end, word.size() - first.end);
}

}  // namespace

AbbreviationKind SegmentationRules::Find(absl::string_view word) const {
  if (word.empty()) return AbbreviationKind::kNone;
  auto found = abbreviations.find(word);
  const CodePoint first = CodePointAt(word, 0);
  // "P." may be an initial where "p." is a page.
  if (found == abbreviations.end() && first.end < word.size() && u_isupper(first.value)) {
    found = abbreviations.find(Uncapitalized(word));
  }
  return found == abbreviations.end() ? AbbreviationKind::kNone : found->second;
}

SegmentationRuleSet::SegmentationRuleSet() {
  for (const Table& table : kTables) {
    for (absl::string_view name : absl::StrSplit(table.languages, ' ')) {
      const std::string language(name);
      SegmentationRules& rules = rules_[language];
      AddTable(table, rules);
      rules.extra_mark = table.extra_mark;
      AddInternational(rules);
      AddIcuSuppressions(language, rules);
      if (!IsLatin(table)) AddEnglish(rules_["en"], rules);
    }
    AddToAny(table, any_);
  }
}

const SegmentationRules& SegmentationRuleSet::For(absl::string_view language) const {
  const size_t subtag_end = std::min(language.find_first_of("-_"), language.size());
  const auto found = rules_.find(absl::AsciiStrToLower(language.substr(0, subtag_end)));
  return found == rules_.end() ? any_ : found->second;
}

}  // namespace hexapla
