#!/usr/bin/env bash
# Checks the models themselves: each named mutant (a fence dropped, a second look skipped) makes its model fail.
#
# A mutant is a `mutant("NAME")` in the sources of a package with models, true in a model run with GMP_MUTANT=NAME. Each has one row below, and each row a mutant.
# Arguments name the mutants to run: `ci/mutants.sh joiner` runs those with `joiner` in the name.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source ci/loom.sh

# [mutant]=the model that must fail, by its full path
declare -A model_of=(
    [absence_ends_though_not_entered]=sched::models::roll::entry_against_the_return_and_another_loss
    [absence_entered_after_the_return]=sched::models::roll::entry_against_the_return_and_another_loss
    [advance_forgets_wakes]=once::models::a_wake_against_one_who_goes_and_another
    [asleep_after_the_look]=sched::models::asleep::a_processor_that_runs_against_going_to_sleep
    [barrier_counts_one_twice]=barrier::models::three_who_come
    [bound_machine_waits_without_a_look]=sched::models::bindings::two_wakes_against_the_wait_of_the_machine
    [cancel_schedules_nothing]=task::models::abort::abort_against_end_of_poll
    [cancel_trusts_its_first_look]=chan::models::send_against_dropped_select
    [changed_looks_before_the_lock]=watch::models::a_change_against_two_receivers
    [child_enters_without_a_look]=context::models::cancel_against_a_child_that_is_made_and_one_who_waits
    [claim_ignores_running]=task::models::abort::claim_against_start_and_wake
    [claim_leaves_no_mark]=chan::models::select_against_select
    [claim_looks_before_the_lock]=once_cell::models::three_initialisers
    [close_leaves_those_who_wait]=semaphore::models::close_against_release_and_acquire
    [close_tells_receivers_only]=chan::models::close_against_send_and_receive
    [cond_keeps_what_it_was_told]=cond::models::giving_up_against_notify_one_and_another
    [cond_unlocks_before_it_queues]=cond::models::notify_one_against_waiting
    [delivered_to_a_busy_machine]=sched::models::bindings::a_wake_and_a_late_duplicate_against_the_wait_of_the_machine
    [done_looks_before_the_lock]=context::models::cancel_against_cancel_and_a_look
    [done_orders_nothing]=wait_group::models::two_done_against_wait
    [downgrade_keeps_nothing]=rwlock::models::downgrade_against_a_reader_and_a_writer
    [dropped_child_stays_in_the_list]=context::models::a_child_that_goes_against_one_that_comes_and_cancel
    [dropped_receive_keeps_its_value]=chan::models::send_against_dropped_receive
    [end_before_what_is_reserved]=chan::models::reserve_and_close_against_receive
    [end_of_turn_wakes_nobody]=once_cell::models::giving_up_against_two_who_wait
    [flight_ends_another]=singleflight::models::one_that_was_forgotten_goes_against_the_next_and_who_asks
    [gate_looked_at_before_the_put]=pool::models::a_put_and_a_take_against_trimming
    [gate_releases_nothing]=sched::models::gate::visits_against_closing_and_opening
    [gate_waits_for_nobody]=sched::models::gate::visits_against_closing
    [has_changed_looks_at_the_version_first]=watch::models::a_change_and_the_end_against_two_looks
    [idle_machine_still_searches]=sched::models::idle::submit_against_the_last_machine_going_idle
    [interrupt_acquires_nothing]=poller::models::two_interrupts_against_seeing_one
    [interrupt_never_seen]=poller::models::two_interrupts_against_seeing_one
    [interrupt_releases_nothing]=poller::models::two_interrupts_against_seeing_one
    [joiner_after_done]=task::models::join::completion_against_poll
    [last_broadcaster_goes_silently]=broadcast::models::a_message_and_the_end_against_two_receivers
    [later_error_takes_the_place]=errgroup::models::two_errors_against_wait
    [leaver_keeps_its_permits]=semaphore::models::giving_up_against_release
    [lock_acquires_nothing]=chan::models::lock_against_lock
    [look_passes_nobody_over]=mutex::models::passing_over_against_queueing
    [mutex_releases_nothing]=mutex::models::three_for_one_lock
    [mutex_waits_unannounced]=mutex::models::giving_up_against_unlock
    [next_releases_nothing]=sched::models::entry::wake_and_set_next_against_steal
    [next_round_silences_the_end]=wait_group::models::end_of_a_round_against_the_next
    [no_barrier_before_the_take]=sched::models::retake::take_against_a_section_and_the_end_of_the_stretch
    [no_fence_after_announcing]=sched::models::deadline::arming_against_going_to_sleep
    [no_fence_after_arming]=sched::models::deadline::arming_against_going_to_sleep
    [no_fence_after_giving]=sched::models::given::give_against_entering_the_poller
    [no_fence_after_going_idle]=sched::models::idle::submit_against_the_last_machine_going_idle
    [no_fence_after_submitting]=sched::models::idle::submit_against_the_last_machine_going_idle
    [no_fence_before_the_poller]=sched::models::given::the_end_against_entering_the_poller
    [no_heavy_barrier]=sched::models::depth::spawn_against_walk_by_another_thread
    [no_light_barrier]=sched::models::depth::spawn_against_walk
    [no_look_after_announcing]=sched::models::deadline::arming_against_going_to_sleep
    [no_look_after_going_idle]=sched::models::idle::submit_against_the_last_machine_going_idle
    [no_look_after_growing]=sched::models::idle::submit_against_growing
    [no_look_after_the_visit]=sched::models::token::the_monitors_visit_against_going_idle
    [notified_counts_no_rounds]=notify::models::notify_waiters_against_two_first_polls
    [notified_keeps_what_it_got]=notify::models::giving_up_against_notify_one_and_another
    [oneshot_orders_nothing]=oneshot::models::send_against_polls
    [oneshot_waker_replaced_in_place]=oneshot::models::send_against_polls
    [open_releases_nothing]=chan::models::select_against_select
    [parker_acquires_nothing]=runtime::models::two_wakes_against_the_wait
    [parker_releases_nothing]=runtime::models::two_wakes_against_the_wait
    [parks_without_a_look]=poller::models::an_event_against_settling_and_parking
    [peek_looks_once]=chan::models::default_against_a_value_that_moves
    [pop_skips_a_place]=sched::models::run_queue::pop_against_three_thieves
    [raised_for_another_stretch]=sched::models::signal::a_signal_against_the_next_stretch
    [raised_without_a_look_at_the_word]=sched::models::signal::a_signal_against_the_next_stretch
    [readiness_acquires_nothing]=poller::models::an_event_against_settling_and_parking
    [receiver_goes_silently]=oneshot::models::drop_of_the_receiver_wakes_who_watches
    [receiver_leaves_its_share]=broadcast::models::a_message_against_a_receiver_that_goes_and_another
    [receiver_takes_without_a_look]=oneshot::models::drop_of_the_receiver_against_watching_and_sending
    [reclaim_searches_uncounted]=sched::models::idle::submit_against_the_last_machine_going_idle
    [release_skips_the_waiters]=semaphore::models::three_for_one_permit
    [request_kept_without_exchange]=sched::models::retake::take_against_the_end_of_the_stretch
    [restart_trusts_its_nodes]=chan::models::close_against_send_to_the_other_arm
    [retired_processor_goes_idle]=sched::models::idle::submit_against_shrinking
    [retired_processor_keeps_its_tasks]=sched::models::idle::shrinking_against_a_machine_with_work
    [retired_processor_leaves_without_a_look]=sched::models::idle::a_claimed_processor_against_shrinking
    [return_outside_of_the_lock]=sched::models::roll::entry_against_the_return_and_another_loss
    [sample_compared_before_the_exchange]=sched::models::sample::two_reports_against_two_signals
    [sample_releases_nothing]=sched::models::sample::two_reports_against_two_signals
    [sample_withdrawn_by_store]=sched::models::sample::withdrawing_against_the_handler
    [second_flight_begins_anyway]=singleflight::models::three_who_ask
    [second_waker_forgotten]=chan::models::send_against_another_waker
    [select_won_by_store]=chan::models::two_sends_against_a_select
    [semaphore_orders_nothing]=semaphore::models::three_for_one_permit
    [sender_goes_silently]=oneshot::models::drop_of_the_sender_against_polls
    [settle_releases_nothing]=chan::models::send_against_receive
    [settles_what_came_meanwhile]=poller::models::an_event_against_settling_and_parking
    [sleeps_without_a_look]=sched::models::asleep::a_processor_that_runs_against_going_to_sleep
    [slice_stays_long]=sched::models::roll::entry_against_the_return_and_another_loss
    [slot_never_retired]=task::models::recycle::stale_wake_against_a_retired_slot
    [stale_request_answered]=sched::models::retake::take_against_the_next_stretch
    [stale_request_left]=sched::models::retake::a_request_that_nobody_answers_against_a_loop_that_never_ends
    [start_ignores_running]=task::models::duplicate::wake_against_a_late_duplicate
    [start_skips_generation]=task::models::recycle::stale_entry_against_the_next_task
    [stretch_read_in_the_section]=sched::models::retake::take_against_giving_away_and_taking_back
    [takes_the_first_only]=poller::models::two_events_against_two_readers_in_one_seat
    [tail_before_place]=sched::models::run_queue::push_against_steal
    [take_admits_nobody]=chan::models::two_sends_against_receives
    [take_from_another_stretch]=sched::models::retake::take_against_giving_away_and_taking_back
    [take_without_exchange]=sched::models::retake::take_against_the_end_of_the_stretch
    [taken_back_without_a_look]=sched::models::retake::take_against_giving_away_and_taking_back
    [thief_acquires_no_next]=sched::models::entry::wake_and_set_next_against_steal
    [thief_acquires_no_tail]=sched::models::entry::wake_and_push_against_steal
    [thief_keeps_its_tail]=sched::models::run_queue::push_against_steal
    [thief_sees_to_nothing]=pool::models::a_thief_against_trimming_and_a_put
    [thief_takes_by_store]=sched::models::run_queue::laps_against_a_slow_thief
    [thief_takes_next_by_store]=sched::models::run_queue::set_next_against_two_thieves
    [thread_not_forgotten]=sched::models::roll::entry_and_signal_against_the_end_of_the_thread
    [timers_lock_acquires_nothing]=time::models::lock_against_lock
    [timers_lock_releases_nothing]=time::models::lock_against_lock
    [token_put_back_after_reclaim]=sched::models::token::leaving_the_poller_against_going_idle
    [transition_acquires_nothing]=task::models::wake::wake_against_start
    [transition_releases_nothing]=task::models::wake::wake_against_end_of_poll
    [unparked_before_notified]=runtime::models::two_wakes_against_the_wait
    [wait_looks_before_the_lock]=wait_group::models::two_done_against_wait
    [wake_of_a_scheduled_task_without_cas]=task::models::wake::wake_against_start
    [wake_skips_generation]=task::models::recycle::stale_wake_against_the_next_task
    [withdrawn_without_a_look_at_the_token]=sched::models::token::withdrawing_a_processor_beside_one_that_parks
)

