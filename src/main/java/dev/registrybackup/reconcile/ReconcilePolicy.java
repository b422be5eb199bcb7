package dev.registrybackup.reconcile;

import java.time.Duration;

/**
 * The settings of a reconciliation.
 *
 * @param isMirror whether to prune what has been missing from the registry for the retention, or only record it
 * @param retention how long it must have been missing
 * @param alarmShare the share of the registry's objects that may go missing between two runs without an alarm: 0.1 is a
 *     tenth
 * @param alarmCount the number that may
 * @param eventLagThreshold from which age on an event should have copied an object
 * @param shardSize about how many keys a shard may have
 * @param durableKeyTtl how long any process remembers a key as durable
 */
public record ReconcilePolicy(
        boolean isMirror,
        Duration retention,
        double alarmShare,
        long alarmCount,
        Duration eventLagThreshold,
        long shardSize,
        Duration durableKeyTtl) {}
