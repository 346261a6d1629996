#include "domain/dismantling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "domain/limits_recycling.h"
#include "domain/recycling.h"

namespace mes::domain {
namespace {

std::string DateOf(Time time) { return FormatTime(time).substr(0, 10); }

std::string Decimal(double value) {
  char digits[32];
  // Four digits are what a bench reads; more would be a promise of the meter's.
  const double scale = value == 0 ? 1 : std::pow(10, 5 - std::ceil(std::log10(std::abs(value))));
  const double rounded = std::round(value * scale) / scale;
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, rounded).ptr);
}

std::string Joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : std::string(between)) + text;
  return joined;
}

// To the gram from a kilogram on: more digits than a scale has would only hide the figure.
std::string Kilograms(int64_t mass_ug) {
  const int64_t gram = 1'000'000;
  return FormatKilograms(mass_ug >= 1'000 * gram ? mass_ug / gram * gram : mass_ug) + " kg";
}

std::string PlaceOf(int16_t line, int16_t slot) { return std::to_string(line) + "." + std::to_string(slot); }

// Columns that a text takes: ideographs two.
size_t Width(std::string_view text) {
  size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    width += byte >= 0xE3 && byte < 0xF0 ? 2 : 1;
  }
  return width;
}

// The longest head of a text that fits, whole characters and words where there are any.
size_t Fit(std::string_view text, size_t columns) {
  size_t width = 0, last_blank = 0;
  for (size_t i = 0; i < text.size();) {
    size_t length = 1;
    while (i + length < text.size() && (static_cast<unsigned char>(text[i + length]) & 0xC0) == 0x80) ++length;
    width += Width(text.substr(i, length));
    if (width > columns) return last_blank > 0 ? last_blank : std::max<size_t>(i, 1);
    if (text[i] == ' ') last_blank = i;
    i += length;
  }
  return text.size();
}

// Lines of text below one another, wrapped; later lines stand under the first one's text.
class Paper {
 public:
  void Line(std::string label, std::string text) {
    const size_t indent = Width(label);
    while (true) {
      const size_t cut = Fit(text, kColumnsPerPage - indent);
      lines_.push_back(label + text.substr(0, cut));
      if (cut >= text.size()) return;
      text = text.substr(text[cut] == ' ' ? cut + 1 : cut);
      label.assign(indent, ' ');
    }
  }
  // What belongs together stands on one page.
  void Begin() { starts_.push_back(lines_.size()); }

  std::vector<std::vector<std::string>> Pages(const std::string& title) const {
    std::vector<std::vector<std::string>> blocks;
    for (size_t i = 0; i < starts_.size(); ++i) {
      const size_t end = i + 1 < starts_.size() ? starts_[i + 1] : lines_.size();
      blocks.emplace_back(lines_.begin() + static_cast<ptrdiff_t>(starts_[i]), lines_.begin() + static_cast<ptrdiff_t>(end));
    }
    // A head, and a foot where it goes on.
    const size_t room = kLinesPerPage - 2;
    std::vector<std::vector<std::string>> pages(1);
    for (const std::vector<std::string>& block : blocks) {
      for (size_t i = 0; i < block.size(); ++i) {
        const size_t needed = i == 0 ? std::min(block.size(), room) : 1;
        if (pages.back().size() + needed > room && !pages.back().empty()) pages.emplace_back();
        pages.back().push_back(block[i]);
      }
    }
    for (size_t i = 0; i < pages.size(); ++i) {
      const std::string number = "page " + std::to_string(i + 1) + " of " + std::to_string(pages.size());
      std::string head = title.substr(0, Fit(title, kColumnsPerPage - number.size() - 1));
      head.append(kColumnsPerPage - number.size() - Width(head), ' ');
      pages[i].insert(pages[i].begin(), head + number);
      if (i + 1 < pages.size()) pages[i].push_back("... CUT HERE: GOES ON WITH PAGE " + std::to_string(i + 2) + " ...");
    }
    return pages;
  }

 private:
  std::vector<std::string> lines_;
  std::vector<size_t> starts_;
};

