// SPDX-License-Identifier: Apache-2.0
#include "tests/load/calls.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"

#include "hexapla/v1/alignment_service.grpc.pb.h"
#include "hexapla/v1/language_service.grpc.pb.h"
#include "tests/load/echo.grpc.pb.h"
#include "tests/load/echo_text.h"

namespace hexapla::load {
namespace {

struct Text {
  const char* language;
  const char* text;
};

constexpr std::array<Text, 6> kTexts = {{
    {"en",
     "The ferry to the island leaves every morning at seven, unless the wind is so strong that "
     "the harbour master closes it."},
    {"fr",
     "Le bac pour l'île part chaque matin à sept heures, sauf si le vent est si fort que le port "
     "doit rester fermé."},
    {"de",
     "Die Fähre zur Insel fährt jeden Morgen um sieben Uhr ab, wenn der Wind nicht so stark ist, "
     "dass der Hafen schließt."},
    {"es",
     "El barco que lleva a la isla sale cada mañana a las siete, salvo que el viento obligue a "
     "cerrar el puerto."},
    {"ru", "Паром на остров уходит каждое утро в семь часов, если ветер не слишком сильный."},
    {"vi",
     "Chuyến phà ra đảo khởi hành lúc bảy giờ mỗi buổi sáng, trừ khi gió quá mạnh và cảng phải "
     "đóng cửa."},
}};

// Eight sentences that say the same; a number keeps repetitions apart.
constexpr std::array<std::pair<const char*, const char*>, 8> kPairs = {{
    {"The ferry number $0 leaves the harbour at seven in the morning.",
     "Le bac numéro $0 quitte le port à sept heures du matin."},
    {"Its captain has sailed between the islands for twenty years.",
     "Son capitaine navigue entre les îles depuis vingt ans."},
    {"Most of the passengers work in the fish market of the town.",
     "La plupart des passagers travaillent au marché aux poissons de la ville."},
    {"In winter the wind is often too strong, and nobody can leave.",
     "En hiver, le vent est souvent trop fort et personne ne peut partir."},
    {"Then the teacher $0 gives her lessons over the radio.",
     "Alors l'institutrice $0 donne ses cours par la radio."},
    {"The children like the storm better than the school.",
     "Les enfants aiment mieux la tempête que l'école."},
    {"A ticket costs $0 crowns, and dogs travel free.",
     "Un billet coûte $0 couronnes, et les chiens voyagent gratuitement."},
    {"The last boat returns when the lighthouse is lit.",
     "Le dernier bateau revient quand on allume le phare."},
}};

template <typename Stub, typename Request, typename Reply>
class TypedCaller final : public Caller {
 public:
  using Prepare = std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);
  using Check = std::function<absl::Status(const Reply&)>;

  TypedCaller(std::unique_ptr<Stub> stub, Prepare prepare, Request request, Check check)
      : stub_(std::move(stub)),
        prepare_(prepare),
        request_(std::move(request)),
        check_(std::move(check)) {}

  size_t request_bytes() const override { return request_.ByteSizeLong(); }
  std::string SerializedRequest() const override { return request_.SerializeAsString(); }

  void Start(std::chrono::system_clock::time_point deadline, grpc::CompletionQueue& queue,
             TagOf make_tag) const override {
    auto owned = std::make_unique<Call>(check_);
    Call& call = *owned;
    void* const tag = make_tag(std::move(owned));
    call.Start(*stub_, prepare_, request_, deadline, queue, tag);
  }

 private:
  class Call final : public PendingCall {
   public:
    explicit Call(const Check& check) : check_(check) {}

    void Start(Stub& stub, Prepare prepare, const Request& request,
               std::chrono::system_clock::time_point deadline, grpc::CompletionQueue& queue,
               void* tag) {
      context_.set_deadline(deadline);
      // Held here: once Finish is called, the call may end and be deleted.
      const auto reader = (stub.*prepare)(&context_, request, &queue);
      reader->StartCall();
      reader->Finish(&reply_, &status_, tag);
    }

    absl::Status CheckReply() const override { return check_(reply_); }
    size_t reply_bytes() const override { return reply_.ByteSizeLong(); }

   private:
    const Check& check_;
    Reply reply_;
  };

