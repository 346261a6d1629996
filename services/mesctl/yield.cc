#include "mes/v1/yield.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

struct Filter {
  std::string product, order, root;
};

void List(const Connection& connection, const Filter& filter) {
  v1::ListOperationYieldsRequest request;
  request.set_product_code(filter.product);
  request.set_work_order_code(filter.order);
  request.set_root_work_order_code(filter.root);
  const auto response = Call(connection, &v1::YieldService::Stub::ListOperationYields, request);
  if (connection.json) return PrintJson(response);
  Table table({"PRODUCT", ">OP", "CODE", ">FIRST", ">PASSED", ">FPY", ">PLAN", ">RETEST", ">REWORK", ">ABORT", ">SCRAP"});
  for (const auto& yield : response.yields())
    table.Row({yield.product_code(), std::to_string(yield.operation()), yield.operation_code(),
               std::to_string(yield.first_runs()), std::to_string(yield.first_passes()),
               Percent(yield.first_passes(), yield.first_runs()), Percent(yield.planned_first_pass_yield()),
               std::to_string(yield.retests()), std::to_string(yield.reworks()), std::to_string(yield.aborts()),
               std::to_string(yield.scrapped())});
  table.Print();
}

}  // namespace

void AddYield(CLI::App& app, const Connection& connection) {
  auto* yield = app.add_subcommand("yield", "First-pass yields per product and operation, against the plan");
  yield->footer(
      "FPY counts units whose first run passed; `-` where nothing ran.\nExample:\n  mesctl yield --product PACK-TRK-70");
  auto filter = std::make_shared<Filter>();
  yield->add_option("--product", filter->product, "Only of this product")->type_name("P");
  auto* order = yield->add_option("--order", filter->order, "Only of this order")->type_name("CODE");
  yield->add_option("--root", filter->root, "Only of this order and all below it")->type_name("CODE")->excludes(order);
  yield->callback([&connection, filter] { List(connection, *filter); });
}

}  // namespace mes::mesctl
