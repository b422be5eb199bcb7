package dev.registrybackup.reconcile;

import java.time.Duration;

/**
 * The settings of a reconciliation.
 *
 * @param isMirror whether to prune objects missing from the registry for the retention, or only record them
 * @param retention how long an object must have been missing
 * @param alarmShare the share of the registry's objects that may go missing between two runs without an alarm: 0.1 is a
 *     tenth
 * @param alarmCount the number of objects that may go missing without an alarm
 * @param eventLagThreshold from which age on an event should have copied an object
 * @param durableKeyTtl how long any process remembers a key as durable
 */
public record ReconcilePolicy(
        boolean isMirror,
        Duration retention,
        double alarmShare,
        long alarmCount,
        Duration eventLagThreshold,
        Duration durableKeyTtl) {}
