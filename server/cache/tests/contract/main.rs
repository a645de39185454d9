//! The contract of the Cache, kept by every adapter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod outage;
mod rules;
mod subject;
mod sudden_end;

macro_rules! contract {
    ($($rule:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                super::rules::$rule(super::subject::embedded().await).await;
            })+
        }

        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                if let Some(subject) = super::subject::redis().await {
                    super::rules::$rule(subject).await;
                }
            })+
        }
    };
}

contract![
    what_was_never_written_is_absent,
    what_is_put_is_there,
    put_writes_over_what_was_there,
    any_bytes_and_a_megabyte_come_back_unchanged,
    keys_do_not_touch_each_other,
    a_record_is_gone_at_its_last_instant,
    a_record_without_lifetime_is_never_there,
    a_very_long_lifetime_is_no_overflow,
    put_begins_a_new_lifetime,
    of_fifty_adds_one_wins,
    what_is_expired_may_be_added_again,
    of_fifty_takes_one_gets_it,
    an_expired_record_cannot_be_taken,
    of_fifty_replaces_one_wins,
    replace_needs_the_expected_value,
    replace_begins_a_new_lifetime,
    replace_never_brings_back_what_was_removed,
    replace_never_brings_back_what_is_expired,
    remove_removes_and_may_be_repeated,
    prune_leaves_what_lives,
];
