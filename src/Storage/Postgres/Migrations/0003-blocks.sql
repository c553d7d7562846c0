-- Blocks of all chains. Both big tables are partitioned by chain (list) and then by pages of heights (range), which the store makes
-- when their first block arrives. Unsigned numbers are kept as the signed integers of the same 64 bits.

CREATE TABLE opsync_chains (
  chain_id bigint PRIMARY KEY,
  genesis_hash bytea NOT NULL,
  page_length bigint NOT NULL CHECK (page_length > 0));

-- The pages that exist, so that nobody has to read them off the catalogue.
CREATE TABLE opsync_pages (
  chain_id bigint NOT NULL REFERENCES opsync_chains,
  page bigint NOT NULL,
  PRIMARY KEY (chain_id, page));

-- One row per stored height, which is also the lock of that height: every writer takes it before it touches the height's blocks. It
-- repeats parent and length, so that islands and pages are found without reading a block.
CREATE TABLE opsync_canonical (
  chain_id bigint NOT NULL,
  number bigint NOT NULL,
  rank smallint NOT NULL,
  length integer NOT NULL,
  hash bytea NOT NULL,
  parent bytea NOT NULL,
  PRIMARY KEY (chain_id, number)) PARTITION BY LIST (chain_id);

CREATE TABLE opsync_blocks (
  chain_id bigint NOT NULL,
  number bigint NOT NULL,
  timestamp bigint NOT NULL,
  hash bytea NOT NULL,
  parent bytea NOT NULL,
  signature bytea,
  wire bytea NOT NULL,
  PRIMARY KEY (chain_id, number, hash)) PARTITION BY LIST (chain_id);

-- The wire bytes are compressed already: out of the row, and as they are.
ALTER TABLE opsync_blocks ALTER COLUMN wire SET STORAGE EXTERNAL;

CREATE INDEX opsync_blocks_by_hash ON opsync_blocks (hash);