void PrintHead(const BenchSheet& bench, Time now, Paper& paper) {
  const BenchUnit& unit = bench.unit;
  const DismantlingSheet& sheet = bench.sheet;
  paper.Begin();
  paper.Line("product   ",
             sheet.product_code +
                 (unit.revision ? " revision " + std::to_string(unit.revision->revision) : std::string(", bought")) +
                 (unit.finish_time ? (unit.revision ? ", made " : ", received ") + DateOf(*unit.finish_time) : std::string()) +
                 ", now " + unit.life);
  if (!unit.inside_code.empty()) paper.Line("inside    ", unit.inside_code);
  paper.Line("printed   ",
             FormatTime(std::chrono::floor<std::chrono::seconds>(now)) + "; what happens later is not on this paper");
  paper.Line("voltage   ", "at most " + Decimal(sheet.max_voltage_v) + " V, nominal " + Decimal(sheet.nominal_voltage_v) +
                               " V; wait " + std::to_string(sheet.wait_minutes) + " min after the disconnect");
  paper.Line("safe      ", sheet.safe_energy);
  for (const std::string& flag : bench.flags) paper.Line("!! ", flag);
  paper.Line("hazards   ", Joined(sheet.hazards, "; "));
  paper.Line("quarantine ", sheet.quarantine);
  // One paragraph a day: a page has room for them, not for a line each.
  std::map<std::string, std::vector<std::string>> measured;
  for (const BenchReading& reading : unit.readings) {
    const std::string range = reading.low == reading.high ? "" : Decimal(reading.low) + " to ";
    measured[DateOf(reading.time)].push_back(reading.name + " (" + reading.code + ") " + range + Decimal(reading.high) + " " +
                                             reading.unit);
  }
  for (const auto& [date, values] : measured) paper.Line("measured  ", date + ": " + Joined(values, "; "));
  if (unit.readings.empty())
    paper.Line("measured  ", "no voltage, insulation or temperature on record: measure before anything else");
  std::string health = "unknown: no test with date and method on record";
  if (unit.test_time) {
    health = "tested " + DateOf(*unit.test_time) +
             (unit.test_evidence.empty() ? "; the report is another party's: ask the maker" : ", see " + unit.test_evidence);
  }
  paper.Line("health    ", health);
  std::vector<std::string> masses;
  for (const auto& [element, mass] : unit.contents.All()) {
    masses.push_back(std::string(NameOf(element)) + " " + Kilograms(mass));
  }
  paper.Line("contains  ", Kilograms(unit.contents.total_ug) + (unit.contents.known ? "" : " and parts of unknown mass") + ": " +
                               Joined(masses, ", "));
}

void PrintStep(const OrderedStep& ordered, Paper& paper) {
  const DismantlingStep& step = ordered.step;
  paper.Begin();
  const std::string number = std::to_string(step.step);
  const bool gone = ordered.expected > 0 && ordered.present == 0;
  paper.Line(std::string(3 - std::min<size_t>(3, number.size()), ' ') + number + (gone ? " [-] " : " [ ] "),
             (gone ? "NOT THERE: " : "") + step.action);
  std::string how = step.component_code;
  if (!step.fastener.empty()) how += " | " + std::to_string(step.count) + " x " + step.fastener;
  how += " | " + step.tool + " | " + std::to_string(step.minutes) + " min";
  if (!step.hazard.empty() && step.hazard != "none") how += " | DANGER " + step.hazard;
  paper.Line("        ", how);
  if (!ordered.missing.empty()) {
    paper.Line("     !! ", "missing " + std::to_string(ordered.missing.size()) + " of " + std::to_string(ordered.expected) +
                               ": position " + Joined(ordered.missing, ", "));
  }
  // Many alike are not told one by one on paper; the answer has them all.
  if (ordered.parts.empty() || ordered.parts.size() > 12) return;
  std::vector<std::string> codes;
  for (const BenchPart& part : ordered.parts) codes.push_back(PlaceOf(part.line, part.slot) + " " + part.code);
  paper.Line("        ", Joined(codes, ", "));
}

}  // namespace

std::vector<PlantFault> CheckSheet(const DismantlingSheet& sheet, const PlantDraft& plant, const std::string& file,
                                   const std::string& path) {
  std::vector<PlantFault> faults;
  const auto product = std::find_if(plant.products.begin(), plant.products.end(),
                                    [&](const ProductRevision& made) { return made.product_code == sheet.product_code; });
  if (product == plant.products.end()) {
    faults.push_back({file, path + "/product", "there is no product `" + sheet.product_code + "`"});
    return faults;
  }
  if (sheet.steps.empty() || sheet.steps.size() > kMaxStepsPerSheet) {
    faults.push_back({file, path + "/steps", "a sheet has 1 to " + std::to_string(kMaxStepsPerSheet) + " steps"});
  }
  if (!(sheet.max_voltage_v >= sheet.nominal_voltage_v && sheet.nominal_voltage_v >= 0)) {
    faults.push_back({file, path + "/safety/max_voltage_V", "the highest voltage is below the nominal one"});
  }
  for (size_t i = 0; i < sheet.steps.size(); ++i) {
    const DismantlingStep& step = sheet.steps[i];
    const std::string place = path + "/steps/" + std::to_string(i);
    if (i > 0 && step.step <= sheet.steps[i - 1].step) {
      faults.push_back({file, place + "/step",
                        "steps must rise: " + std::to_string(step.step) + " follows " + std::to_string(sheet.steps[i - 1].step)});
    }
    const bool inside = std::any_of(product->bom.begin(), product->bom.end(),
                                    [&](const BomLine& line) { return line.material_code == step.component_code; });
    if (step.component_code != sheet.product_code && !inside) {
      faults.push_back({file, place + "/component",
                        "`" + step.component_code + "` is neither `" + sheet.product_code + "` nor in its bill of materials"});
    }
    if (step.fastener.empty() != (step.count == 0) && !step.fastener.empty()) {
      faults.push_back({file, place + "/count", "a fastener that is there has a count above zero"});
    }
  }
  return faults;
}

