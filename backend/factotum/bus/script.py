"""The one function that writes a run's log, as Lua: Redis runs it whole or not at all.

Laws it keeps: a lower attempt than the newest is refused; the stream always holds a dense suffix of the
sequence (a jump drops what was before it, so a reader that needs it finds the gap); after an end nothing is
added.
"""

import hashlib

OPEN, STRICT, RESUME = b"open", b"strict", b"resume"
"""How the function is called.

`open` takes the log over for an attempt. `strict` appends only right after the last number. `resume` is for
the log's own writer after a failure: entries that are there already are skipped, a jump forward starts the
stream anew.
"""

# KEYS: stream, head. ARGV: mode, attempt, first (open: the floor), keep_ms, max_entries, then
# for open: server, stride; for the others: ended (1 or 0), channel, lines...
LUA = """
local mode, attempt, first = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local keep_ms, max_entries = ARGV[4], ARGV[5]
local head = redis.call('HMGET', KEYS[2], 'attempt', 'seq', 'ended', 'server')
local owner, seq = tonumber(head[1]), tonumber(head[2])
if head[3] then return {'ended', seq} end
if owner and owner > attempt then return {'stale', owner} end

if mode == 'open' then
  local server, stride = ARGV[6], tonumber(ARGV[7])
  local lost
  if seq then lost = seq < first or head[4] ~= server
  else lost = first > 0 or attempt > 1 end
  local last = math.max(seq or 0, first)
  if lost then
    last = last + stride
    redis.call('UNLINK', KEYS[1])
  end
  redis.call('HSET', KEYS[2], 'attempt', attempt, 'seq', string.format('%.0f', last), 'server', server)
  redis.call('PEXPIRE', KEYS[2], keep_ms)
  redis.call('PEXPIRE', KEYS[1], keep_ms)
  return {'ok', last}
end

local ended, channel, from = ARGV[6], ARGV[7], 8
local last = first + #ARGV - from
if mode == 'strict' then
  if seq ~= first - 1 then return {'gap', seq or -1} end
elseif seq and seq >= first then
  if owner < attempt then return {'usurped', seq} end
  if seq > last then return {'stale', owner} end
  from = from + seq - first + 1
  first = seq + 1
elseif seq ~= first - 1 then
  redis.call('UNLINK', KEYS[1])
end
if from > #ARGV then return {'ok', last} end

local lines = {}
for i = from, #ARGV do
  redis.call('XADD', KEYS[1], string.format('%.0f-0', first + i - from), 'e', ARGV[i])
  lines[#lines + 1] = ARGV[i]
end
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', max_entries)
redis.call('HSET', KEYS[2], 'attempt', attempt, 'seq', string.format('%.0f', last))
if ended == '1' then redis.call('HSET', KEYS[2], 'ended', '1') end
redis.call('PEXPIRE', KEYS[1], keep_ms)
redis.call('PEXPIRE', KEYS[2], keep_ms)
redis.call('PUBLISH', channel, string.format('%.0f', first) .. '\\n' .. table.concat(lines, '\\n'))
return {'ok', last}
"""

LUA_SHA = hashlib.sha1(LUA.encode(), usedforsecurity=False).hexdigest()
"""The name that EVALSHA knows the function by."""
