// SPDX-License-Identifier: Apache-2.0
#include "client/command_line.h"

#include <algorithm>
#include <array>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "client/formats/encoding.h"
#include "client/text_layout.h"
#include "client/usage_error.h"
#include "client/version.h"

namespace hexapla {
namespace {

constexpr int kFilesMin = 2;
constexpr int kFilesMax = 16;
constexpr int kBeadSizeMax = 8;
constexpr int kTopMax = 16;
constexpr int kSetsInFlightMax = 1024;
constexpr int64_t kShardsMax = 1'000'000;

constexpr char kDescription[] =
    "Aligns the sentences of a document across its language versions and names languages,\n"
    "by asking a Hexapla server.";

constexpr char kFooter[] = R"(Examples:
  hexapla align article.en.txt article.fr.txt article.ar.txt
  hexapla detect *.txt
  hexapla match *.txt
  hexapla --server=127.0.0.1:50051,127.0.0.1:50052 health # calls take turns
  hexapla --server=align.example.org --tls_ca=ca.pem --auth_token_file=token models
  hexapla --server=10.0.0.5 --allow_insecure health       # plain, in a trusted network
  hexapla --local align article.en.txt article.fr.txt     # no server needed

Every flag above has a twin in the environment, as $HEXAPLA_TIMEOUT of --timeout; that of
--local_workers is $HEXAPLA_WORKERS, as of the server. The flag wins. Calls are repeated
while a server is unavailable (for two seconds) or overloaded (as it asks, within --timeout);
corpus and match say with --retry_for how long.

Exit codes: 0 done; 1 invalid input or an error of a call; 2 usage; 3 no server reached.)";

constexpr char kAlignFooter[] = R"(Examples:
  hexapla align article.en.txt article.fr.txt             # side by side at a terminal
  hexapla align en.txt fr.txt ar.txt --format=tsv > beads.tsv
  hexapla align --lines en.sentences fr.sentences --format=beads --min_probability=0.5
  hexapla align guide.en.md guide.de.html --format=tmx > memory.tmx
  hexapla align film.en.srt film.fr.srt --encoding=auto --format=html > film.html
  cat draft.txt | hexapla align - final.txt --languages=en,fr --no_merges

Global flags such as --server and --local: see hexapla --help.)";

constexpr char kDetectFooter[] = R"(Examples:
  hexapla detect letter.txt memo.txt
  hexapla detect --lines --top=3 --format=tsv mixed.txt
  echo 'Guten Morgen' | hexapla detect --candidates=de,nl,da
  hexapla detect --spans --format=jsonl letter.txt        # which part is in which language
  hexapla detect --model=lid218 --hints=hr,sr memo.txt

--spans cuts each text into spans of one language each, which cover it; begin and end
are bytes of the file, or of the line with --lines. The TSV columns are then: file line
begin end language confidence reliable script raw_label model text.
Of Markdown and HTML these are bytes of the text that is read, of SRT and JSONL with
--input_format of a cue or sentence.
Exit codes: 0 done; 1 a file or text that could not be answered, or an error of a call;
2 usage; 3 no server reached.

Global flags such as --server and --local: see hexapla --help.)";

constexpr char kCorpusFooter[] =
    R"(IN.jsonl holds one set a line; OUT.jsonl gets a line for each, in order of completion:
  {"id": "a", "versions": [{"language": "en", "text": "..."}, {"sentences": ["...", "..."]}]}
  {"id":"a","beads":[...],"document_probability":0.98}
  {"id":"b","error":{"code":"INVALID_ARGUMENT","message":"line 2: ..."}}
Beads carry the text of their sentences where a version is raw text. Of another --format
OUT is one document with all sets, which is complete when the run is.

Whatever ends a run, the same command again does the rest: sets that have a line in
OUT are passed over, a last line that was cut is dropped. Only a run to standard
output (-) cannot be resumed. From standard input (-) it can, given the same sets.

