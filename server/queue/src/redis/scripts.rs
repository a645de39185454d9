//! What Redis does for the Queue, a script for each operation, so that each happens as a whole.
//!
//! An event stands in `due` (scored by the instant from which it may be handed out: pushed, to be tried again, or its
//! lease ended) or in `dead` (scored by the instant of its death), and by its identity in the hashes beside them.

use std::sync::LazyLock;

use redis::Script;

/// Names for the keys, and the present instant by Redis's clock in milliseconds.
macro_rules! script {
    ($body:literal) => {
        LazyLock::new(|| {
            Script::new(concat!(
                "local due, events, attempts, claims, dead, reasons = unpack(KEYS)
                 local time = redis.call('TIME')
                 local now = time[1] * 1000 + math.floor(time[2] / 1000)
                ",
                $body
            ))
        })
    };
}

/// `ARGV`: identity, envelope. Does nothing where the event is there already, waiting or dead.
pub(super) static PUSH: LazyLock<Script> = script!(
    "if redis.call('HSETNX', events, ARGV[1], ARGV[2]) == 1 then
         redis.call('ZADD', due, now, ARGV[1])
     end"
);

/// How many wait or are in a worker's hands.
pub(super) static DEPTH: LazyLock<Script> = script!("return redis.call('ZCARD', due)");

/// `ARGV`: lease, token. Answers identity, envelope and attempts; or the milliseconds until one is due; or nothing.
pub(super) static CLAIM: LazyLock<Script> = script!(
    "local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
     if not first[1] then return {} end
     local wait = tonumber(first[2]) - now
     if wait > 0 then return {string.format('%d', wait)} end
     local id = first[1]
     redis.call('ZADD', due, now + ARGV[1], id)
     redis.call('HSET', claims, id, ARGV[2])
     local attempt = redis.call('HINCRBY', attempts, id, 1)
     return {id, redis.call('HGET', events, id) or '', string.format('%d', attempt)}"
);

/// `ARGV`: identity, token, lease. Answers whether the event is still lent to the token's owner.
pub(super) static RENEW: LazyLock<Script> = script!(
    "if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('ZADD', due, now + ARGV[3], ARGV[1])
     return 1"
);

/// `ARGV`: identity, token.
pub(super) static DONE: LazyLock<Script> = script!(
    "if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('ZREM', due, ARGV[1])
     for _, hash in ipairs({claims, events, attempts, reasons}) do redis.call('HDEL', hash, ARGV[1]) end
     return 1"
);

/// `ARGV`: identity, token, wait, reason.
pub(super) static AGAIN: LazyLock<Script> = script!(
    "if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('HDEL', claims, ARGV[1])
     redis.call('ZADD', due, now + ARGV[3], ARGV[1])
     redis.call('HSET', reasons, ARGV[1], ARGV[4])
     return 1"
);

/// As [`AGAIN`], and the attempt does not count.
pub(super) static BACK: LazyLock<Script> = script!(
    "if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('HDEL', claims, ARGV[1])
     redis.call('ZADD', due, now + ARGV[3], ARGV[1])
     redis.call('HINCRBY', attempts, ARGV[1], -1)
     redis.call('HSET', reasons, ARGV[1], ARGV[4])
     return 1"
);

/// `ARGV`: identity, token, attempts, reason.
pub(super) static DEAD: LazyLock<Script> = script!(
    "if redis.call('HGET', claims, ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('HDEL', claims, ARGV[1])
     redis.call('ZREM', due, ARGV[1])
     redis.call('ZADD', dead, now, ARGV[1])
     redis.call('HSET', attempts, ARGV[1], ARGV[3])
     redis.call('HSET', reasons, ARGV[1], ARGV[4])
     return 1"
);

/// `ARGV`: how many at the most. Answers envelope, attempts and reason of each.
pub(super) static DEAD_LETTERS: LazyLock<Script> = script!(
    "local letters = {}
     for _, id in ipairs(redis.call('ZRANGEBYSCORE', dead, '-inf', '+inf', 'LIMIT', 0, ARGV[1])) do
         table.insert(letters, {
             redis.call('HGET', events, id) or '',
             redis.call('HGET', attempts, id) or '0',
             redis.call('HGET', reasons, id) or ''
         })
     end
     return letters"
);

/// Answers how many.
pub(super) static RETRY_DEAD_LETTERS: LazyLock<Script> = script!(
    "local letters = redis.call('ZRANGE', dead, 0, -1)
     for _, id in ipairs(letters) do
         redis.call('ZADD', due, now, id)
         redis.call('HDEL', attempts, id)
         redis.call('HDEL', reasons, id)
     end
     redis.call('DEL', dead)
     return #letters"
);
