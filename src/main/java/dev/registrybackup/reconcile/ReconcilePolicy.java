package dev.registrybackup.reconcile;

import java.time.Duration;

/**
 * How it is reconciled.
 *
 * @param isMirror whether what the registry has lacked for the retention leaves the backup; else it is only recorded
 * @param retention for how long the registry has to have lacked it
 * @param alarmShare which share of the registry's objects may vanish between two runs without an alarm: 0.1 is a tenth
 * @param alarmCount how many may
 * @param eventLagThreshold how old an object is that events should have copied
 * @param shardSize how many keys a shard may have, about
 * @param durableKeyTtl for how long any process takes for durable what it has seen durable
 */
public record ReconcilePolicy(
        boolean isMirror,
        Duration retention,
        double alarmShare,
        long alarmCount,
        Duration eventLagThreshold,
        long shardSize,
        Duration durableKeyTtl) {}
