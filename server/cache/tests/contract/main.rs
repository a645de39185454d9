//! The contract of the Cache, kept by every adapter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod looking;
mod near;
mod outage;
mod rules;
mod subject;
mod sudden_end;

macro_rules! contract {
    ($rules:ident: $($rule:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                crate::$rules::$rule(crate::subject::embedded().await).await;
            })+
        }

        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                if let Some(subject) = crate::subject::redis().await {
                    crate::$rules::$rule(subject).await;
                }
            })+
        }
    };
}

/// What is asked and written.
mod contract {
    contract![rules:
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
}

/// What is only looked at.
mod contract_of_looking {
    contract![looking:
        a_look_finds_what_a_question_finds,
        what_is_written_from_here_is_looked_at_at_once,
        what_another_handle_writes_is_looked_at_soon,
        a_look_ends_at_the_last_instant_of_a_record,
        a_look_may_see_a_longer_lifetime_given_elsewhere,
        whoever_looks_while_others_write_ends_with_what_was_written_last,
    ];
}
