// Robust statistics of few numbers: one odd minute in an hour changes nothing.
#pragma once

#include <span>
#include <vector>

namespace bridgehall::load {

// 0 of none; the mean of the middle two of an even number.
double median(std::vector<double> values);

// By how much y changes over the whole of x, by the median of the slopes between all pairs of points (Theil and Sen):
// up to 29 % of the points may be anything. 0 of less than two points. O(n²): for hundreds.
double robust_rise(std::span<const double> x, std::span<const double> y);

// The median of the last third less that of the first: sees a step that came late, which a line does not.
double rise_by_thirds(std::span<const double> values);

}  // namespace bridgehall::load
