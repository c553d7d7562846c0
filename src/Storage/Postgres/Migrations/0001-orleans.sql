-- What Microsoft Orleans' ADO.NET providers expect of a database: its tables, and the texts of their queries. Parameters and result
-- columns carry the providers' names, in their spelling; everything else is ours. Each text is one statement, so it happens whole or
-- not at all.

CREATE TABLE orleansquery (
  querykey varchar(64) PRIMARY KEY,
  querytext varchar(8000) NOT NULL);

CREATE TABLE orleansmembershipversiontable (
  deploymentid varchar(150) PRIMARY KEY,
  timestamp timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 0);

CREATE TABLE orleansmembershiptable (
  deploymentid varchar(150) NOT NULL REFERENCES orleansmembershipversiontable (deploymentid),
  address varchar(45) NOT NULL,
  port integer NOT NULL,
  generation integer NOT NULL,
  siloname varchar(150) NOT NULL,
  hostname varchar(150) NOT NULL,
  status integer NOT NULL,
  proxyport integer,
  suspecttimes varchar(8000),
  starttime timestamptz(3) NOT NULL,
  iamalivetime timestamptz(3) NOT NULL,
  PRIMARY KEY (deploymentid, address, port, generation));

CREATE TABLE orleansstorage (
  grainidhash integer NOT NULL,
  grainidn0 bigint NOT NULL,
  grainidn1 bigint NOT NULL,
  graintypehash integer NOT NULL,
  graintypestring varchar(512) NOT NULL,
  grainidextensionstring varchar(512),
  serviceid varchar(150) NOT NULL,
  payloadbinary bytea,
  modifiedon timestamp NOT NULL,
  version integer NOT NULL);

-- One row per identity. Digests keep the key short whatever the strings; that of an absent extension differs from that of an empty one.
CREATE UNIQUE INDEX orleansstorage_identity ON orleansstorage (
  grainidhash, graintypehash, grainidn0, grainidn1, md5(graintypestring), md5(serviceid), coalesce(md5(grainidextensionstring), ''));

CREATE TABLE orleansreminderstable (
  serviceid varchar(150) NOT NULL,
  grainid varchar(150) NOT NULL,
  remindername varchar(150) NOT NULL,
  starttime timestamptz(3) NOT NULL,
  period bigint NOT NULL,
  grainhash integer NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (serviceid, grainid, remindername));

CREATE INDEX orleansreminderstable_ring ON orleansreminderstable (serviceid, grainhash);

-- Membership ---------------------------------------------------------------------------------------------------------------------

INSERT INTO orleansquery VALUES ('InsertMembershipVersionKey', $query$
WITH added AS (
  INSERT INTO orleansmembershipversiontable (deploymentid) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*)::integer FROM added
$query$);

