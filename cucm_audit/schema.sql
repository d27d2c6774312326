-- The snapshot: everything that a cluster told us, in one SQLite file. The contract between asking and judging.
--
-- Rules of this file
--   * Names are what a voice engineer says. Every table that a node answers for itself has a "node" column (the name as in
--     System > Server).
--   * NULL means "not known". "None" and "empty" are '' (AXL cannot tell them apart; where it matters the SQL that asks does).
--     A column is NOT NULL wherever CUCM has no "absent": a row without it is refused when it is written.
--   * Booleans are 0 and 1. Numbers are INTEGER or REAL. Times are UTC ISO text "YYYY-MM-DD HH:MM:SS", so text order is time
--     order; columns named local_* are in the node's own zone.
--   * A raw value that is no known word stands beside a NULL, in a column named raw_* or *_number.
--   * A table of facts has the name of the fact in the ledger. Views add no facts: the ledger asks for the tables below them.

-- ---------------------------------------------------------------------------------------------------------------- the run

create table meta (            -- schema_version, tool_version, cluster, cluster_id, publisher_id, release, via, axl_version, taken_at,
  key text primary key not null,        -- finished_at, scope (JSON), interrupted, cost (JSON)
  value text not null
);

create table ledger (          -- one row a fact and scope: did it come back whole?
  fact text not null,          -- a table of this file
  node text not null,          -- '' = the cluster
  source text not null,        -- axl ris services ssh web
  state text not null check (state in ('whole', 'partial', 'failed', 'not_asked', 'not_supported')),
  reason text not null,        -- '' or a word of the closed list (model.Reason)
  detail text not null,
  hint text not null,
  request text not null,       -- what was asked: the SQL, the operation, the command
  rows integer not null,
  requests integer not null,
  seconds real not null,
  taken_at text not null,
  primary key (fact, node)
);

create table raw (             -- answers that feed several facts, and lines that no parser understood; sensitive
  node text not null,
  request text not null,
  text text not null,
  taken_at text not null
);

-- ------------------------------------------------------------------------------- what the user set, what the world knows

create table setting (         -- thresholds, typed; defaults come from the check files
  name text primary key not null,
  value not null
);

create table api_user (        -- application users that integrations log people in with ([cluster.X.extension-mobility] api-users)
  name text primary key not null
);

create table bad_load (        -- loads with a known defect: phones of the model with an older load than fixed_in have it
  model_number integer not null,
  model text not null,
  fixed_in text not null,      -- the first load without it, as a load id: sip78xx.10-2-1
  problem text not null,
  reference text not null,
  source text not null
);

create table target (          -- the release that an upgrade goes to (--target); empty when none is planned
  release text primary key not null     -- 15, 15.0.1.12900 or in full: as far as it was told
);

create table release_support ( -- until when Cisco supports a release; one that is not here is not known
  release text primary key not null,    -- 12.5: every build that begins with it
  end_of_maintenance text not null,     -- last day of bug fixes, YYYY-MM-DD; '' = not announced
  end_of_support text not null,         -- last date of support, YYYY-MM-DD; '' = not announced
  as_of text not null,         -- date of the source
  source text not null
);

create table upgrade_path (    -- which releases are upgraded in one step; a pair that is not here is not known
  from_low text not null,      -- from this release on, 11.5 ...
  from_high text not null,     -- ... to before this one; '' = open
  to_low text not null,
  to_high text not null,
  direct integer not null,     -- 1 in one step, 0 only through another release
  note text not null,          -- what the source says beside it: the way between, or the manner of upgrade
  as_of text not null,
  source text not null
);

create table dropped_model (   -- phone models that a release no longer registers
  model text not null,         -- as in the database: Cisco 7912
  from_release text not null,  -- first release without it
  known_from text not null,    -- the source tells every dropped model of the releases from this one on ...
  known_to text not null,      -- ... to before this one; of other releases nothing is known
  as_of text not null,
  source text not null,
  primary key (model, from_release)
);

create table minimum_load (    -- loads that phones need before they can go on to the load of a release
  model text not null,
  target text not null,        -- release that asks for it: 15
  load text not null,          -- the oldest one that is enough: sip78xx.12-1-1-12
  as_of text not null,
  source text not null,
  primary key (model, target, load)
);