With --shard=I/N, 0 <= I < N, a run does every N-th line only. Each of N runs, on any
machine, reads the same IN.jsonl and has an OUT.jsonl of its own; all of them together
hold the lines of a run without shards.

Examples:
  hexapla corpus sets.jsonl beads.jsonl
  hexapla corpus --languages=en,fr --workers=32 --retry_for=10m sets.jsonl beads.jsonl
  zcat sets.jsonl.gz | hexapla --local corpus - beads.jsonl
  hexapla corpus --format=tmx --pages=review sets.jsonl memory.tmx
  hexapla corpus --format=xliff --languages=en,fr sets.jsonl sets.xlf
  hexapla --local corpus --shard=3/16 --allow_failed_sets sets.jsonl beads.3.jsonl

A set that an overloaded server refuses for --retry_for, or to which a server that is
there gives no answer within --timeout, fails like a bad one, and the run goes on.

Exit codes: 0 done; 1 done but some sets failed (0 with --allow_failed_sets), or invalid
input; 2 usage; 3 no server reached, or none for --retry_for. Global flags such as
--server: see hexapla --help.)";

constexpr char kMatchFooter[] =
    R"(Prints one group of versions a line, names with tabs between (in a name tab, newline,
carriage return and backslash are \t \n \r \\); a file without versions stands alone.
Files of one language are never versions of one another:
of near-duplicates the best is in a group, and a note says whom the others repeat.

Examples:
  hexapla match *.txt
  find heap -type f | hexapla match --files_from=- --format=jsonl > groups.jsonl
  hexapla match --languages=en,,zh-Hant a.txt b.txt c.txt

Exit codes: 0 done; 1 done but some files failed, or an error of the call; 2 usage;
3 no server reached. Global flags such as --server and --local: see hexapla --help.)";

constexpr char kScoreFooter[] =
    R"(Reads a pair a line, two columns with a tab between them, and writes every line again
with one more column: the probability that the two are translations of one another.
It stays empty where a side is blank, or for a line that is reported as an error.
Tab, newline, carriage return and backslash in a text are written \t \n \r \\.

Examples:
  hexapla score --languages=en,fr pairs.tsv > scored.tsv
  hexapla score < pairs.tsv | awk -F'\t' '$NF >= 0.9'

Global flags such as --server and --local: see hexapla --help.)";

constexpr char kModelsFooter[] = R"(Example:
  hexapla models --format=jsonl

Global flags such as --server and --local: see hexapla --help.)";

constexpr char kHealthFooter[] =
    R"(Prints one line for each server and succeeds only if all of them are SERVING.

Example:
  hexapla --server=align.example.org health && echo ready)";

// What a flag's text may say and what it means.
template <typename Value>
struct NamedValue {
  absl::string_view name;
  Value value;
};

constexpr std::array kOutputFormats = {
    NamedValue<OutputFormat>{"table", OutputFormat::kTable},
    NamedValue<OutputFormat>{"tsv", OutputFormat::kTsv},
    NamedValue<OutputFormat>{"jsonl", OutputFormat::kJsonl},
    NamedValue<OutputFormat>{"beads", OutputFormat::kBeads},
    NamedValue<OutputFormat>{"tmx", OutputFormat::kTmx},
    NamedValue<OutputFormat>{"xliff", OutputFormat::kXliff},
    NamedValue<OutputFormat>{"html", OutputFormat::kHtml},
};
constexpr std::array kInputFormats = {
    NamedValue<InputFormat>{"auto", InputFormat::kAuto},
    NamedValue<InputFormat>{"text", InputFormat::kText},
    NamedValue<InputFormat>{"lines", InputFormat::kLines},
    NamedValue<InputFormat>{"markdown", InputFormat::kMarkdown},
    NamedValue<InputFormat>{"html", InputFormat::kHtml},
    NamedValue<InputFormat>{"srt", InputFormat::kSrt},
    NamedValue<InputFormat>{"jsonl", InputFormat::kJsonl},
};
constexpr std::array kProgressStyles = {
    NamedValue<ProgressStyle>{"auto", ProgressStyle::kAuto},
    NamedValue<ProgressStyle>{"bar", ProgressStyle::kBar},
    NamedValue<ProgressStyle>{"lines", ProgressStyle::kLines},
    NamedValue<ProgressStyle>{"none", ProgressStyle::kNone},
};

