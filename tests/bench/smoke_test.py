"""Runs every benchmark with tiny counts and looks that each figure of README "Benchmarks" comes out as a positive number. By ctest;
by hand: python3 tests/bench/smoke_test.py build/bin/mes_bench"""

import json
import os
import subprocess
import sys
import tempfile

FIGURES = """ingest_over_copy ingest_events_per_s ingest_batch1024_over_batch64 ack_p50_ms_at_200 ack_p99_ms_at_200 ack_p50_ms_at_2000
ack_p99_ms_at_2000 ack_p50_ms_at_10000 ack_p99_ms_at_10000 can_start_p50_over_echo can_start_p99_ms_idle can_start_p99_ms_loaded
trace_truck_p99_ms trace_as_built_p99_ms trace_as_known_at_p99_ms passport_truck_system_p50_ms passport_truck_system_p99_ms
genealogy_disk_gib trace_stack_p99_ms where_used_first_page_p99_ms where_used_complete_s disk_bytes_per_event disk_bytes_per_edge
wal_bytes_per_event rules_cost_ratio ingest_with_rules_per_s ingest_without_rules_per_s schedule_2000_orders_s utilisation_p99_ms
yield_query_p50_ms yield_query_p99_ms yield_query_slowest_p99_ms verify_rows_per_minute verify_period_rows_per_minute hold_100000_s
hold_100000_longest_ack_ms ingest_tls_ratio ingest_audit_ratio ingest_guarded_ratio can_start_tls_ratio can_start_audit_ratio
can_start_guarded_ratio""".split()

with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "figures.json")
    subprocess.run([sys.argv[1], "--smoke", "--json", file], check=True)
    with open(file, encoding="utf-8") as stream:
        taken = json.load(stream)
values = {figure["name"]: figure["value"] for figure in taken if set(figure) == {"name", "value", "unit", "target"}}
missing = [name for name in FIGURES if not values.get(name, 0) > 0]
sys.exit("no positive value: " + " ".join(missing) if missing else 0)