create table pack_rule (       -- what a device pack asks for once it is on a node, by release
  low text not null,           -- from this release on; '' = open
  high text not null,          -- to before this one; '' = open
  reboot integer not null,     -- 1 every node is rebooted, the publisher first
  tomcat integer not null,     -- 1 Cisco Tomcat is restarted on every node
  callmanager integer not null,         -- 1 Cisco CallManager is restarted on the publisher, if it runs there
  as_of text not null,
  source text not null,
  primary key (low, high)
);

-- ---------------------------------------------------------------------------------------------------- nodes and versions

create table node (            -- System > Server, without the pseudo node EnterpriseWideData       [processnode, AXL]
  name text primary key not null,       -- as the administrator typed it: address, host name or FQDN
  address text,                -- what we dial; NULL when nobody could say
  role text,                   -- publisher, subscriber; NULL for a number that no source explains
  voice integer not null,      -- 1 voice/video, 0 IM and Presence
  release text,                -- active release as AXL gives it for this node, e.g. 12.5.1.14900-63
  host text,                   -- what the machine calls itself, in full where it has a domain; NULL when no whole show network cluster says
  description text not null
);

create table software_version (  -- show version active                                                        [SSH, per node]
  node text primary key not null,
  version text not null        -- 12.5.1.14900-63
);

create table installed_option (  -- the options (COP files) of the partition that runs                         [SSH, per node]
  node text not null,
  name text not null,          -- cmterm-devicepack12.5.1.14080-1.cop, as listed
  stem text not null,          -- the same without .cop and signature: what logs and lists are compared by
  pack_for text not null,      -- major.minor.maint that a device pack is made for ('12.5.1'); '' for any other option
  pack_order text not null,    -- a device pack's numbers, zero-padded so that text order is age order; '' for any other option
  primary key (node, name)
);

create table inactive_version (  -- show version inactive, apart, so that doubt costs nothing else             [SSH, per node]
  node text primary key not null,
  version text not null        -- '' = there is no such partition
);

create table inactive_option ( -- the options of the partition that does not run                               [SSH, per node]
  node text not null,
  name text not null,
  stem text not null,
  pack_for text not null,
  pack_order text not null,
  primary key (node, name)
);

create table system_event (    -- system-history.log, line by line                                             [SSH, per node]
  node text not null,
  line integer not null,       -- order in the append-only log: the only clock that cannot lie
  local_at text not null,      -- node's own time, no zone
  user text not null,
  action text not null,        -- Install, Upgrade, Cisco Option Install, Switch Version, Restart, Shutdown, Boot, DRS Backup ...; as written
  subject text not null,       -- version, COP file, '' in old logs
  stem text not null,          -- for Cisco Option Install: subject as in installed_option.stem; else ''
  result text not null,        -- Start, Success, Failure, Cancel, ''
  primary key (node, line)
);

create table node_clock (      -- the clock of show status against ours                                        [SSH, per node]
  node text primary key not null,
  local_at text not null,      -- as printed
  zone text,                   -- IANA name in brackets; NULL when none is printed
  utc_at text,                 -- NULL when the zone is unknown or the hour is ambiguous
  offset_low real,             -- node minus auditor, seconds: an answer takes time, so this is an interval
  offset_high real
);

create table node_status (     -- show status                                                                  [SSH, per node]
  node text primary key not null,
  host_name text,
  version text,                -- Product Ver
  os_version text,
  uptime_minutes integer,
  cpu_idle_percent real,
  load_1 real,
  memory_total_kb integer,
  memory_free_kb integer,
  memory_used_kb integer
);

create table disk (            -- the Disk/... lines of show status                                             [SSH, per node]
  node text not null,
  name text not null,          -- active, inactive, logging (= common)
  total_kb integer not null,
  free_kb integer not null,
  used_kb integer not null,
  used_percent integer not null,
  primary key (node, name)
);

create table ntp_status (      -- utils ntp status                                                             [SSH, per node]
  node text primary key not null,
  daemon text,                 -- ntpd, chronyd
  running integer,             -- 1, 0
  synchronised integer,        -- 1, 0; NULL = the answer has no such line
  server text,
  stratum integer,
  within_ms integer,
  poll_seconds integer
);

create table ntp_source (      -- its table of sources                                                        [SSH, per node]
  node text not null,
  remote text not null,
  tally text not null,         -- first character(s) of the row: *, +, -, x, #, ^*, ...
  stratum integer,
  reach text not null,
  offset_ms real,
  primary key (node, remote)
);