# In seconds. A model that fails does so long before this; one that hangs has not failed.
limit=60

mapfile -t mutants < <(grep -rhoE '\bmutant\("[^"]+"\)' "${modelled[@]/#*:/}" | sed -E 's/.*"(.*)".*/\1/' | sort -u)

say "each mutant has a row here, each row a mutant"
wrong=()
for mutant in "${mutants[@]}"; do
    [[ ${model_of[$mutant]+row} ]] || wrong+=("mutant $mutant has no row")
done
for row in "${!model_of[@]}"; do
    [[ " ${mutants[*]} " == *" $row "* ]] || wrong+=("row $row has no mutant")
done
((${#wrong[@]} == 0)) || fail "$(printf '%s; ' "${wrong[@]}")"

say "build with --cfg gmp_loom"
declare -A program_of=()
for package in "${modelled[@]}"; do
    program=$(build_models "${package%:*}")
    while read -r model; do program_of[$model]=$program; done < <(list_models "$program")
done

survivors=()
for mutant in "${mutants[@]}"; do
    [[ $mutant == *"${1:-}"* ]] || continue
    model=${model_of[$mutant]}
    # Without a model of that name the program would run none, and end well.
    program=${program_of[$model]:-}
    [[ $program ]] || fail "mutant $mutant: there is no model $model"
    status=0
    GMP_MUTANT="$mutant" within "$limit" "$program" --exact "$model" >/dev/null 2>&1 || status=$?
    case $status in
        0) verdict="SURVIVED" survivors+=("$mutant") ;;
        124 | 152) verdict="HANGS, which shows nothing" survivors+=("$mutant") ;;
        *) verdict="killed" ;;
    esac
    printf '%-40s %s  %s\n' "$mutant" "$model" "$verdict"
done
((${#survivors[@]} == 0)) || fail "not killed: ${survivors[*]}"