-- The version's row is locked first: of two writers that know the same version, the second finds it raised and does nothing.
INSERT INTO orleansquery VALUES ('InsertMembershipKey', $query$
WITH locked AS (
  SELECT deploymentid FROM orleansmembershipversiontable
  WHERE deploymentid = @DeploymentId AND version = @Version::integer FOR UPDATE),
added AS (
  INSERT INTO orleansmembershiptable
    (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
  SELECT deploymentid, @Address::text, @Port::integer, @Generation::integer, @SiloName::text, @HostName::text, @Status::integer,
    @ProxyPort::integer, @StartTime::timestamptz, @IAmAliveTime::timestamptz
  FROM locked ON CONFLICT DO NOTHING RETURNING deploymentid),
raised AS (
  UPDATE orleansmembershipversiontable v SET version = v.version + 1, timestamp = now()
  FROM added WHERE v.deploymentid = added.deploymentid RETURNING 1)
SELECT count(*)::integer FROM raised
$query$);

INSERT INTO orleansquery VALUES ('UpdateMembershipKey', $query$
WITH locked AS (
  SELECT deploymentid FROM orleansmembershipversiontable
  WHERE deploymentid = @DeploymentId AND version = @Version::integer FOR UPDATE),
changed AS (
  UPDATE orleansmembershiptable m
  SET status = @Status::integer, suspecttimes = @SuspectTimes::text, iamalivetime = @IAmAliveTime::timestamptz
  FROM locked
  WHERE m.deploymentid = locked.deploymentid AND m.address = @Address::text AND m.port = @Port::integer
    AND m.generation = @Generation::integer
  RETURNING m.deploymentid),
raised AS (
  UPDATE orleansmembershipversiontable v SET version = v.version + 1, timestamp = now()
  FROM changed WHERE v.deploymentid = changed.deploymentid RETURNING 1)
SELECT count(*)::integer FROM raised
$query$);

INSERT INTO orleansquery VALUES ('UpdateIAmAlivetimeKey', $query$
UPDATE orleansmembershiptable SET iamalivetime = @IAmAliveTime::timestamptz
WHERE deploymentid = @DeploymentId AND address = @Address::text AND port = @Port::integer AND generation = @Generation::integer
$query$);

INSERT INTO orleansquery VALUES ('MembershipReadRowKey', $query$
SELECT v.deploymentid AS "DeploymentId", m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.siloname AS "SiloName",
  m.hostname AS "HostName", m.status AS "Status", m.proxyport AS "ProxyPort", m.suspecttimes AS "SuspectTimes", m.starttime AS "StartTime",
  m.iamalivetime AS "IAmAliveTime", v.version AS "Version"
FROM orleansmembershipversiontable v LEFT JOIN orleansmembershiptable m
  ON m.deploymentid = v.deploymentid AND m.address = @Address::text AND m.port = @Port::integer AND m.generation = @Generation::integer
WHERE v.deploymentid = @DeploymentId
$query$);

INSERT INTO orleansquery VALUES ('MembershipReadAllKey', $query$
SELECT v.deploymentid AS "DeploymentId", m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.siloname AS "SiloName",
  m.hostname AS "HostName", m.status AS "Status", m.proxyport AS "ProxyPort", m.suspecttimes AS "SuspectTimes", m.starttime AS "StartTime",
  m.iamalivetime AS "IAmAliveTime", v.version AS "Version"
FROM orleansmembershipversiontable v LEFT JOIN orleansmembershiptable m ON m.deploymentid = v.deploymentid
WHERE v.deploymentid = @DeploymentId
$query$);

INSERT INTO orleansquery VALUES ('DeleteMembershipTableEntriesKey', $query$
WITH silos AS (DELETE FROM orleansmembershiptable WHERE deploymentid = @DeploymentId)
DELETE FROM orleansmembershipversiontable WHERE deploymentid = @DeploymentId
$query$);

INSERT INTO orleansquery VALUES ('GatewaysQueryKey', $query$
SELECT address AS "Address", proxyport AS "ProxyPort", generation AS "Generation"
FROM orleansmembershiptable WHERE deploymentid = @DeploymentId AND status = @Status::integer AND proxyport > 0
$query$);

-- 3 is Active.
INSERT INTO orleansquery VALUES ('CleanupDefunctSiloEntriesKey', $query$
DELETE FROM orleansmembershiptable
WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime::timestamptz AND status <> 3
$query$);

-- Grain state --------------------------------------------------------------------------------------------------------------------

INSERT INTO orleansquery VALUES ('ReadFromStorageKey', $query$
SELECT payloadbinary AS "PayloadBinary", now() AT TIME ZONE 'utc' AS "ReadAt", version AS "Version"
FROM orleansstorage
WHERE grainidhash = @GrainIdHash::integer AND graintypehash = @GrainTypeHash::integer
  AND grainidn0 = @GrainIdN0::bigint AND grainidn1 = @GrainIdN1::bigint AND graintypestring = @GrainTypeString::text
  AND grainidextensionstring IS NOT DISTINCT FROM @GrainIdExtensionString::text AND serviceid = @ServiceId::text
$query$);

-- The given version, or null, comes back where nothing was written: the providers take that for a conflict.
INSERT INTO orleansquery VALUES ('WriteToStorageKey', $query$
WITH updated AS (
  UPDATE orleansstorage
  SET payloadbinary = @PayloadBinary::bytea, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
  WHERE grainidhash = @GrainIdHash::integer AND graintypehash = @GrainTypeHash::integer
    AND grainidn0 = @GrainIdN0::bigint AND grainidn1 = @GrainIdN1::bigint AND graintypestring = @GrainTypeString::text
    AND grainidextensionstring IS NOT DISTINCT FROM @GrainIdExtensionString::text AND serviceid = @ServiceId::text
    AND version = @GrainStateVersion::integer
  RETURNING version),
inserted AS (
  INSERT INTO orleansstorage (grainidhash, grainidn0, grainidn1, graintypehash, graintypestring, grainidextensionstring, serviceid,
    payloadbinary, modifiedon, version)
  SELECT @GrainIdHash::integer, @GrainIdN0::bigint, @GrainIdN1::bigint, @GrainTypeHash::integer, @GrainTypeString::text,
    @GrainIdExtensionString::text, @ServiceId::text, @PayloadBinary::bytea, now() AT TIME ZONE 'utc', 1
  WHERE @GrainStateVersion::integer IS NULL ON CONFLICT DO NOTHING
  RETURNING version)
SELECT coalesce((SELECT version FROM updated), (SELECT version FROM inserted), @GrainStateVersion::integer) AS "NewGrainStateVersion"
$query$);

INSERT INTO orleansquery VALUES ('ClearStorageKey', $query$
WITH cleared AS (
  UPDATE orleansstorage SET payloadbinary = NULL, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
  WHERE grainidhash = @GrainIdHash::integer AND graintypehash = @GrainTypeHash::integer
    AND grainidn0 = @GrainIdN0::bigint AND grainidn1 = @GrainIdN1::bigint AND graintypestring = @GrainTypeString::text
    AND grainidextensionstring IS NOT DISTINCT FROM @GrainIdExtensionString::text AND serviceid = @ServiceId::text
    AND version = @GrainStateVersion::integer
  RETURNING version)
SELECT coalesce((SELECT version FROM cleared), @GrainStateVersion::integer) AS "NewGrainStateVersion"
$query$);

INSERT INTO orleansquery VALUES ('DeleteStorageKey', $query$
WITH deleted AS (
  DELETE FROM orleansstorage
  WHERE grainidhash = @GrainIdHash::integer AND graintypehash = @GrainTypeHash::integer
    AND grainidn0 = @GrainIdN0::bigint AND grainidn1 = @GrainIdN1::bigint AND graintypestring = @GrainTypeString::text
    AND grainidextensionstring IS NOT DISTINCT FROM @GrainIdExtensionString::text AND serviceid = @ServiceId::text
    AND version = @GrainStateVersion::integer
  RETURNING version + 1 AS version)
SELECT coalesce((SELECT version FROM deleted), @GrainStateVersion::integer) AS "NewGrainStateVersion"
$query$);

-- Reminders ----------------------------------------------------------------------------------------------------------------------

INSERT INTO orleansquery VALUES ('UpsertReminderRowKey', $query$
INSERT INTO orleansreminderstable AS r (serviceid, grainid, remindername, starttime, period, grainhash, version)
VALUES (@ServiceId::text, @GrainId::text, @ReminderName::text, @StartTime::timestamptz, @Period::bigint, @GrainHash::integer, 0)
ON CONFLICT (serviceid, grainid, remindername) DO UPDATE
  SET starttime = excluded.starttime, period = excluded.period, grainhash = excluded.grainhash, version = r.version + 1
RETURNING version AS version
$query$);

INSERT INTO orleansquery VALUES ('ReadReminderRowsKey', $query$
SELECT grainid AS "GrainId", remindername AS "ReminderName", starttime AS "StartTime", period AS "Period", version AS "Version"
FROM orleansreminderstable WHERE serviceid = @ServiceId::text AND grainid = @GrainId::text
$query$);

INSERT INTO orleansquery VALUES ('ReadReminderRowKey', $query$
SELECT grainid AS "GrainId", remindername AS "ReminderName", starttime AS "StartTime", period AS "Period", version AS "Version"
FROM orleansreminderstable
WHERE serviceid = @ServiceId::text AND grainid = @GrainId::text AND remindername = @ReminderName::text
$query$);

INSERT INTO orleansquery VALUES ('ReadRangeRows1Key', $query$
SELECT grainid AS "GrainId", remindername AS "ReminderName", starttime AS "StartTime", period AS "Period", version AS "Version"
FROM orleansreminderstable
WHERE serviceid = @ServiceId::text AND grainhash > @BeginHash::integer AND grainhash <= @EndHash::integer
$query$);

INSERT INTO orleansquery VALUES ('ReadRangeRows2Key', $query$
SELECT grainid AS "GrainId", remindername AS "ReminderName", starttime AS "StartTime", period AS "Period", version AS "Version"
FROM orleansreminderstable
WHERE serviceid = @ServiceId::text AND (grainhash > @BeginHash::integer OR grainhash <= @EndHash::integer)
$query$);

INSERT INTO orleansquery VALUES ('DeleteReminderRowKey', $query$
WITH deleted AS (
  DELETE FROM orleansreminderstable
  WHERE serviceid = @ServiceId::text AND grainid = @GrainId::text AND remindername = @ReminderName::text AND version = @Version::integer
  RETURNING 1)
SELECT count(*)::integer FROM deleted
$query$);

INSERT INTO orleansquery VALUES ('DeleteReminderRowsKey', $query$
DELETE FROM orleansreminderstable WHERE serviceid = @ServiceId::text
$query$);