create table cluster_member (  -- show network cluster, as each node sees it                                   [SSH, per node]
  node text not null,          -- who says so
  address text not null,
  fqdn text not null,
  host text not null,
  role text not null,          -- Publisher, Subscriber
  product text not null,       -- callmanager, cups; '' where an older release does not say
  db_role text not null,
  state text not null,         -- rest of the line
  authenticated integer,       -- 1, 0, NULL for words that no source explains
  primary key (node, address)
);

create table cli_service (     -- utils service list                                                           [SSH, per node]
  node text not null,
  service text not null,
  status text not null,        -- STARTED, STOPPED, STARTING, STOPPING, NOTRUNNING, UNKNOWN
  reason text not null,        -- Service Not Activated, Commanded Out of Service, ...
  primary key (node, service)
);

create table replication (     -- the table of utils dbreplication runtimestate, asked of the publisher             [SSH, publisher]
  server text primary key not null,     -- as printed
  address text not null,
  ping_ms real,                -- NULL when it did not answer
  db_rpc_mon text not null,    -- Y/Y/Y; '' in the old layout
  queue integer,
  replication_group text not null,
  state integer,               -- 0..4; NULL for (-)
  details text not null
);

create table replication_check (  -- the head of the same answer                                                [SSH, publisher]
  local_at text,               -- of the last status command or sync, node's own zone
  what text not null,          -- the state line as printed
  tables_checked integer,
  tables_total integer,
  errors integer,              -- 1 errors or mismatches were found, 0 none, NULL not said
  server_local_at text         -- Server Time, without its zone
);

create table replication_dynamic (  -- what the database says of its replication's setup, no measure of it [AXL, 10.0 and later]
  node text primary key not null,
  state_number integer,        -- what these numbers mean is in no source
  state text not null,         -- typereplicationstatus
  stamp integer
);

create table core_file (       -- utils core active list: what a process left behind when it crashed                 [SSH, per node]
  node text not null,
  name text not null,          -- core.62556.6.ccm.1645336926
  process text not null,       -- ccm, as far as the name says it; '' = it does not
  local_at text not null,
  size_kb integer,             -- NULL: the list leaves it out for some
  primary key (node, name)
);

create table hardware (        -- show hardware                                                               [SSH, per node]
  node text primary key not null,
  platform text not null,      -- VMware Virtual Machine
  processors integer,
  processor text not null,     -- as printed
  memory_mb integer,
  disks integer,
  disk_gb integer              -- of all disks together
);

create table vm_tools (        -- utils vmtools status                                                          [SSH, per node]
  node text primary key not null,
  raw_state text not null      -- what it says of them, as printed
);

create table own_certificate ( -- show cert list own: which certificates a node has for itself, without dates          [SSH, per node]
  node text not null,
  name text not null,          -- tomcat/tomcat.pem
  unit text not null,          -- tomcat
  signed_by text,              -- '' = it has signed itself; NULL for words that no source explains
  primary key (node, name)
);

create table security_state (  -- utils os secure status                                                      [SSH, per node]
  node text primary key not null,
  os_security text not null,   -- enabled, as printed
  mode text not null,          -- enforcing, permissive, as printed
  enforcing integer            -- NULL for a word that no source names
);

create table fips_state (      -- utils fips status                                                           [SSH, per node]
  node text primary key not null,
  fips integer,                -- NULL when the answer has neither word
  raw_state text not null      -- its first line
);

create table diagnostic (      -- utils diagnose test, on demand: it leaves a log file on the node                     [SSH, per node]
  node text not null,
  module text not null,
  skipped integer not null,    -- 1 = to be run alone, off hours
  passed integer,              -- NULL when it was skipped
  said text not null,
  primary key (node, module)
);

create table backup_history (  -- utils disaster_recovery history backup, oldest first                          [SSH, publisher]
  place integer primary key not null,
  tar text not null,           -- '' = no file came of it
  device text not null,        -- NETWORK, or the name of the backup device
  local_at text,               -- when it was completed, the publisher's own zone
  result text not null,        -- as printed
  succeeded integer,           -- NULL for a word that no source names
  kind text not null,          -- MANUAL, SCHEDULED; '' = not printed
  details text not null        -- release, features, failed features, as printed
);

