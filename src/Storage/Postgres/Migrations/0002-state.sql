-- Grain state and reminders of the embedded engine. Versions come from one sequence and are never given twice.

CREATE SEQUENCE opsync_state_version;

CREATE TABLE opsync_state (
  grain_type text NOT NULL,
  grain_key text NOT NULL,
  name text NOT NULL,
  version bigint NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (grain_type, grain_key, name));

CREATE TABLE opsync_reminders (
  grain_type text NOT NULL,
  grain_key text NOT NULL,
  name text NOT NULL,
  start_ticks bigint NOT NULL,
  period_ticks bigint NOT NULL,
  PRIMARY KEY (grain_type, grain_key, name));
