-- A batch that captured events told: the address that these share, or the only one's hash. Nothing of it was weighed here, so it is in no
-- balance; genealogy reads it as any other.
alter table recycling_batch add column transformation_id text;
create unique index recycling_batch_by_transformation on recycling_batch (partner, transformation_id) where transformation_id is not null;
-- For documents of a period.
create index recovered_lot_by_time on recovered_lot (recover_time);