create table backup_status (   -- the head of utils disaster_recovery status backup: the last one                [SSH, publisher]
  tar text primary key not null,
  status text not null,        -- as printed
  succeeded integer,           -- NULL for a word that no source names
  percent integer,
  device text not null
);

create table backup_component (  -- its table: what of which node is in the last backup                           [SSH, publisher]
  feature text not null,       -- UCM, CUP ...
  server text not null,        -- host name
  component text not null,     -- CCMDB, PLATFORM ...
  status text not null,        -- as printed
  succeeded integer,
  local_at text,
  primary key (feature, server, component)
);

create table table_count (     -- run sql select count(*) on each node's own copy of the database              [SSH, per node]
  node text not null,
  table_name text not null,
  rows integer not null,
  primary key (node, table_name)
);

-- ----------------------------------------------------------------------------------------------------------------- services

create table activated_service (  -- processnodeservice: what is activated where                                       [AXL]
  node text not null,
  service text not null,
  active integer not null,
  primary key (node, service)
);

create table service_status (  -- soapGetServiceStatus                                                    [services, per node]
  node text not null,
  service text not null,
  status text not null,        -- Started, Stopped, Starting, Stopping, Unknown
  reason_code integer,         -- -1068 = not activated
  reason text not null,
  local_started_at text,       -- StartTime of a running service, node's own zone; NULL when it is not readable
  up_seconds integer,          -- NULL when not running
  answered_at text,            -- UTC, the node's own clock in the Date header of the answer
  primary key (node, service)
);

create table web_certificate ( -- what port 8443 shows in the TLS handshake: the node's tomcat certificate         [services, per node]
  node text primary key not null,
  subject text not null,
  issuer text not null,
  serial text not null,        -- hexadecimal
  not_before text not null,    -- UTC
  not_after text not null,
  key_type text not null,      -- RSA, EC, ...
  key_bits integer,
  signature text not null,     -- hash of the signature: sha256; '' = it has none of its own
  names text not null          -- every name and address that it is good for, with blanks between them
);

create table certificate (     -- certificates of the whole cluster as the database has them, by store                     [AXL]
  id text not null,
  store text not null,         -- tomcat, tomcat-trust, CallManager-trust, ...
  trust integer,               -- 1 = a trust store
  server text not null,        -- '' = none
  subject text not null,
  issuer text not null,
  serial text not null,
  not_before text not null,
  not_after text not null,
  key_type text not null,
  key_bits integer,
  signature text not null,
  names text not null,
  primary key (id, store)
);

create table perf_counter (    -- perfmonCollectCounterData of a few objects                               [services, per node]
  node text not null,
  object text not null,
  instance text not null,
  counter text not null,
  value integer,               -- NULL when CStatus says that it is not usable
  status integer not null,
  primary key (node, object, instance, counter)
);

create table web_page (        -- GET of the EM page and of the services page, with a device that does not exist     [web, per node]
  node text not null,
  page text not null,          -- em, services
  url text not null,
  status integer not null,     -- HTTP status
  millis integer not null,
  primary key (node, page)
);

-- ---------------------------------------------------------------------------------------------------------------- parameters

create table enterprise_param (  -- System > Enterprise Parameters                                                      [AXL]
  name text primary key not null,
  value text not null
);

create table service_param (   -- System > Service Parameters of the services that checks read                          [AXL]
  server text not null,        -- '' = cluster-wide, else the node's name
  service text not null,
  name text not null,
  value text not null,
  primary key (server, service, name)
);

-- ------------------------------------------------------------------------------------------ groups, pools, types, templates

create table cm_group_member ( -- System > Call Manager Group                                                            [AXL]
  cm_group text not null,
  callmanager text not null,
  node text not null,
  priority integer not null,   -- lowest first
  primary key (cm_group, priority)
);

create table device_pool (     --                                                                                        [AXL]
  id text primary key not null,
  name text not null,
  cm_group text not null,      -- '' = none
  datetime_group text not null
);

create table device_type (     -- phone products that the database knows                                   [typeproduct, AXL]
  product_number integer primary key not null,
  product text not null,
  model_number integer not null,
  model text not null,
  factory integer              -- 0 = came with a device pack (inferred from isinstalleddefault)
);

