/**
 * The scripts that Redis runs as one step each: https://redis.io/docs/latest/develop/programmability/eval-intro/
 * Keys: see keys.ts; each script names the ones it takes.
 */

/**
 * Appends to a journal. KEYS: journal, run, unreported, gate, said.
 * ARGV: epoch, event, at, nonce, retentionMs, maxEntries, nowMs, runId, then `none` | `open` kind required expiresAtMs confirm | `settle` outcome decisionsRead | `end` outcome;
 * then, as the last three: seq, the hash of the entry before, the hash of this one.
 * Gives {ok, seq} | {fenced, epoch} | {full, length} | {moved, decisions} | {forked, length}.
 */
export const appendLua = `
local epoch = tonumber(redis.call('HGET', KEYS[2], 'epoch') or '0')
if epoch ~= tonumber(ARGV[1]) then return {'fenced', epoch} end
local length = redis.call('XLEN', KEYS[1])
local seq, before, hash = tonumber(ARGV[#ARGV - 2]), ARGV[#ARGV - 1], ARGV[#ARGV]
local chained = true
if length > 0 then
  -- The same append, sent again after a reconnect: it has been done.
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if last[2][6] == ARGV[4] then return {'ok', length - 1} end
  -- An entry of a version that had no chain has no hash: then its place alone says that it is the one that was read.
  chained = not last[2][8] or last[2][8] == before
end
if seq ~= length or not chained then return {'forked', length} end
if length >= tonumber(ARGV[6]) then return {'full', length} end
if ARGV[9] == 'open' then
  redis.call('HSET', KEYS[4], 'state', 'open', 'runId', ARGV[8], 'kind', ARGV[10], 'required', ARGV[11], 'expiresAt', ARGV[12], 'confirm', ARGV[13], 'approvals', 0)
  redis.call('PEXPIRE', KEYS[4], ARGV[5])
elseif ARGV[9] == 'settle' then
  local read = tonumber(ARGV[11])
  local said = redis.call('LLEN', KEYS[5])
  if read >= 0 and said > read then return {'moved', said} end
  redis.call('HSET', KEYS[4], 'state', ARGV[10])
elseif ARGV[9] == 'end' then
  redis.call('HSET', KEYS[2], 'ended', ARGV[10])
end
redis.call('XADD', KEYS[1], (length + 1) .. '-0', 'event', ARGV[2], 'at', ARGV[3], 'nonce', ARGV[4], 'hash', hash)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[7], ARGV[8])
return {'ok', length}
`;

/**
 * Takes a run up: raises the fence and forgets what it waited for. KEYS: run. ARGV: retentionMs. Gives the epoch.
 * The epoch follows the clock, so that a Redis that lost its last second does not give the same epoch out twice: the hosts remember it.
 */
export const takeUpLua = `
local now = redis.call('TIME')
local last = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
local epoch = math.max(last + 1, now[1] * 1000 + math.floor(now[2] / 1000))
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
redis.call('HDEL', KEYS[1], 'waiting')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return epoch
`;

/** Sets a field of a run unless another worker has taken it. KEYS: run. ARGV: epoch, field, value. Gives 1 | 0. */
export const noteLua = `
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
`;

/**
 * Records what one person says at a gate. KEYS: gate, said, unreported. ARGV: user, decision (JSON), verdict, nowMs, retentionMs, prefix of the keys of runs, what was typed.
 * A break-glass stands in the gate's `glass` until it is cancelled; it is not the person's one word, because who has approved may be alone after all.
 * Gives {unknown} | {nothing, runId} | {closed, how, runId} | {unfit, kind} | {untyped, confirm} | {repeated, decision, runId} | {forestalled, decision, runId} | {recorded, approvals, required, runId}.
 */
