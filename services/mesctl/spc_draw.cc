#include "services/mesctl/spc_draw.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace mes::mesctl {
namespace {

// Columns of the labels: `UCL -0.00144667 |`.
constexpr size_t kMargin = 18;

struct Scale {
  double low = 0, high = 1;
  int rows = 1;
  // 0 is the top row.
  int RowOf(double value) const {
    const double share = (value - low) / (high - low);
    return std::clamp(static_cast<int>(std::lround((1 - share) * (rows - 1))), 0, rows - 1);
  }
};

Scale ScaleOf(const DrawnChart& chart) {
  std::vector<double> all;
  for (const DrawnPoint& point : chart.points) {
    if (point.value) all.push_back(*point.value);
  }
  for (const auto& line : {chart.lower, chart.center, chart.upper}) {
    if (line) all.push_back(*line);
  }
  Scale scale;
  scale.rows = chart.rows;
  if (all.empty()) return scale;
  const auto [low, high] = std::minmax_element(all.begin(), all.end());
  const double room = *high > *low ? (*high - *low) * 0.04 : std::max(std::abs(*high) * 0.01, 1e-9);
  scale.low = *low - room;
  scale.high = *high + room;
  return scale;
}

std::string Label(const std::string& name, double value) {
  std::string text = name + (name.empty() ? "" : " ") + FigureText(value);
  return std::string(kMargin - 2 - std::min(kMargin - 2, text.size()), ' ') + text + " |";
}

}  // namespace

std::string FigureText(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::vector<std::string> Draw(const DrawnChart& chart) {
  const Scale scale = ScaleOf(chart);
  std::vector<std::string> labels(static_cast<size_t>(chart.rows), std::string(kMargin - 1, ' ') + "|");
  std::vector<std::string> canvas(static_cast<size_t>(chart.rows), std::string(chart.points.size(), ' '));
  const auto line = [&](const std::optional<double>& value, const std::string& name, char mark) {
    if (!value) return;
    const size_t row = static_cast<size_t>(scale.RowOf(*value));
    labels[row] = Label(name, *value);
    for (size_t i = 0; i < canvas[row].size(); ++i) canvas[row][i] = mark == '-' || i % 2 == 0 ? mark : ' ';
  };
  if (!chart.upper && !chart.points.empty()) {
    labels.front() = Label("", scale.high);
    labels.back() = Label("", scale.low);
  }
  line(chart.lower, "LCL", '.');
  line(chart.upper, "UCL", '.');
  line(chart.center, "CL", '-');
  for (size_t i = 0; i < chart.points.size(); ++i) {
    const DrawnPoint& point = chart.points[i];
    if (!point.value) continue;
    canvas[static_cast<size_t>(scale.RowOf(*point.value))][i] = point.marked ? 'X' : point.late ? 'L' : 'o';
  }
  std::vector<std::string> lines{chart.title};
  for (size_t row = 0; row < canvas.size(); ++row) {
    std::string text = labels[row] + canvas[row];
    text.erase(text.find_last_not_of(' ') + 1);
    lines.push_back(std::move(text));
  }
  return lines;
}

}  // namespace mes::mesctl