create table product_feature ( -- which product supports Extension Mobility (9), a button template (13), EMCC            [AXL]
  product_number integer not null,
  feature_number integer not null,
  feature text not null,       -- moniker
  protocol_number integer not null,  -- 0 SCCP, 11 SIP, 99 any
  primary key (product_number, feature_number, protocol_number)
);

create table device_default (  -- Device > Device Settings > Device Defaults                                              [AXL]
  model_number integer not null,
  model text not null,
  protocol_number integer not null,
  protocol text not null,
  load text not null,
  inactive_load text not null,
  primary key (model_number, protocol_number)
);

create table phone_template (  -- Phone Button Template                                                                   [AXL]
  id text primary key not null,
  name text not null,
  model_number integer,
  protocol_number integer,
  buttons integer
);

-- ----------------------------------------------------------------------------------------------- phones, profiles, services

create table phone (           -- every phone: device with tkclass 1 that is no profile                                   [AXL]
  id text primary key not null,         -- pkid, lower case, no braces
  name text not null,          -- SEP001122334455
  description text not null,
  model_number integer not null,
  model text not null,
  product_number integer not null,
  protocol_number integer not null,  -- 0 SCCP, 11 SIP
  device_pool_id text not null,
  template_id text not null,   -- '' = none
  em_enabled integer not null, -- Enable Extension Mobility
  protected integer not null,
  logout_profile_id text not null,   -- '' = current device settings (no profile)
  load_override text not null, -- '' = the default of the model
  owner_id text not null,      -- '' = nobody
  services_display_number integer
);
create index phone_name on phone (name);
create index phone_logout on phone (logout_profile_id);

create table device_profile (  -- every device profile                                                                    [AXL]
  id text primary key not null,
  name text not null,
  description text not null,
  kind text,                   -- user, auto, default; NULL for a number that no source explains
  kind_number integer not null,
  model_number integer not null,
  model text not null,
  protocol_number integer not null,
  template_id text not null
);
create index device_profile_name on device_profile (name);

create table profile_line (    -- directory numbers that auto-generated profiles hold                                      [AXL]
  profile_id text not null,
  profile text not null,
  number text not null
);

create table phone_service (   -- Device > Device Settings > Phone Services                                                [AXL]
  id text primary key not null,
  name text not null,
  ascii_name text not null,
  url text not null,
  secure_url text not null,
  button_number integer,       -- 0 Services, 1 Directories, 2 Messages
  category_number integer,     -- 0 XML, 1 Java
  enabled integer not null,
  enterprise integer not null, -- enterprise subscription: every phone has it
  priority integer,
  em integer not null          -- 1 when the URL (plain or secure) means the Extension Mobility servlet, however misspelt
);

create table other_device (    -- gateways, conference bridges, media termination points, route points, music on hold, trunks, annunciators [AXL]
  id text primary key not null,
  name text not null,
  class_number integer not null,
  class text not null          -- as typeclass calls it
);

create table phone_without_line (  -- phones that no directory number is on                                            [AXL]
  phone_id text primary key not null
);

create table unused_number (   -- directory numbers that are on no device                                        [numplan, AXL]
  id text primary key not null,
  number text not null,
  route_partition text not null  -- '' = none
);

create table phone_seen (      -- when the database saw phones last           [registrationdynamic, AXL, 11.0 and later, on demand]
  id text primary key not null,
  phone_id text not null,
  last_node text not null,     -- lastknownucm, as it came
  seen_at text                 -- UTC; NULL = never, or not told. How promptly the database notes it is in no source
);
create index phone_seen_phone on phone_seen (phone_id);

create table user_without_device (  -- end users that no device, profile or association belongs to             [AXL, on demand]
  id text primary key not null,
  userid text not null,
  status integer               -- 1 active
);

create table phone_subscription (  -- which phone or profile is subscribed to which service                                [AXL]
  device_id text not null,
  service_id text not null,
  button integer,              -- 0 ordinary, above 0 a service URL button
  url text not null,           -- as it was when the subscription was made or updated: it does not follow the service
  secure_url text not null
);
create index phone_subscription_device on phone_subscription (device_id);

create table phone_url (       -- phones with URLs of their own, which win over the enterprise parameters                  [telecaster, AXL]
  phone_id text primary key not null,
  authentication_url text not null,  -- '' = the enterprise parameter's, as in each column
  proxy_url text not null,
  secure_services_url text not null,
  secure_authentication_url text not null
);