template <typename Value, size_t N>
Value ValueNamed(const std::string& flag, const std::string& text,
                 const std::array<NamedValue<Value>, N>& known,
                 const std::vector<Value>& accepted) {
  std::vector<absl::string_view> names;
  for (const NamedValue<Value>& entry : known) {
    if (std::find(accepted.begin(), accepted.end(), entry.value) == accepted.end()) continue;
    if (entry.name == text) return entry.value;
    names.push_back(entry.name);
  }
  throw UsageError(
      flag, absl::StrCat("unknown value \"", text, "\"; expected ", absl::StrJoin(names, ", ")));
}

std::optional<OutputFormat> ParseFormat(const std::string& text,
                                        const std::vector<OutputFormat>& accepted) {
  if (text.empty()) return std::nullopt;
  return ValueNamed("--format", text, kOutputFormats, accepted);
}

InputFormat ParseInputFormat(const std::string& text, bool lines) {
  if (text.empty()) return lines ? InputFormat::kLines : InputFormat::kAuto;
  const InputFormat format = ValueNamed(
      "--input_format", text, kInputFormats,
      {InputFormat::kAuto, InputFormat::kText, InputFormat::kLines, InputFormat::kMarkdown,
       InputFormat::kHtml, InputFormat::kSrt, InputFormat::kJsonl});
  if (lines && format != InputFormat::kLines) {
    throw UsageError("--lines", absl::StrCat("contradicts --input_format=", text));
  }
  return format;
}

double CheckProbability(const std::string& flag, double value) {
  // Written so that not-a-number fails too.
  if (!(value >= 0 && value <= 1)) throw UsageError(flag, "must lie between 0 and 1");
  return value;
}

void CheckBeadSize(std::optional<int> bead_size) {
  if (bead_size.value_or(1) < 1 || bead_size.value_or(1) > kBeadSizeMax) {
    throw UsageError("--max_bead_size", absl::StrCat("must lie between 1 and ", kBeadSizeMax));
  }
}

std::vector<std::string> SplitList(const std::string& text) {
  if (text.empty()) return {};
  return absl::StrSplit(text, ',');
}

std::vector<std::string> SplitLanguages(const std::string& flag, const std::string& text) {
  std::vector<std::string> languages = SplitList(text);
  for (const std::string& language : languages) {
    if (language.empty()) throw UsageError(flag, "a language is empty");
  }
  return languages;
}

void CheckStandardInputOnce(const std::vector<std::string>& files) {
  if (std::count(files.begin(), files.end(), "-") > 1) {
    throw UsageError("FILE", "- (standard input) can be read only once");
  }
}

// How the files of a command are read.
struct InputFlags {
  bool lines = false;
  std::string format;
  std::string encoding;

  void AddTo(CLI::App& app) {
    app.add_flag("--lines", lines, "one sentence a line; same as --input_format=lines");
    app.add_option("--input_format", format,
                   "auto (default: by the file's name), text, lines, markdown, html, srt,\n"
                   "jsonl; lines, srt and jsonl hold a sentence in each line or cue")
        ->type_name("NAME");
    app.add_option("--encoding", encoding,
                   "encoding of the files, as windows-1251 or UTF-16; auto guesses it;\n"
                   "default UTF-8")
        ->type_name("NAME");
  }

  InputOptions Parse() const {
    if (!encoding.empty() && !CheckEncoding(encoding).ok()) {
      throw UsageError("--encoding", absl::StrCat("unknown value \"", encoding,
                                                  "\"; expected auto or a name such as UTF-8, "
                                                  "UTF-16, windows-1252, ISO-8859-2, Shift_JIS"));
    }
    return {.format = ParseInputFormat(format, lines), .encoding = encoding};
  }
};

