// Measures whether codes fit the data: how many of the true neighbours of some rows the codes put
// near the front. If codes do not fit, no walk by them finds enough, however broad it is, and the
// next richer form is taken (forms.h: Form).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "codes/codec.h"
#include "engine/samples.h"
#include "rhumb/cpp/host.h"

namespace rhumb::coded {

inline constexpr uint32_t kFitSamples = 64;  // rows that serve as queries
// A neighbour is placed well if at most this many farther rows are in front of it.
inline constexpr uint32_t kFitPlaces = 48;
inline constexpr double kFitShare = 0.995;    // share of neighbours that have to be placed well
inline constexpr uint32_t kTrialRows = 8192;  // rows that are tried before a graph is begun
// The limit for a trial with fewer rows is smaller, but at least this.
inline constexpr uint32_t kTrialPlacesMin = 6;
inline constexpr double kTrialShare = 0.96;

struct Fit {
  // Number of neighbours by the number of farther rows in front of them.
  std::array<uint32_t, kFitPlaces + 1> behind{};
  uint32_t of = 0;
  // Returns the share of neighbours with at most `places` farther rows in front of them.
  double share(uint32_t places = kFitPlaces) const;
  // Returns the number of rows in front of all but a few of the neighbours that share() counts.
  uint32_t places() const;
};

// Why rows are compared by this form of codes. Files store the number.
enum class Why : uint32_t { kUsual = 0, kAsked = 1, kNarrow = 2, kUnfit = 3, kOneBitUnfit = 4 };
inline constexpr uint32_t kWhyEnd = 5;
std::string why_text(Why why, float share);

// Measures samples whose answers are known, over a graph whose nodes have codes.
Fit fit_of_graph(const Graph& graph, const Codec& codec, std::span<const Sample> samples,
                 const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                 const rhumb_call_t* call, const Host& host);
// The same before there is a graph: the codec is tried on kTrialRows of `slots`, evenly spread and
// ascending. Returns the share of neighbours that it places well among them. From kTrialShare on, a
// graph is worth building.
double trial_share(const Codec& codec, std::span<const uint32_t> slots,
                   const rhumb_kernel_t& kernel, const rhumb_vectors_t& column,
                   const Kernels& kernels, const Host& host);

}  // namespace rhumb::coded