-- ------------------------------------------------------------------------------------------------------------ people, logins

create table end_user (        --                                                                                          [AXL]
  id text primary key not null,
  userid text not null,
  status integer,              -- 1 active
  local integer,               -- Home Cluster; NULL before 9.0
  emcc integer,
  em_max_minutes integer       -- own limit, 12.5 and later
);

create table user_profile (    -- end users and their Extension Mobility profiles (association 5)                          [AXL]
  user_id text not null,
  profile_id text not null,
  is_default integer
);
create index user_profile_user on user_profile (user_id);
create index user_profile_profile on user_profile (profile_id);

create table em_login (        -- extensionmobilitydynamic: one row a phone with Extension Mobility                        [AXL]
  phone_id text not null,
  user_id text not null,       -- '' = nobody is logged in
  profile_id text not null,    -- '' = none
  login_at text,               -- UTC; NULL = nobody
  duration_seconds integer,
  mismatched integer,
  last_user_id text not null
);
create index em_login_user on em_login (user_id);

create table login_line (      -- directory numbers of the profiles that somebody is logged in with                        [AXL]
  phone_id text not null,
  profile_id text not null,
  number text not null
);

create table user_credential ( -- the PIN of users with an Extension Mobility profile: its state, never the PIN itself     [credential, AXL]
  user_id text not null,       -- a user without a row here has no PIN; whether a row holds an empty one cannot be seen
  policy_id text not null,     -- '' = none
  must_change integer,
  never_expires integer,
  changed_at text,             -- UTC; NULL = not known
  admin_locked_at text,        -- UTC; '' = not locked by an administrator
  tries_locked_at text,        -- UTC; '' = not locked after wrong tries
  failed_tries integer
);
create index user_credential_user on user_credential (user_id);

create table credential_policy (  -- User Management > Credential Policy                                                 [AXL]
  id text primary key not null,
  name text not null,
  max_tries integer,           -- wrong tries until it locks
  lockout_minutes integer,
  max_days integer             -- 0 = a PIN does not expire
);

create table ldap_system (     -- System > LDAP > LDAP System                                                            [AXL]
  sync_enabled integer not null,
  user_id_attribute text not null
);

create table ldap_agreement (  -- System > LDAP > LDAP Directory                                      [directorypluginconfig, AXL]
  name text primary key not null,
  base text not null,          -- users below it are synchronised
  server text not null,        -- the one it is connected to; '' = none
  status_number integer,       -- what these numbers mean is in no source
  full_sync_number integer,
  incremental_sync_number integer
);

create table ldap_host (       -- the servers of each agreement                                        [directorypluginhost, AXL]
  agreement text not null,
  host text not null,
  port integer,
  tls integer,
  priority integer
);

create table ldap_schedule (   -- when each agreement synchronises                                  [directorypluginschedule, AXL]
  agreement text not null,
  repeats integer,             -- 0 = Perform Sync Just Once
  every integer,
  unit text not null,
  raw_next text not null       -- of the next time, as it came: its form is in no source
);

create table ldap_sync (       -- getLdapSyncStatus of each agreement                                                     [AXL]
  agreement text primary key not null,
  outcome text,                -- done, running; NULL for words that no source names
  raw_outcome text not null    -- the words; when it was is not in them
);

create table ldap_authentication (  -- System > LDAP > LDAP Authentication                                               [AXL]
  enabled integer not null,
  base text not null
);

create table app_user (        -- application users                                                                        [AXL]
  name text primary key not null,
  standard integer             -- 1 = shipped with the product
);

create table app_user_role (   -- application user > access control group > role                                           [AXL]
  app_user text not null,
  access_group text not null,  -- '' = in no group
  role text not null           -- '' = the group has no role
);

create table end_user_admin (  -- end users who are super users, or may write over AXL                                    [AXL]
  userid text not null,
  access_group text not null,
  role text not null           -- '' = the group has no role
);

create table device_control (  -- devices that application users control (association 1)                                 [AXL]
  app_user text not null,
  device_id text not null
);

create table end_user_proxy (  -- end users in a group that holds the EM proxy role                                        [AXL]
  userid text not null,
  access_group text not null
);

create table remote_cluster (  -- Extension Mobility Cross Cluster partners                                                [AXL]
  cluster_id text primary key not null,
  fqdn text not null,
  version text not null
);