  const std::unique_ptr<Stub> stub_;
  const Prepare prepare_;
  const Request request_;
  const Check check_;
};

std::unique_ptr<Caller> MakeDetectCaller(std::shared_ptr<grpc::Channel> channel, int texts) {
  using Stub = v1::LanguageService::Stub;
  const v1::DetectLanguagesRequest request = MakeDetectRequest(texts);
  return std::make_unique<
      TypedCaller<Stub, v1::DetectLanguagesRequest, v1::DetectLanguagesResponse>>(
      v1::LanguageService::NewStub(std::move(channel)), &Stub::PrepareAsyncDetectLanguages, request,
      [request](const auto& reply) { return CheckDetectReply(request, reply); });
}

std::unique_ptr<Caller> MakeAlignCaller(std::shared_ptr<grpc::Channel> channel, int repetitions,
                                        bool as_text) {
  using Stub = v1::AlignmentService::Stub;
  const int sentences = repetitions * static_cast<int>(kPairs.size());
  return std::make_unique<TypedCaller<Stub, v1::AlignDocumentsRequest, v1::AlignDocumentsResponse>>(
      v1::AlignmentService::NewStub(std::move(channel)), &Stub::PrepareAsyncAlignDocuments,
      MakeAlignRequest(repetitions, as_text),
      [sentences](const auto& reply) { return CheckAlignReply(sentences, reply); });
}

// The largest payload with which `message` has at most `bytes`, of gRPC's frame nothing.
template <typename Message>
void FillPayload(size_t bytes, Message& message) {
  size_t payload = std::max<size_t>(1, bytes);
  do {
    SetEcho("0123456789abcdef", payload, *message.mutable_payload());
  } while (message.ByteSizeLong() > bytes && --payload > 0);
}

std::unique_ptr<Caller> MakeEchoCaller(std::shared_ptr<grpc::Channel> channel,
                                       const EchoSizes& sizes) {
  using Stub = EchoService::Stub;
  EchoResponse expected;
  FillPayload(sizes.reply_bytes, expected);
  EchoRequest request;
  request.set_reply_bytes(static_cast<int>(expected.payload().size()));
  FillPayload(std::max<size_t>(sizes.request_bytes, 8), request);
  SetEcho(request.payload(), expected.payload().size(), *expected.mutable_payload());
  return std::make_unique<TypedCaller<Stub, EchoRequest, EchoResponse>>(
      EchoService::NewStub(std::move(channel)), &Stub::PrepareAsyncEcho, std::move(request),
      [payload = expected.payload()](const EchoResponse& reply) {
        return reply.payload() == payload ? absl::OkStatus()
                                          : absl::DataLossError("another echo than asked for");
      });
}

using Factory =
    std::function<std::unique_ptr<Caller>(std::shared_ptr<grpc::Channel>, const EchoSizes& echo)>;

const std::map<std::string, Factory>& Factories() {
  static const auto& factories = *new std::map<std::string, Factory>{
      {"detect", [](auto channel, const auto&) { return MakeDetectCaller(channel, 1); }},
      {"detect_batch", [](auto channel, const auto&) { return MakeDetectCaller(channel, 256); }},
      {"align", [](auto channel, const auto&) { return MakeAlignCaller(channel, 1, false); }},
      {"align_text", [](auto channel, const auto&) { return MakeAlignCaller(channel, 1, true); }},
      {"align_long", [](auto channel, const auto&) { return MakeAlignCaller(channel, 60, false); }},
      {"echo", [](auto channel, const auto& echo) { return MakeEchoCaller(channel, echo); }},
  };
  return factories;
}

// Counts `indices` of a version; an error for one out of range.
absl::Status Count(const google::protobuf::RepeatedField<int32_t>& indices,
                   std::vector<int>& counts) {
  for (const int32_t index : indices) {
    if (index < 0 || static_cast<size_t>(index) >= counts.size()) {
      return absl::DataLossError(
          absl::StrCat("a bead has the sentence ", index, " of ", counts.size()));
    }
    ++counts[static_cast<size_t>(index)];
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> CallNames() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : Factories()) names.push_back(name);
  return names;
}

absl::StatusOr<std::unique_ptr<Caller>> MakeCaller(absl::string_view call,
                                                   std::shared_ptr<grpc::Channel> channel,
                                                   const EchoSizes& echo) {
  const auto found = Factories().find(std::string(call));
  if (found != Factories().end()) return found->second(std::move(channel), echo);
  return absl::InvalidArgumentError(absl::StrCat("there is no call \"", call, "\"; there are ",
                                                 absl::StrJoin(CallNames(), ", ")));
}

v1::DetectLanguagesRequest MakeDetectRequest(int texts) {
  v1::DetectLanguagesRequest request;
  for (int i = 0; i < texts; ++i) request.add_texts(kTexts[i % kTexts.size()].text);
  return request;
}

absl::Status CheckDetectReply(const v1::DetectLanguagesRequest& request,
                              const v1::DetectLanguagesResponse& reply) {
  if (reply.results_size() != request.texts_size()) {
    return absl::DataLossError(
        absl::StrCat("the reply has ", reply.results_size(), " results of ", request.texts_size()));
  }
  for (int i = 0; i < reply.results_size(); ++i) {
    const std::string& language = reply.results(i).detection().language();
    if (language == kTexts[i % kTexts.size()].language) continue;
    return absl::DataLossError(absl::StrCat("text ", i, " is taken for ", language));
  }
  return absl::OkStatus();
}

v1::AlignDocumentsRequest MakeAlignRequest(int repetitions, bool as_text) {
  v1::AlignDocumentsRequest request;
  v1::DocumentVersion& source = *request.add_versions();
  v1::DocumentVersion& target = *request.add_versions();
  source.set_language("en");
  target.set_language("fr");
  const auto add = [as_text](const std::string& sentence, v1::DocumentVersion& version) {
    if (as_text) {
      absl::StrAppend(version.mutable_text(), sentence, " ");
    } else {
      version.add_sentences(sentence);
    }
  };
  for (int repetition = 1; repetition <= repetitions; ++repetition) {
    for (const auto& [english, french] : kPairs) {
      add(absl::Substitute(english, repetition), source);
      add(absl::Substitute(french, repetition), target);
    }
  }
  return request;
}

absl::Status CheckAlignReply(int sentences, const v1::AlignDocumentsResponse& reply) {
  std::array<std::vector<int>, 2> counts;
  counts.fill(std::vector<int>(static_cast<size_t>(sentences)));
  for (const v1::Bead& bead : reply.beads()) {
    if (bead.sides_size() != 2) return absl::DataLossError("a bead has not two sides");
    for (int side = 0; side < 2; ++side) {
      const absl::Status known = Count(bead.sides(side).sentence_indices(), counts[side]);
      if (!known.ok()) return known;
    }
  }
  for (const std::vector<int>& version : counts) {
    if (std::all_of(version.begin(), version.end(), [](int count) { return count == 1; })) continue;
    return absl::DataLossError("a sentence is missing, or stands in two beads");
  }
  if (reply.summary().document_probability() >= 0.5) return absl::OkStatus();
  return absl::DataLossError("the versions are taken for strangers");
}

}  // namespace hexapla::load
