// `mesctl capacity forecast`.
#include <cstdio>
#include <vector>

#include "mes/v1/schedule.grpc.pb.h"
#include "services/mesctl/capacity_plan.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

std::string Whole(double value) {
  char text[48];
  snprintf(text, sizeof text, "%.0f", value);
  return text;
}

// What rests on the plan for want of a record has a star.
void PrintOutputs(const google::protobuf::RepeatedPtrField<v1::OutputForecast>& outputs) {
  Table table({"", ">P10", ">P50", ">P90", "UNIT", ">FIGURE", ">REACHED", "P50 DAY"});
  for (const auto& output : outputs) {
    table.Row({output.code() + (output.demonstrated() ? "" : " *"), Whole(output.p10()), Whole(output.p50()), Whole(output.p90()),
               output.unit(), output.target() > 0 ? Whole(output.target()) : "-",
               output.target() > 0 ? LoadText(output.reached_share()) : "-", DayOrDash(output.reached_p50())});
  }
  table.Print();
}

void Show(const Connection& connection, v1::ForecastRequest request, const std::vector<std::string>& targets) {
  for (const auto& text : targets) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos) FailUsage("--target wants PRODUCT=QUANTITY, not " + text);
    auto& target = *request.add_targets();
    target.set_product_code(text.substr(0, equals));
    *target.mutable_quantity() = QuantityOf(connection, target.product_code(), text.substr(equals + 1));
  }
  const auto response = Call(connection, &v1::ScheduleService::Stub::Forecast, request);
  if (connection.json) return PrintJson(response);
  printf("Output of %d, from %s on in %d runs with seed %llu\n\n", response.year(), response.first_day().c_str(), response.runs(),
         static_cast<unsigned long long>(response.seed()));
  PrintOutputs(response.products());
  if (!response.families().empty()) {
    printf("\nFamilies of the published figures\n");
    PrintOutputs(response.families());
  }
  // What has no record has its star already.
  google::protobuf::RepeatedPtrField<v1::ScheduleGap> gaps;
  for (const auto& gap : response.gaps())
    if (gap.kind() != "record") *gaps.Add() = gap;
  PrintGaps(gaps);
}

}  // namespace

void AddCapacityForecast(CLI::App& capacity, const Connection& connection) {
  auto* command = capacity.add_subcommand("forecast", "What a year will bring, and when the annual figure is reached");
  command->footer(
      "P10: a tenth of the runs ends at or below it. * rests on the plan, for want of ten\n"
      "recorded days. The same seed gives the same answer.\n"
      "Example:\n  mesctl capacity forecast --seed 7 --target STK-148=5000");
  auto request = std::make_shared<v1::ForecastRequest>();
  auto targets = std::make_shared<std::vector<std::string>>();
  command
      ->add_option_function<int32_t>(
          "--year", [request](int32_t year) { request->set_year(year); }, "The year; this one by itself")
      ->type_name("YEAR");
  command
      ->add_option_function<uint64_t>(
          "--seed", [request](uint64_t seed) { request->set_seed(seed); }, "What is drawn with; 1 by itself")
      ->type_name("N");
  command
      ->add_option_function<int32_t>(
          "--runs", [request](int32_t runs) { request->set_runs(runs); }, "100 to 20000; 2000 by itself")
      ->type_name("N");
  command
      ->add_option_function<int32_t>(
          "--history", [request](int32_t days) { request->set_history_days(days); },
          "Days of the past that are drawn from; 90 by itself")
      ->type_name("DAYS");
  command->add_option("--target", *targets, "An annual figure, instead of the plan's")->type_name("PRODUCT=QUANTITY");
  command->callback([&connection, request, targets] { Show(connection, *request, *targets); });
}

}  // namespace mes::mesctl