-- ------------------------------------------------------------------------------------------------------------------ licence

create table licence (         -- getSmartLicenseStatus: one row                                        [AXL, 12.5 and later]
  smart_licensing text not null,         -- ENABLED, as it came
  registration text,           -- registered, unregistered, expired, in progress; NULL for a word that no source names
  raw_registration text not null,
  registration_expires text not null,    -- as it came: its zone is an abbreviation
  registration_failed text not null,     -- why, in the node's words; "Successful." when it did not
  authorisation text,          -- authorised, not in use, evaluation, evaluation expired, out of compliance, expired; NULL as above
  raw_authorisation text not null,
  authorisation_expires text not null,
  authorisation_failed text not null,
  last_contact text not null,
  last_contact_status text not null,     -- SUCCEEDED, as it came
  evaluation_days integer      -- what is left of the evaluation, also when it is not in use; NULL when it is no number
);

create table licence_entitlement (  -- its entitlements: what the cluster uses                          [AXL, 12.5 and later]
  tag text primary key not null,
  kind text not null,          -- UCM_Basic 12.0
  count integer,
  state text,                  -- as licence.authorisation
  raw_state text not null
);

-- ------------------------------------------------------------------------------------------------------------- registrations

create table registration (    -- selectCmDeviceExt; one row a phone, the newest TimeStamp                      [RIS, per answering node]
                               -- or, when the user asks for it, registrationdynamic [AXL, 12.5 and later]: loads, protocol, reason
                               -- and login are NULL then, and the status is what the database noted last
  node text not null,          -- the node that the phone is (or was last) registered with
  phone text not null,
  status text not null,        -- Registered, UnRegistered, Rejected, PartiallyRegistered, Unknown
  status_reason integer,
  model_number integer,
  protocol text,
  active_load text,
  inactive_load text,
  download_status text,
  login_user text,
  address text not null,
  seen_at text,                -- UTC of TimeStamp
  primary key (phone)
);
create index registration_node on registration (node);

create table ris_node (        -- what RIS said of each node, in the answers of this run                                     [RIS]
  node text not null,
  code text not null,          -- Ok, NotFound, NodeNotResponding, InternalError ..., as it came
  answers integer not null,    -- in how many answers
  primary key (node, code)
);

create table device_registration (  -- the same of the other devices                                  [RIS, per answering node]
  node text not null,
  device text not null,
  status text not null,
  status_reason integer,
  address text not null,
  seen_at text,
  primary key (device)
);

-- --------------------------------------------------------------------------------------------------------------------- views
-- A view keeps awkward history out of the checks. It adds no facts: what it reads is asked for.

create view node_release as    -- the release that a check goes by: the CLI's word before AXL's
  select n.name as node, coalesce(nullif(v.version, ''), n.release) as release
    from node n left join software_version v on v.node = n.name;

create view service_url as     -- each URL of each enabled Extension Mobility service
  select id as service_id, name as service, 'Service URL' as which, url, 0 as secure from phone_service where em and enabled and url <> ''
  union all
  select id, name, 'Secure-Service URL', secure_url, 1 from phone_service where em and enabled and secure_url <> '';

create view em_device as       -- what Extension Mobility works with: its phones, and all profiles
  select id, name, 'phone' as kind, model_number, model, product_number, protocol_number, template_id from phone where em_enabled
  union all
  select id, name, 'profile', model_number, model, null, protocol_number, template_id from device_profile;

create view device_pack as     -- device packs made for the release that runs on the node
  select o.node, o.name, o.stem, o.pack_for, o.pack_order
    from installed_option o
    join software_version v on v.node = o.node
   where o.pack_for <> '' and v.version like o.pack_for || '.%';

create view last_boot as       -- the last Boot line of each node
  select e.node, max(e.line) as line, e.local_at from system_event e where e.action = 'Boot' group by e.node;

create view boot as            -- each Boot line, with the line of the boot before it, and the last line before it that announces a boot
  select b.node, b.line, b.local_at,
         (select max(p.line) from system_event p where p.node = b.node and p.line < b.line and p.action = 'Boot') as previous,
         (select max(p.line) from system_event p where p.node = b.node and p.line < b.line
             and p.action in ('Restart', 'Shutdown', 'Switch Version', 'Install', 'Upgrade', 'Upgrade During Install', 'Windows Upgrade')) as announced,
         (select max(p.line) from system_event p where p.node = b.node and p.action = 'Install') as installed
    from system_event b where b.action = 'Boot';