struct AlignFlags {
  AlignCommand command;
  InputFlags input;
  std::string format;
  std::string languages;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* align = app.add_subcommand("align", "align the sentences of 2 to 16 files");
    align->footer(kAlignFooter);
    align
        ->add_option("FILE", command.files,
                     "language versions of one document; - is standard input")
        ->type_name("");
    align
        ->add_option("--format", format,
                     "table (default at a terminal), tsv (else), jsonl, beads,\n"
                     "tmx (1.4b), xliff (2.1; two files), html (one page by itself)")
        ->type_name("NAME");
    input.AddTo(*align);
    align
        ->add_option("--languages", languages,
                     "languages of the files in order (BCP-47); an empty entry is detected,\n"
                     "as the second of en,")
        ->type_name("CODE,CODE...");
    align
        ->add_option("--min_probability", command.min_probability,
                     "leave out beads under this probability")
        ->type_name("P");
    align
        ->add_option("--min_document_probability", command.min_document_probability,
                     "fail if two versions are less probably versions of one document")
        ->type_name("P");
    align
        ->add_option("--max_bead_size", command.max_bead_size,
                     absl::StrCat("most sentences of one file in a bead, 1 to ", kBeadSizeMax))
        ->type_name("N");
    align->add_flag("--no_merges", command.no_merges, "only beads of single sentences");
    return align;
  }

  AlignCommand Parse() const {
    AlignCommand result = command;
    const int files = static_cast<int>(result.files.size());
    if (files < kFilesMin || files > kFilesMax) {
      throw UsageError("FILE",
                       absl::StrFormat("%d given; expected %d to %d", files, kFilesMin, kFilesMax));
    }
    CheckStandardInputOnce(result.files);
    result.format =
        ParseFormat(format, {OutputFormat::kTable, OutputFormat::kTsv, OutputFormat::kJsonl,
                             OutputFormat::kBeads, OutputFormat::kTmx, OutputFormat::kXliff,
                             OutputFormat::kHtml});
    if (result.format == OutputFormat::kXliff && files != 2) {
      throw UsageError("--format=xliff",
                       absl::StrFormat("%d files given; XLIFF holds two versions, "
                                       "TMX any number (--format=tmx)",
                                       files));
    }
    result.input = input.Parse();
    result.languages = SplitList(languages);
    if (!result.languages.empty() && result.languages.size() != result.files.size()) {
      throw UsageError("--languages",
                       absl::StrFormat("%d given for %d files", result.languages.size(), files));
    }
    CheckProbability("--min_probability", result.min_probability);
    CheckProbability("--min_document_probability", result.min_document_probability.value_or(0));
    CheckBeadSize(result.max_bead_size);
    return result;
  }
};

struct DetectFlags {
  DetectCommand command;
  InputFlags input;
  std::string format;
  std::string candidates;
  std::string hints;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* detect = app.add_subcommand("detect", "name the languages of files, lines or spans");
    detect->footer(kDetectFooter);
    detect->add_option("FILE", command.files, "files to read; none or -: standard input")
        ->type_name("");
    input.AddTo(*detect);
    detect
        ->add_option("--top", command.top,
                     absl::StrCat("how many guesses to give, 1 to ", kTopMax, "; default 1"))
        ->type_name("K");
    detect->add_option("--candidates", candidates, "consider only these languages (BCP-47)")
        ->type_name("CODE,CODE...");
    detect->add_option("--hints", hints, "languages that are likelier than others (BCP-47)")
        ->type_name("CODE,CODE...");
    detect->add_flag("--spans", command.spans, "cut each text into spans of one language each");
    detect
        ->add_option("--model", command.model,
                     "the identifier to ask, by its name in hexapla models; default the server's")
        ->type_name("NAME");
    detect->add_flag("--group_macrolanguages", command.group_macrolanguages,
                     "answer sh for hr, bs and sr; ms for id; no for nb and nn; and so on");
    detect->add_flag("--skip_normalization", command.skip_normalization,
                     "ask about the text as it is, capitals and addresses included");
    detect->add_option("--format", format, "table (default at a terminal), tsv (else), jsonl")
        ->type_name("NAME");
    return detect;
  }

  DetectCommand Parse() const {
    DetectCommand result = command;
    if (result.files.empty()) result.files.push_back("-");
    CheckStandardInputOnce(result.files);
    result.input = input.Parse();
    result.format =
        ParseFormat(format, {OutputFormat::kTable, OutputFormat::kTsv, OutputFormat::kJsonl});
    if (result.top < 1 || result.top > kTopMax) {
      throw UsageError("--top", absl::StrCat("must lie between 1 and ", kTopMax));
    }
    result.candidates = SplitLanguages("--candidates", candidates);
    result.hints = SplitLanguages("--hints", hints);
    return result;
  }
};

