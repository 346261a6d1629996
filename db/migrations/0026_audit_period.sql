-- Rows by when they were stored, for the verification of a period. They are stored in nearly that order, so that block ranges tell.
create index station_event_by_record on station_event using brin (record_time) with (autosummarize = on);
create index refused_event_by_record on refused_event using brin (record_time) with (autosummarize = on);
create index assembly_by_record on assembly using brin (install_record_time) with (autosummarize = on);
create index lot_consumption_by_record on lot_consumption using brin (record_time) with (autosummarize = on);
