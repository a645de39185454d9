//! The contract of the Queue, kept by every adapter.

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
                super::rules::$rule(super::subject::embedded()).await;
            })+
        }

        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                if let Some(subject) = super::subject::redis() {
                    super::rules::$rule(subject).await;
                }
            })+
        }
    };
}

contract![
    a_pushed_event_is_handled_as_it_was_pushed_and_then_gone,
    an_event_that_is_there_already_is_not_doubled,
    depth_counts_what_waits_and_what_is_in_hand,
    an_idle_worker_hears_at_once_of_its_own_process,
    an_idle_worker_finds_the_events_of_other_processes,
    what_was_pushed_before_a_restart_is_handled_after_it,
    a_dead_workers_event_is_handed_to_another,
    a_slow_worker_keeps_its_event,
    what_kills_its_worker_each_time_becomes_a_dead_letter,
    a_failed_event_is_tried_again_after_longer_and_longer_waits,
    while_what_handles_it_is_away_an_event_waits_and_no_attempt_counts,
    after_the_last_attempt_the_dead_letter_keeps_the_reason,
    dead_letters_come_oldest_first_and_as_many_as_asked_for,
    dead_letters_survive_a_restart_and_may_be_tried_again,
    a_panic_is_a_failure_and_the_worker_goes_on,
    a_handler_that_does_not_end_is_a_failure,
    a_stopped_worker_finishes_what_is_in_hand_and_takes_no_more,
    two_workers_share_the_work_and_handle_nothing_twice,
    no_more_are_in_hand_than_told,
];
