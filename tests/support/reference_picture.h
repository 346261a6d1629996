// A database with the whole reference plant, definitions and capacities, and handlers called at a time of the test's choice.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "db/product_definition.h"
#include "mes/v1/product_definition.pb.h"
#include "services/product_definition.h"
#include "services/rpc.h"
#include "tests/support/cluster.h"
#include "tests/support/plant_folder.h"

namespace mes::tests {

class ReferencePicture {
 public:
  explicit ReferencePicture(domain::Time now, TestCluster& cluster = TestCluster::Shared()) : now_(now), database_(cluster) {
    v1::LoadPlantRequest request;
    for (const auto& [path, content] : ReadReferencePlant()) {
      v1::PlantFile& file = *request.add_files();
      file.set_path(path);
      file.set_content(content);
    }
    v1::LoadPlantResponse response;
    plant_ = std::make_shared<domain::Plant>();
    if (!Change(services::LoadPlant, request, response) || response.faults_size() > 0)
      throw std::runtime_error("the plant was not taken");
    database_.pool().Read([&](db::Transaction& transaction) { plant_ = db::LoadPlant(transaction); });
  }

  TestDatabase& database() { return database_; }
  const domain::Plant& plant() const { return *plant_; }
  domain::Time now() const { return now_; }

  // As rpc.h runs a handler: a read-only snapshot, or a transaction that is committed where nothing was refused.
  template <typename Handler, typename Request, typename Response>
  domain::Status Ask(Handler handler, const Request& request, Response& response) {
    domain::Status status;
    database_.pool().Read([&](db::Transaction& transaction) {
      services::Call call{transaction, *plant_, now_, nobody_};
      response.Clear();
      status = handler(call, request, response);
    });
    return status;
  }
  template <typename Handler, typename Request, typename Response>
  domain::Status Change(Handler handler, const Request& request, Response& response) {
    domain::Status status;
    database_.pool().Run([&](db::Transaction& transaction) {
      services::Call call{transaction, *plant_, now_, nobody_};
      response.Clear();
      status = handler(call, request, response);
      return status.has_value();
    });
    return status;
  }

  // A released order, straight into its table.
  void AddOrder(const std::string& code, const std::string& product, int64_t pieces, int priority, const std::string& due,
                const std::string& parent = "") {
    database_.Query(
        "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, due_time, parent_id, create_time) "
        "select '" +
        code + "', m.material_id, r.revision_id, 2, " + std::to_string(pieces) + "000000, " + std::to_string(priority) + ", " +
        (due.empty() ? "null" : "'" + due + "'") + ", (select work_order_id from work_order where code = '" + parent +
        "'), now() from material m join product_revision r on r.material_id = m.material_id where m.code = '" + product + "'");
  }
  // What every table holds, as one digest each: equal before and after = nothing was written.
  std::string Fingerprint() {
    std::string text;
    for (
        const auto& row : database_.Query(
            "select table_name, (xpath('/row/c/text()', query_to_xml(format('select md5(coalesce(string_agg(t::text, chr(10) order by "
            "t::text), '''')) as c from %I t', table_name), false, true, '')))[1]::text from information_schema.tables "
            "where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name")) {
      text += row[0] + " " + row[1] + "\n";
    }
    return text;
  }

 private:
  const domain::Time now_;
  const domain::Caller nobody_;
  TestDatabase database_;
  std::shared_ptr<const domain::Plant> plant_;
};

}  // namespace mes::tests
