#include "db/spc_state.h"

#include <cstring>
#include <stdexcept>

namespace mes::db {
namespace {

constexpr char kLayout = 1;
constexpr uint64_t kJudgedAfter = 1;
constexpr uint64_t kCleanBefore = 2;

class Writer {
 public:
  void Unsigned(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void Signed(int64_t value) { Unsigned((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63)); }
  void Double(double value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
  }
  void Text(std::string_view text) {
    Unsigned(text.size());
    bytes_ += text;
  }
  void Time(domain::Time time) {
    Signed(domain::ToMicros(time) - last_);
    last_ = domain::ToMicros(time);
  }
  void BeginChart() { last_ = 0; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
  int64_t last_ = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t Unsigned() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = static_cast<unsigned char>(Raw(1)[0]);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw std::invalid_argument("spc_state: a number is too long");
  }
  int64_t Signed() {
    const uint64_t value = Unsigned();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  double Double() {
    double value = 0;
    std::memcpy(&value, Raw(sizeof value).data(), sizeof value);
    return value;
  }
  std::string Text() { return std::string(Raw(Unsigned())); }
  domain::Time Time() { return domain::FromMicros(last_ += Signed()); }
  void BeginChart() { last_ = 0; }
  std::string_view Raw(size_t size) {
    if (size > bytes_.size()) throw std::invalid_argument("spc_state: the bytes end too early");
    const std::string_view raw = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return raw;
  }
  bool AtEnd() const { return bytes_.empty(); }
  // A count of things that take at least a byte each.
  size_t Count() {
    const uint64_t count = Unsigned();
    if (count > bytes_.size()) throw std::invalid_argument("spc_state: a count is beyond the bytes");
    return count;
  }

 private:
  std::string_view bytes_;
  int64_t last_ = 0;
};

size_t ValuesPerPoint(domain::ChartDesign design) {
  return design.kind == domain::ChartKind::kMeanDeviation ? 2 : static_cast<size_t>(design.subgroup);
}

// The mean as it was computed from the values: the same function gives the same bits.
double MeanOf(domain::ChartDesign design, const domain::ChartPoint& point) { return domain::SubgroupOf(design, point).mean; }

void Put(Writer& writer, const std::vector<domain::PendingValue>& values) {
  writer.Unsigned(values.size());
  for (const domain::PendingValue& value : values) {
    writer.Time(value.time);
    writer.Double(value.value);
  }
}

void Put(Writer& writer, const domain::StationCharts::Chart& chart) {
  const domain::ChartState& state = chart.state;
  writer.BeginChart();
  writer.Text(chart.characteristic_code);
  writer.Unsigned(static_cast<uint64_t>(chart.position));
  writer.Unsigned(static_cast<uint64_t>(state.design.kind));
  writer.Unsigned(static_cast<uint64_t>(state.design.subgroup));
  writer.Unsigned(static_cast<uint64_t>(state.limits_version));
  writer.Unsigned(static_cast<uint64_t>(state.plotted));
  writer.Unsigned(static_cast<uint64_t>(state.equal_points));
  writer.Unsigned((state.judged_after ? kJudgedAfter : 0) | (state.clean_before ? kCleanBefore : 0));
  if (state.judged_after) writer.Time(*state.judged_after);
  if (state.clean_before) writer.Time(*state.clean_before);
  Put(writer, state.open);
  Put(writer, state.late);
  writer.Unsigned(state.points.size());
  writer.Unsigned(state.stored);
  for (size_t i = 0; i < state.points.size(); ++i) {
    const domain::ChartPoint& point = state.points[i];
    writer.Time(point.time);
    writer.Unsigned(uint64_t{point.signals} * 2 + (point.late ? 1 : 0));
    if (i < state.stored) {
      writer.Double(point.mean);
    } else {
      for (const double value : point.values) writer.Double(value);
    }
  }
}

void Take(Reader& reader, std::vector<domain::PendingValue>& values) {
  values.resize(reader.Count());
  for (domain::PendingValue& value : values) {
    value.time = reader.Time();
    value.value = reader.Double();
  }
}

void Take(Reader& reader, domain::StationCharts::Chart& chart) {
  domain::ChartState& state = chart.state;
  reader.BeginChart();
  chart.characteristic_code = reader.Text();
  chart.position = static_cast<int16_t>(reader.Unsigned());
  state.design.kind = static_cast<domain::ChartKind>(reader.Unsigned());
  state.design.subgroup = static_cast<int>(reader.Unsigned());
  state.limits_version = static_cast<int32_t>(reader.Unsigned());
  state.plotted = static_cast<int64_t>(reader.Unsigned());
  state.equal_points = static_cast<int32_t>(reader.Unsigned());
  const uint64_t flags = reader.Unsigned();
  if ((flags & kJudgedAfter) != 0) state.judged_after = reader.Time();
  if ((flags & kCleanBefore) != 0) state.clean_before = reader.Time();
  Take(reader, state.open);
  Take(reader, state.late);
  state.points.resize(reader.Count());
  state.stored = reader.Unsigned();
  if (state.stored > state.points.size()) throw std::invalid_argument("spc_state: more points are stored than there are");
  for (size_t i = 0; i < state.points.size(); ++i) {
    domain::ChartPoint& point = state.points[i];
    point.time = reader.Time();
    const uint64_t marks = reader.Unsigned();
    point.signals = static_cast<domain::Signals>(marks >> 1);
    point.late = (marks & 1) != 0;
    if (i < state.stored) {
      point.mean = reader.Double();
      continue;
    }
    point.values.resize(ValuesPerPoint(state.design));
    for (double& value : point.values) value = reader.Double();
    point.mean = MeanOf(state.design, point);
  }
}

}  // namespace

std::string Encode(const domain::StationCharts& charts) {
  Writer writer;
  writer.bytes() += kLayout;
  writer.Unsigned(charts.charts.size());
  for (const domain::StationCharts::Chart& chart : charts.charts) Put(writer, chart);
  return std::move(writer.bytes());
}

domain::StationCharts DecodeCharts(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.Raw(1)[0] != kLayout) throw std::invalid_argument("spc_state: a layout that is not known here");
  domain::StationCharts charts;
  charts.charts.resize(reader.Count());
  for (domain::StationCharts::Chart& chart : charts.charts) Take(reader, chart);
  if (!reader.AtEnd()) throw std::invalid_argument("spc_state: bytes are left over");
  return charts;
}

}  // namespace mes::db