void AddRetryFor(CLI::App& app, std::string& retry_for) {
  app.add_option("--retry_for", retry_for,
                 "how long to try again while the server is unavailable or overloaded; default 1m")
      ->type_name("TIME");
}

absl::Duration ParseRetryFor(const std::string& text, absl::Duration otherwise) {
  if (text.empty()) return otherwise;
  // Zero is a wish one may have here.
  return text == "0" ? absl::ZeroDuration() : ParseTime("--retry_for", text);
}

struct CorpusFlags {
  CorpusCommand command;
  std::vector<std::string> files;
  std::string format;
  std::string languages;
  std::string retry_for;
  std::string shard;
  std::string progress;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* corpus = app.add_subcommand("corpus", "align many sets of versions, resumable");
    corpus->footer(kCorpusFooter);
    corpus->add_option("FILE", files, "IN.jsonl OUT.jsonl; - is standard input or output")
        ->type_name("");
    corpus
        ->add_option("--format", format,
                     "jsonl (default), tmx (1.4b, one memory of all sets), xliff (2.1, a <file>\n"
                     "a set; sets of two versions, --languages=SOURCE,TARGET needed)")
        ->type_name("NAME");
    corpus
        ->add_option("--pages", command.pages, "also write each set as a page to read, DIR/ID.html")
        ->type_name("DIR");
    corpus
        ->add_option("--languages", languages,
                     "languages of the versions in order where a set does not name them")
        ->type_name("CODE,CODE...");
    corpus->add_option("--workers", command.workers, "sets in flight; default 16")->type_name("N");
    AddRetryFor(*corpus, retry_for);
    corpus->add_option("--shard", shard, "do every N-th line only, from number I, 0 to N-1, on")
        ->type_name("I/N");
    corpus->add_flag("--allow_failed_sets", command.allow_failed_sets,
                     "exit 0 when all is done, even if sets failed");
    corpus
        ->add_option("--progress", progress,
                     "auto (default: bar at a terminal, else lines), bar, lines, none")
        ->type_name("NAME");
    corpus
        ->add_option("--min_probability", command.min_probability,
                     "leave out beads under this probability")
        ->type_name("P");
    corpus
        ->add_option("--max_bead_size", command.max_bead_size,
                     absl::StrCat("most sentences of one version in a bead, 1 to ", kBeadSizeMax))
        ->type_name("N");
    corpus->add_flag("--no_merges", command.no_merges, "only beads of single sentences");
    return corpus;
  }

  CorpusCommand Parse() const {
    CorpusCommand result = command;
    if (files.size() != 2) {
      throw UsageError("FILE",
                       absl::StrFormat("%d given; expected IN.jsonl OUT.jsonl", files.size()));
    }
    result.input = files[0];
    result.output = files[1];
    result.languages = SplitList(languages);
    if (result.languages.size() > kFilesMax) {
      throw UsageError("--languages", absl::StrFormat("%d given; a set has at most %d versions",
                                                      result.languages.size(), kFilesMax));
    }
    result.format =
        ParseFormat(format, {OutputFormat::kJsonl, OutputFormat::kTmx, OutputFormat::kXliff})
            .value_or(OutputFormat::kJsonl);
    if (result.format == OutputFormat::kXliff &&
        (result.languages.size() != 2 || result.languages[0].empty() ||
         result.languages[1].empty())) {
      throw UsageError("--format=xliff", "needs the two languages of the file: --languages=en,fr");
    }
    if (result.workers < 1 || result.workers > kSetsInFlightMax) {
      throw UsageError("--workers", absl::StrCat("must lie between 1 and ", kSetsInFlightMax));
    }
    if (!shard.empty()) ParseShard(result);
    result.retry_for = ParseRetryFor(retry_for, result.retry_for);
    if (!progress.empty()) {
      result.progress = ValueNamed(
          "--progress", progress, kProgressStyles,
          {ProgressStyle::kAuto, ProgressStyle::kBar, ProgressStyle::kLines, ProgressStyle::kNone});
    }
    CheckProbability("--min_probability", result.min_probability);
    CheckBeadSize(result.max_bead_size);
    return result;
  }

  void ParseShard(CorpusCommand& result) const {
    const std::vector<std::string> parts = absl::StrSplit(shard, '/');
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &result.shard) ||
        !absl::SimpleAtoi(parts[1], &result.shards) || result.shards < 1 ||
        result.shards > kShardsMax || result.shard < 0 || result.shard >= result.shards) {
      throw UsageError("--shard",
                       absl::StrCat(shard, ": expected I/N, where I lies between 0 and N - 1",
                                    " and N between 1 and ", kShardsMax));
    }
  }
};

