// Whether codes fit the data: how many of the true neighbours of some rows the codes put near the
// front. Codes that do not are no basis for a walk, however broad, and the next richer form is
// taken (engine.h: Form).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "codes/codec.h"
#include "engine/samples.h"
#include "rhumb/cpp/host.h"

namespace rhumb::coded {

inline constexpr uint32_t kFitSamples = 64;  // rows that ask
// a neighbour may stand behind so many rows that are farther than it is
inline constexpr uint32_t kFitPlaces = 48;
inline constexpr double kFitShare = 0.995;      // of the neighbours that have to
inline constexpr uint32_t kTrialRows = 8192;    // looked at before a graph is begun
inline constexpr uint32_t kTrialPlacesMin = 6;  // fewer rows: fewer places
inline constexpr double kTrialShare = 0.96;

struct Fit {
  // neighbours by how many farther rows they stand behind
  std::array<uint32_t, kFitPlaces + 1> behind{};
  uint32_t of = 0;
  // Of the neighbours, those behind no more than so many rows.
  double share(uint32_t places = kFitPlaces) const;
  // Behind so many rows are all but a few of those that share() counts.
  uint32_t places() const;
};

// Why a graph is compared by what it is compared by; files name it by number.
enum class Why : uint32_t { kUsual = 0, kAsked = 1, kNarrow = 2, kUnfit = 3, kOneBitUnfit = 4 };
inline constexpr uint32_t kWhyEnd = 5;
std::string why_text(Why why, float share);

// Of samples whose answers are known, over a graph whose nodes have codes.
Fit fit_of_graph(const Graph& graph, const Codec& codec, std::span<const Sample> samples,
                 const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                 const rhumb_call_t* call, const Host& host);
// The same before there is one: the codec is tried on kTrialRows of `slots`, evenly spread and
// ascending. The share of neighbours that it places well among them; from kTrialShare on it is
// worth a graph.
double trial_share(const Codec& codec, std::span<const uint32_t> slots,
                   const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                   const Kernels& kernels, const Host& host);

}  // namespace rhumb::coded