create view pack_event as      -- the last time that each option was installed with success
  select e.node, e.stem, max(e.line) as line, e.local_at
    from system_event e where e.action = 'Cisco Option Install' and e.result = 'Success' group by e.node, e.stem;

create view boot_after_pack as -- the first Boot line after each option; line 0 = its install is in the log, a boot after it is not
  select p.node, p.stem, coalesce(min(e.line), 0) as line, e.local_at
    from pack_event p left join system_event e on e.node = p.node and e.action = 'Boot' and e.line > p.line
   group by p.node, p.stem;

create view boot_after_switch as  -- the first Boot line after the last switch of versions (or installation); line 0 = not booted since
  select s.node, coalesce(min(e.line), 0) as line, e.local_at
    from (select node, max(line) as line from system_event
           where action in ('Switch Version', 'Install') and result not in ('Failure', 'Cancel') group by node) s
    left join system_event e on e.node = s.node and e.action = 'Boot' and e.line > s.line
   group by s.node;

create view service_start as   -- since when a service runs, UTC: its StartTime in the node's zone, else the node's clock minus its uptime
  select s.node, s.service, s.status, s.local_started_at as local_at,
         case when s.status = 'Started'
              then coalesce(to_utc(s.local_started_at, c.zone), seconds_before(s.answered_at, s.up_seconds)) end as utc_at
    from service_status s left join node_clock c on c.node = s.node;

create view registered as      -- phones that are registered, with their model, pool and group, and the group's first node
  select r.phone, r.node, r.active_load, r.inactive_load, p.id as phone_id, p.model, p.model_number, p.load_override,
         p.protocol_number, d.name as device_pool, d.cm_group,
         (select m.priority from cm_group_member m where m.cm_group = d.cm_group and m.node = r.node) as priority,
         (select m.node from cm_group_member m where m.cm_group = d.cm_group order by m.priority limit 1) as first_node
    from registration r
    join phone p on p.name = r.phone
    left join device_pool d on d.id = p.device_pool_id
   where r.status in ('Registered', 'PartiallyRegistered');

-- What the publisher says, for checks of the other nodes: the judge sees the view's name and asks for the publisher's fact too.
-- Read only what they name: a query that uses them cannot reach the rows of another node, and so does not need them.
create view publisher_software_version as select * from software_version where node = (select name from node where role = 'publisher');
create view publisher_node_release as
  select n.name as node, coalesce(nullif(v.version, ''), n.release) as release
    from node n left join publisher_software_version v on v.node = n.name where n.role = 'publisher';
create view publisher_inactive_version as select * from inactive_version where node = (select name from node where role = 'publisher');
create view publisher_installed_option as select * from installed_option where node = (select name from node where role = 'publisher');
create view publisher_device_pack as select * from device_pack where node = (select name from node where role = 'publisher');
create view publisher_system_event as select * from system_event where node = (select name from node where role = 'publisher');
create view publisher_last_boot as select * from last_boot where node = (select name from node where role = 'publisher');
create view publisher_node_clock as select * from node_clock where node = (select name from node where role = 'publisher');
create view publisher_table_count as select * from table_count where node = (select name from node where role = 'publisher');
create view publisher_boot_after_pack as select * from boot_after_pack where node = (select name from node where role = 'publisher');
create view publisher_boot_after_switch as select * from boot_after_switch where node = (select name from node where role = 'publisher');

-- The same of the IM and Presence nodes, which are compared among themselves.
create view presence_software_version as select * from software_version where node in (select name from node where not voice);
create view presence_inactive_version as select * from inactive_version where node in (select name from node where not voice);
create view presence_node_release as
  select n.name as node, coalesce(nullif(v.version, ''), n.release) as release
    from node n left join presence_software_version v on v.node = n.name where not n.voice;

create view clock_gap as       -- between a node's clock and the publisher's: at least so many seconds, because answers take time
  select node, seconds, case when seconds > 172800 then cast(seconds / 86400 as integer) || ' days' else seconds || ' seconds' end as apart
    from (select c.node, round(max(c.offset_low - p.offset_high, p.offset_low - c.offset_high, 0), 1) as seconds
            from node_clock c left join publisher_node_clock p on true where c.node is not p.node);