struct MatchFlags {
  MatchCommand command;
  InputFlags input;
  std::string format;
  std::string languages;
  std::string retry_for;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* match = app.add_subcommand("match", "find which files are versions of one another");
    match->footer(kMatchFooter);
    match->add_option("FILE", command.files, "documents in any order; - is standard input")
        ->type_name("");
    match
        ->add_option("--files_from", command.files_from,
                     "read further names from FILE, one a line; - is standard input")
        ->type_name("FILE");
    match->add_option("--format", format, "tsv (default): names alone; jsonl: probabilities too")
        ->type_name("NAME");
    input.AddTo(*match);
    match
        ->add_option("--languages", languages,
                     "languages of the files in order (BCP-47); an empty entry is detected,\n"
                     "as the second of en,")
        ->type_name("CODE,CODE...");
    match
        ->add_option("--min_probability", command.min_probability,
                     "least probability of files in one group; default 0.5")
        ->type_name("P");
    match->add_flag("--allow_same_language", command.allow_same_language,
                    "a group may hold several files of one language");
    AddRetryFor(*match, retry_for);
    return match;
  }

  MatchCommand Parse() const {
    MatchCommand result = command;
    if (result.files.empty() && result.files_from.empty()) {
      throw UsageError("FILE", "none given, nor --files_from");
    }
    std::vector<std::string> inputs = result.files;
    inputs.push_back(result.files_from);
    CheckStandardInputOnce(inputs);
    result.format = ParseFormat(format, {OutputFormat::kTsv, OutputFormat::kJsonl})
                        .value_or(OutputFormat::kTsv);
    result.input = input.Parse();
    result.languages = SplitList(languages);
    CheckProbability("--min_probability", result.min_probability);
    result.retry_for = ParseRetryFor(retry_for, result.retry_for);
    return result;
  }
};