BenchSheet PlanDismantling(const DismantlingSheet& sheet, BenchUnit unit) {
  BenchSheet bench;
  bench.sheet = sheet;
  std::sort(unit.parts.begin(), unit.parts.end(),
            [](const BenchPart& a, const BenchPart& b) { return std::pair(a.line, a.slot) < std::pair(b.line, b.slot); });
  if (unit.observations != 0) {
    std::vector<std::string> names;
    for (const std::string_view name : NamesOf(unit.observations)) names.emplace_back(name);
    bench.flags.push_back("DAMAGE REPORTED (" + unit.observed_by + "): " + Joined(names, ", ") +
                          ". QUARANTINE FIRST: " + sheet.quarantine);
  } else {
    bench.flags.push_back("crash, swelling, leak: none reported; that is no proof of none");
  }
  for (const BenchHold& hold : unit.holds) {
    bench.flags.push_back("RECALL OR HOLD " + std::to_string(hold.hold_id) + ": " +
                          (hold.reason.empty() ? "ask the maker before anything else" : hold.reason));
  }
  for (const BenchRemoval& removal : unit.forced) {
    bench.flags.push_back("FORCED REMOVAL " + DateOf(removal.time) + ": " + (removal.code.empty() ? "a part" : removal.code) +
                          " out of position " +
                          PlaceOf(removal.line, removal.slot) + " past " + Joined(removal.overridden, ", ") +
                          (removal.replaced ? ", replaced since" : ", EMPTY SINCE"));
  }
  for (const DismantlingStep& step : sheet.steps) {
    OrderedStep& ordered = bench.steps.emplace_back();
    ordered.step = step;
    if (unit.revision != nullptr) {
      for (const BomLine& line : unit.revision->bom) {
        if (line.tracking != Tracking::kSerial || line.material_code != step.component_code) continue;
        ordered.expected += line.Slots();
        for (int32_t slot = 1; slot <= line.Slots(); ++slot) {
          const auto part = std::find_if(unit.parts.begin(), unit.parts.end(),
                                         [&](const BenchPart& there) { return there.line == line.line && there.slot == slot; });
          if (part == unit.parts.end()) {
            ordered.missing.push_back(PlaceOf(line.line, static_cast<int16_t>(slot)));
          } else {
            ordered.parts.push_back(*part);
          }
        }
      }
      ordered.present = static_cast<int32_t>(ordered.parts.size());
    }
    if (ordered.expected == 0 || ordered.present > 0) bench.minutes += step.minutes;
  }
  int32_t missing = 0;
  std::vector<const DismantlingStep*> seen;
  for (const OrderedStep& ordered : bench.steps) {
    const bool again = std::any_of(seen.begin(), seen.end(), [&](const DismantlingStep* step) {
      return step->component_code == ordered.step.component_code;
    });
    if (!again) missing += static_cast<int32_t>(ordered.missing.size());
    seen.push_back(&ordered.step);
  }
  if (missing > 0)
    bench.flags.push_back("PARTS MISSING: " + std::to_string(missing) + "; open edges and live ends where they were");
  if (unit.revision == nullptr)
    bench.flags.push_back("bought: what is inside was not recorded here; the order is the product's own");
  bench.unit = std::move(unit);
  return bench;
}

std::vector<std::vector<std::string>> PrintSheet(const BenchSheet& bench, Time now) {
  Paper paper;
  PrintHead(bench, now, paper);
  for (const OrderedStep& step : bench.steps) PrintStep(step, paper);
  paper.Begin();
  for (const std::string& threshold : bench.sheet.thresholds) paper.Line("sort      ", threshold);
  paper.Line("time      ", std::to_string(bench.minutes) + " min; standards: " + Joined(bench.sheet.standards, ", "));
  return paper.Pages("DISMANTLING SHEET " + bench.unit.code);
}

}  // namespace mes::domain