export const decideLua = `
local state, runId, kind, expiresAt, confirm = unpack(redis.call('HMGET', KEYS[1], 'state', 'runId', 'kind', 'expiresAt', 'confirm'))
if not state then return {'unknown'} end
if state ~= 'open' then return {'closed', state, runId} end
-- A run that was ended from outside leaves its gate behind.
local ended = redis.call('HGET', ARGV[6] .. runId, 'ended')
if ended then return {'closed', ended, runId} end
if tonumber(ARGV[4]) >= tonumber(expiresAt) then return {'closed', 'expired', runId} end
local aboutGlass = ARGV[3] == 'break-glass' or ARGV[3] == 'cancel-break-glass'
local earlier = redis.call('HGET', KEYS[1], 'by:' .. ARGV[1])
if earlier and not aboutGlass then return {'repeated', earlier, runId} end
local kinds = {approve = 'approval', reject = 'approval', retry = 'failure', choose = 'choice', ['break-glass'] = 'approval', ['cancel-break-glass'] = 'approval'}
local fits = ARGV[3] == 'abort' or kinds[ARGV[3]] == kind
if not fits then return {'unfit', kind} end
-- A yes without the name would take the person's one word and never count.
if (ARGV[3] == 'approve' or ARGV[3] == 'break-glass') and confirm and confirm ~= '' and confirm ~= ARGV[7] then return {'untyped', confirm} end
-- One choice is enough, so of two at once only the first is one.
if ARGV[3] == 'choose' then
  local first = redis.call('HGET', KEYS[1], 'chosen')
  if first then return {'forestalled', first, runId} end
  redis.call('HSET', KEYS[1], 'chosen', ARGV[2])
end
if ARGV[3] == 'break-glass' then
  local standing = redis.call('HGET', KEYS[1], 'glass')
  if standing then return {'forestalled', standing, runId} end
  redis.call('HSET', KEYS[1], 'glass', ARGV[2])
elseif ARGV[3] == 'cancel-break-glass' then
  if redis.call('HDEL', KEYS[1], 'glass') == 0 then return {'nothing', runId} end
else
  redis.call('HSET', KEYS[1], 'by:' .. ARGV[1], ARGV[2])
end
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
-- A yes that is not yet enough settles nothing, so no journal entry asks for the card to show it.
redis.call('ZADD', KEYS[3], ARGV[4], runId)
if ARGV[3] == 'approve' then redis.call('HINCRBY', KEYS[1], 'approvals', 1) end
return {'recorded', redis.call('HGET', KEYS[1], 'approvals'), redis.call('HGET', KEYS[1], 'required'), runId}
`;

/**
 * Takes a cluster for a run, unless a living run has it. KEYS: BullMQ's deduplication key. ARGV: runId, prefix of the jobs' keys.
 * Gives the id of the run that holds it: the own one when it was taken.
 */
export const holdLua = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. holder) == 1 then return holder end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
`;

/** A run was rendered up to a length; it needs no more when its journal is no longer than that. KEYS: journal, unreported, run. ARGV: runId, length. */
export const reportedLua = `
redis.call('HSET', KEYS[3], 'reported', ARGV[2])
if redis.call('XLEN', KEYS[1]) <= tonumber(ARGV[2]) then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 0
`;

/**
 * Keeps the higher of two revisions, as decimal strings: Lua's numbers are exact only to 2^53. KEYS: revision. ARGV: revision, at.
 */
export const observeLua = `
local known = redis.call('HGET', KEYS[1], 'revision')
local higher = not known or #ARGV[1] > #known or (#ARGV[1] == #known and ARGV[1] >= known)
if higher then redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'at', ARGV[2]) end
return 0
`;

/**
 * Looks at the mark of this Redis, and makes one where there is none. Another mark than the known one means that Redis was emptied: the first
 * who sees that records what is lost. KEYS: marker. ARGV: the known id or nothing, a new id, what is lost (JSON). Gives {id, 1 | 0}.
 */
export const markLua = `
redis.call('HSETNX', KEYS[1], 'id', ARGV[2])
local id = redis.call('HGET', KEYS[1], 'id')
if ARGV[1] == '' or ARGV[1] == id then return {id, 0} end
return {id, redis.call('HSETNX', KEYS[1], 'loss', ARGV[3])}
`;

/** Puts a worker on the list for a while, and takes off who counts as gone. KEYS: workers. ARGV: its id, goneAfterMs. */
export const announceLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 1
`;

/** Gives how many workers are on the list and do not count as gone. KEYS: workers. */
export const presentLua = `
local time = redis.call('TIME')
return redis.call('ZCOUNT', KEYS[1], '(' .. (time[1] * 1000 + math.floor(time[2] / 1000)), '+inf')
`;
