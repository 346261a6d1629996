// How long the finite schedule takes with 2,000 open orders of the reference plant: the whole call, loading included.
#include <chrono>

#include <fmt/format.h>

#include "domain/calendar.h"
#include "services/schedule.h"
#include "tests/bench/figure.h"
#include "tests/support/reference_picture.h"

namespace mes::bench {

void RunSchedule(Run& run) {
  const auto now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
  tests::ReferencePicture picture(now, run.cluster);
  const int64_t orders = run.Count(2'000, 20);
  // Vehicles, systems and packs by turns, most without orders for their components: each is planned down to the electrodes.
  picture.database().Query(fmt::format(
      "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, due_time, create_time) "
      "select 'B-' || to_char(i, 'FM00000'), r.material_id, r.revision_id, 2, (1 + i % 17) * 1000000, i % 5, "
      "now() + (30 + i * 7 % 500) * interval '1 day', now() "
      "from generate_series(1, {}) i join (select r.material_id, r.revision_id, row_number() over (order by m.code) - 1 as n "
      "from product_revision r join material m using (material_id) where m.code in ('VEH-CAR-BEV', 'VEH-TRK-BEV', 'VEH-TRK-BEV282', "
      "'VEH-TRK-FC', 'VEH-TRK-FC240', 'BSYS-TRK-423', 'FCS-240', 'PACK-TRK-70')) r on r.n = i % 8; select 1",
      orders));
  std::vector<double> seconds;
  for (int round = 0; round < 3; ++round) {
    v1::ScheduleResponse response;
    const auto begin = Clock::now();
    if (!picture.Ask(services::Schedule, v1::ScheduleRequest(), response)) throw std::runtime_error("Schedule was refused");
    seconds.push_back(SecondsSince(begin));
    if (response.orders_total() != orders) throw std::runtime_error("not every order was planned");
  }
  run.Add("schedule_2000_orders_s", Quantile(seconds, 0.5), "s", "<= 2");
}

}  // namespace mes::bench
