#include "load/statistics.h"

#include <algorithm>

namespace bridgehall::load {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double robust_rise(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 2 || x.size() != y.size()) return 0;
  std::vector<double> slopes;
  slopes.reserve(x.size() * (x.size() - 1) / 2);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (auto j = i + 1; j < x.size(); ++j)
      if (x[i] != x[j]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  return median(std::move(slopes)) * (*most - *least);
}

double rise_by_thirds(std::span<const double> values) {
  const auto third = values.size() / 3;
  if (third == 0) return 0;
  const auto first = values.first(third), last = values.last(third);
  return median({last.begin(), last.end()}) - median({first.begin(), first.end()});
}

}  // namespace bridgehall::load