struct ScoreFlags {
  std::vector<std::string> files;
  std::string languages;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* score = app.add_subcommand("score", "say how parallel pairs of sentences are");
    score->footer(kScoreFooter);
    score->add_option("FILE", files, "pairs to read; none or -: standard input")->type_name("");
    score
        ->add_option("--languages", languages,
                     "languages of the two columns (BCP-47); an empty entry is detected")
        ->type_name("CODE,CODE");
    return score;
  }

  ScoreCommand Parse() const {
    ScoreCommand result;
    if (files.size() > 1) {
      throw UsageError("FILE", absl::StrFormat("%d given; expected at most one", files.size()));
    }
    if (!files.empty()) result.file = files[0];
    result.languages = SplitList(languages);
    if (!result.languages.empty() && result.languages.size() != 2) {
      throw UsageError("--languages",
                       absl::StrFormat("%d given for two columns", result.languages.size()));
    }
    return result;
  }
};

struct ModelsFlags {
  std::string format;

  CLI::App* AddTo(CLI::App& app) {
    CLI::App* models = app.add_subcommand("models", "list the models of the server");
    models->footer(kModelsFooter);
    models->add_option("--format", format, "table (default at a terminal), tsv (else), jsonl")
        ->type_name("NAME");
    return models;
  }

  ModelsCommand Parse() const {
    return {.format = ParseFormat(
                format, {OutputFormat::kTable, OutputFormat::kTsv, OutputFormat::kJsonl})};
  }
};

// CLI11 takes the word after "--flag=" for its value, which is never meant.
void CheckValues(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    if (!absl::StartsWith(argument, "--") || argument.find('=') != argument.size() - 1) continue;
    throw UsageError(argument.substr(0, argument.size() - 1), "the value is empty");
  }
}

EarlyExit UsageExit(const CLI::App& app, const std::string& problem) {
  const std::vector<const CLI::App*> commands = app.get_subcommands(
      [](const CLI::App* command) { return command->parsed() && !command->get_group().empty(); });
  const std::string name =
      commands.empty() ? "hexapla" : absl::StrCat("hexapla ", commands.front()->get_name());
  return {
      .exit_code = kExitUsage,
      .standard_error = absl::StrCat(name, ": ", Printable(problem), " (see ", name, " --help)\n")};
}

}  // namespace

std::variant<CommandLine, EarlyExit> ParseCommandLine(const std::vector<std::string>& arguments,
                                                      const Environment& environment) {
  CLI::App app(kDescription, "hexapla");
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("hexapla ", kVersion));
  app.require_subcommand(1);
  app.fallthrough();

  ConnectionFlags connection;
  AlignFlags align;
  DetectFlags detect;
  CorpusFlags corpus;
  MatchFlags match;
  ScoreFlags score;
  ModelsFlags models;
  connection.AddTo(app);
  CLI::App* align_app = align.AddTo(app);
  CLI::App* detect_app = detect.AddTo(app);
  CLI::App* corpus_app = corpus.AddTo(app);
  CLI::App* match_app = match.AddTo(app);
  CLI::App* score_app = score.AddTo(app);
  CLI::App* models_app = models.AddTo(app);
  CLI::App* health_app = app.add_subcommand("health", "say whether the server is serving");
  health_app->footer(kHealthFooter);

  try {
    CheckValues(arguments);
    // CLI11 takes the words last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    CommandLine result = {.connection = connection.Parse(environment), .command = HealthCommand()};
    if (align_app->parsed()) result.command = align.Parse();
    if (detect_app->parsed()) result.command = detect.Parse();
    if (corpus_app->parsed()) result.command = corpus.Parse();
    if (match_app->parsed()) result.command = match.Parse();
    if (score_app->parsed()) result.command = score.Parse();
    if (models_app->parsed()) result.command = models.Parse();
    return result;
  } catch (const CLI::CallForVersion& version) {
    return EarlyExit{.standard_output = absl::StrCat(version.what(), "\n")};
  } catch (const CLI::CallForHelp&) {
    return EarlyExit{.standard_output = app.help()};
  } catch (const CLI::RequiredError&) {
    // Nothing is required but a command.
    const std::vector<std::string> words = app.remaining();
    return UsageExit(
        app, words.empty() ? "no command given" : absl::StrCat("unknown command ", words.front()));
  } catch (const CLI::Error& error) {
    return UsageExit(app, error.what());
  }
}

}  // namespace hexapla
